import { networkOf } from "../lib/address-ranges.ts";
import type { Clock, Timer } from "../lib/clock.ts";
import { failureCode, type Log } from "../lib/log.ts";
import type { AuditLog, NewAuditEvent } from "../metadata/contract.ts";
import type { Incident, Incidents } from "./contract.ts";

const flushMs = 60_000;
/** Different ones within a minute; what comes on top is only counted. */
const maxPending = 500;
const maxClaimed = 10;
const maxName = 255;

interface Pending {
  incident: Incident;
  count: number;
  claimed: Set<string>;
  at: number;
  lastAt: number;
}

interface Options {
  audit: AuditLog;
  clock: Clock;
  log: Log;
}

/**
 * Gathers what happens, the same from the same network as one, and writes it each minute: whoever knocks a thousand times a
 * second makes one row of it. What was gathered since the last time is lost with the process, unless it is told to end.
 */
export class GatheredIncidents implements Incidents {
  readonly #options: Options;
  #pending = new Map<string, Pending>();
  #timer: Timer | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: Options) {
    this.#options = options;
  }

  note(incident: Incident): void {
    const now = this.#options.clock.now();
    const own = keyOf(incident);
    const isKnown = this.#pending.has(own) || this.#pending.size < maxPending;
    const { action, result } = incident;
    const counted = isKnown ? incident : { action, result, ...nobody };
    const key = isKnown ? own : keyOf(counted);
    const found = this.#pending.get(key) ?? begun(counted, now);
    this.#pending.set(key, found);
    found.count++;
    found.lastAt = now;
    const { claimed } = incident;
    if (claimed && found.claimed.size < maxClaimed) found.claimed.add(claimed.slice(0, maxName));
    this.#timer ??= this.#options.clock.after(flushMs, () => void this.flush());
  }

  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#pending.size === 0) return;
    const { audit, log, clock } = this.#options;
    const pending = this.#pending;
    this.#pending = new Map();
    try {
      await audit.append([...pending.values()].map(eventOf));
    } catch (error) {
      log.error("audit events were not written", { code: failureCode(error) });
      // Kept for the next time, and what has come since with it: still no more than there may be.
      for (const [key, one] of this.#pending) merge(pending, key, one);
      this.#pending = pending;
      this.#timer ??= clock.after(flushMs, () => void this.flush());
    }
  }
}

const nobody = { actor: undefined, address: undefined, requestId: undefined };

function keyOf({ action, result, actor, address, groupId, details }: Incident): string {
  const network = address === undefined ? "" : (networkOf(address) ?? "unknown");
  const who = actor ? `${actor.kind}:${actor.name}` : "";
  return `${action} ${result} ${network} ${groupId ?? ""} ${who} ${JSON.stringify(details) ?? ""}`;
}

const begun = (incident: Incident, at: number): Pending => ({
  incident,
  count: 0,
  claimed: new Set(),
  at,
  lastAt: at,
});

function merge(all: Map<string, Pending>, key: string, one: Pending): void {
  const found = all.get(key);
  if (found) {
    found.count += one.count;
    found.lastAt = one.lastAt;
  } else if (all.size < 2 * maxPending) {
    all.set(key, one);
  }
}

function eventOf({ incident, count, claimed, at, lastAt }: Pending): NewAuditEvent {
  const { action, result, actor, address, requestId, groupId, details } = incident;
  const { kind = "unknown", id, name = "" } = actor ?? {};
  const repeated = count > 1 && { count, last_at: new Date(lastAt).toISOString() };
  return {
    at,
    author: { actor: { kind, id, name }, address, requestId },
    action,
    subject: { kind: "server", id: undefined, name: undefined },
    groupId,
    result,
    details: { ...details, ...repeated },
    claimed: [...claimed],
  };
}
