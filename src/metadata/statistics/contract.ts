/** What is counted of pulls, by cache status; of bytes; and of what upstreams were asked. */
export interface Counters {
  hit: number;
  stale: number;
  revalidated: number;
  miss: number;
  collapsed: number;
  window: number;
  bypass: number;
  absent: number;
  refused: number;
  /** Sent to clients of what was here already. */
  bytesFromCache: number;
  /** Received. */
  bytesFromUpstream: number;
  /** To the upstream, its token service, and where these redirect to. */
  requests: number;
  /** Those of them that came to nothing: no answer, a failure of the server, or one that set us a limit. */
  errors: number;
}

/** What there is to add for one upstream, or for one of its repositories. */
export interface Tally {
  upstreamId: number;
  /** Undefined: for the upstream as a whole. */
  repository: string | undefined;
  counters: Counters;
}

export interface HistoryFilter {
  groupId: number;
  /** From the interval that this is in, up to this time. */
  from: number;
  to: number;
  upstreamId?: number | undefined;
  /** Upstreams of which nothing is told. */
  without?: readonly number[];
}

export interface Point {
  /** When the interval begins, in UTC. */
  at: number;
  counters: Counters;
}

export interface RepositoryCounters {
  upstreamId: number;
  /** Empty: all that were too many to be counted one by one. */
  repository: string;
  counters: Counters;
}

/** What a group has now, and its pulls of the last 30 days. */
export interface GroupSummary {
  registries: number;
  upstreams: number;
  entries: number;
  /** The sum of the entries' sizes. */
  size: number;
  counters: Counters;
}

/** In what steps pulls are counted. */
export type Span = "five_minutes" | "hour" | "day";

/**
 * Pulls over time, by five minutes, hour and day, of the registries of a group; those of its Dependency Proxy are not in it. Several servers
 * may add to the same one.
 */
export interface Statistics {
  /** Adds to the five minutes, the hour and the day of `now`, in one transaction. What belongs to an upstream that is gone is passed over. */
  add(tallies: readonly Tally[], now: number): Promise<void>;
  /** Of the group's registries, or of one upstream; only times in which something happened. In order of time. */
  history(filter: HistoryFilter & { span: Span }): Promise<Point[]>;
  /** The same for one repository, by day. */
  ofRepository(filter: HistoryFilter & { repository: string }): Promise<Point[]>;
  /** Those with the most pulls, from the first to the last. */
  topRepositories(filter: HistoryFilter & { limit: number }): Promise<RepositoryCounters[]>;
  summary(groupId: number): Promise<GroupSummary>;
  /** A step: gives up some of the intervals that have been kept for long enough; 0: there are no more. */
  expire(): Promise<number>;
}

/** How long they are kept. */
export const keptDays = { five_minutes: 2, hour: 8, day: 400 } as const;
