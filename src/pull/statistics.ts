import { type Clock, type Timer, yieldTurn } from "../lib/clock.ts";
import { failureCode, type Log } from "../lib/log.ts";
import type { Counters, Statistics, Tally } from "../metadata/contract.ts";
import {
  type Asked,
  isFailedRequest,
  type RequestOutcome,
  type RequestWatch,
} from "../upstream/contract.ts";
import type { CacheStatus, PullStatistics } from "./contract.ts";

/** How long counts wait for their write; a crash loses at most these. */
const flushMs = 10_000;
const hourMs = 3_600_000;
/** Of one transaction: short enough not to hold up anybody. */
const tallyBatch = 50;
/** Different ones of one upstream between two writes; what comes on top is counted for the upstream alone. */
const maxRepositories = 1000;

interface Gathered {
  whole: Counters;
  repositories: Map<string, Counters>;
}

/** What was here already, in one form or another. */
const fromCache = new Set(["hit", "stale", "revalidated"]);

/** Counts in memory what pulls come to and what upstreams are asked, and writes it together. A pull pays for no more than that. */
export class GatheredStatistics implements PullStatistics, RequestWatch {
  readonly #options: { statistics: Statistics; clock: Clock; log: Log };
  #gathered = new Map<number, Gathered>();
  /** When the first of what is gathered was. */
  #since = 0;
  #timer: Timer | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: { statistics: Statistics; clock: Clock; log: Log }) {
    this.#options = options;
  }

  pulled(
    upstreamId: number,
    repository: string | undefined,
    status: CacheStatus | "refused",
    bytes: number,
  ): void {
    const gathered = this.#of(upstreamId);
    count(gathered.whole, status, bytes);
    if (repository === undefined) return;
    const own = repositoryIn(gathered, repository);
    if (own) count(own, status, bytes);
  }

  answered({ id }: Asked, _method: string, outcome: RequestOutcome): void {
    if (id < 1) return;
    const { whole } = this.#of(id);
    whole.requests++;
    if (isFailedRequest(outcome)) whole.errors++;
  }

  received({ id }: Asked, repository: string | undefined, bytes: number): void {
    if (id < 1 || repository === undefined) return;
    const gathered = this.#of(id);
    gathered.whole.bytesFromUpstream += bytes;
    const own = repositoryIn(gathered, repository);
    if (own) own.bytesFromUpstream += bytes;
  }

  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  #of(upstreamId: number): Gathered {
    const known = this.#gathered.get(upstreamId);
    if (known) return known;
    if (!this.#timer) this.#begin();
    const begun = { whole: nothing(), repositories: new Map<string, Counters>() };
    this.#gathered.set(upstreamId, begun);
    return begun;
  }

  /** What is written together is of one hour. */
  #begin(): void {
    const { clock } = this.#options;
    this.#since = clock.now();
    const wait = Math.min(flushMs, hourMs - (this.#since % hourMs));
    this.#timer = clock.after(wait, () => void this.flush());
  }

  async #write(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    const { statistics, log } = this.#options;
    const tallies = [...this.#gathered].flatMap(([id, gathered]) => talliesOf(id, gathered));
    const since = this.#since;
    this.#gathered = new Map();
    for (let start = 0; start < tallies.length; start += tallyBatch) {
      const batch = tallies.slice(start, start + tallyBatch);
      try {
        await statistics.add(batch, since);
      } catch (error) {
        // A failing database costs counts, never a pull.
        log.warn("statistics were lost", { rows: batch.length, code: failureCode(error) });
      }
      await yieldTurn();
    }
  }
}

function count(counters: Counters, status: CacheStatus | "refused", bytes: number): void {
  counters[status]++;
  if (bytes > 0 && fromCache.has(status)) counters.bytesFromCache += bytes;
}

function repositoryIn({ repositories }: Gathered, name: string): Counters | undefined {
  const known = repositories.get(name);
  if (known) return known;
  if (repositories.size >= maxRepositories) return undefined;
  const begun = nothing();
  repositories.set(name, begun);
  return begun;
}

const talliesOf = (upstreamId: number, { whole, repositories }: Gathered): Tally[] => [
  { upstreamId, repository: undefined, counters: whole },
  ...[...repositories].map(([repository, counters]) => ({ upstreamId, repository, counters })),
];

const nothing = (): Counters => ({
  hit: 0,
  stale: 0,
  revalidated: 0,
  miss: 0,
  collapsed: 0,
  window: 0,
  bypass: 0,
  absent: 0,
  refused: 0,
  bytesFromCache: 0,
  bytesFromUpstream: 0,
  requests: 0,
  errors: 0,
});
