import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { Metadata } from "../metadata/contract.ts";
import { cleanupWork } from "./cleanup.ts";
import { type GradualOptions, gradualWork } from "./gradual.ts";
import { type ScrubbingOptions, scrubbingWork } from "./space/scrubbing.ts";
import { straysWork, type SweepingOptions, sweepingWork } from "./space/sweeping.ts";
import { type QuarantineOptions, quarantineWork } from "./space/quarantine.ts";
import type { Work } from "./runner/contract.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** Lists of tags and referrers that nobody has asked for, or whose upstream did not answer, in so many days; and how many there may be. */
const listDays = 90;
const mostLists = 20_000;
/** How long one can see what became of a message. */
const deliveryDays = 7;

export interface BackgroundOptions {
  metadata: Metadata;
  clock: Clock;
  log: Log;
  /** 0: audit events are kept for ever. */
  auditDays: number;
  sweeping: SweepingOptions;
  scrubbing: ScrubbingOptions;
  quarantine: QuarantineOptions;
  eviction: Work;
}

/** At the start, for what a kill has left, and each minute, where nobody wakes it sooner. */
const soon = { everyMs: minuteMs, afterStartMs: 0, goesByAge: false } as const;
const hourly = { everyMs: hourMs, afterStartMs: minuteMs, goesByAge: false } as const;
/** Each day, and not right after a start: the clock may not be right yet. */
const daily = { everyMs: dayMs, afterStartMs: hourMs, goesByAge: true } as const;

/** What a server does when nobody waits for it. */
export function backgroundWork(options: BackgroundOptions): Work[] {
  const { metadata, clock, log, auditDays, sweeping, scrubbing, quarantine, eviction } = options;
  const { management, identity, audit, purges, cleanup, statistics, deliveries, searchIndex } =
    metadata;
  const all: Omit<GradualOptions, "log">[] = [
    { name: "purges", ...soon, some: () => purges.step(), told: "entries were purged" },
    {
      name: "leftovers",
      ...soon,
      some: async () => (await management.sweep()) || undefined,
      told: "what removed upstreams and former settings have left is cleared away",
    },
    {
      name: "search_index",
      ...hourly,
      some: () => searchIndex.step(),
      told: "entries were noted for searches",
    },
    {
      name: "expired_entries",
      ...daily,
      some: async () => (await management.dependencyProxies.expire()) || undefined,
      told: "entries have expired",
    },
    {
      name: "expired_tokens",
      ...daily,
      some: () => identity.tokens.sweep().then(() => undefined),
      told: "tokens have expired",
    },
    {
      name: "expired_statistics",
      ...daily,
      some: async () => (await statistics.expire()) || undefined,
      told: "statistics have expired",
    },
  ];
  all.push({
    name: "expired_lists",
    ...daily,
    some: async () =>
      (await metadata.lists.expire(clock.now() - listDays * dayMs, mostLists)) || undefined,
    told: "lists of tags and referrers have expired",
  });
  all.push({
    name: "expired_webhook_deliveries",
    ...daily,
    some: async () => (await deliveries.expire(clock.now() - deliveryDays * dayMs)) || undefined,
    told: "deliveries to webhooks have expired",
  });
  if (auditDays > 0) {
    const expire = () => audit.expire(clock.now() - auditDays * dayMs);
    const some = async () => (await expire()) || undefined;
    const told = "audit events have expired";
    all.push({ name: "expired_audit_events", ...daily, some, told });
  }
  return [
    ...all.map((one) => gradualWork({ ...one, log })),
    cleanupWork({ runs: cleanup, log }),
    eviction,
    sweepingWork(sweeping),
    straysWork(sweeping),
    scrubbingWork(scrubbing),
    quarantineWork(quarantine),
  ];
}
