import type { Clock, Timer } from "../../lib/clock.ts";
import { failureCode, type Log } from "../../lib/log.ts";
import type { CacheEvent, Deliveries, Happening, WebhookEvent } from "../../metadata/contract.ts";

const flushMs = 10_000;
/** Different ones within that time; what comes on top is not told. */
const maxPending = 500;
const maxReferences = 20;

/** What an upstream has shown of itself. */
export interface HealthEvent {
  event: "upstream.unavailable" | "upstream.recovered" | "upstream.denied";
  upstreamId: number;
  details: Readonly<Record<string, unknown>>;
}

interface Pending {
  event: WebhookEvent;
  upstreamId: number;
  at: number;
  data: Record<string, unknown>;
}

interface Stored extends Pending {
  data: { repository: string; entries: number; size: number; references: string[] };
}

/**
 * Gathers what happens while pulls are answered, which costs them no query, and notes it for webhooks every few seconds: what has
 * been stored of one repository as one. What was gathered since the last time is lost with the process.
 */
export class GatheredHappenings {
  readonly #options: { deliveries: Deliveries; clock: Clock; log: Log };
  #pending = new Map<string, Pending>();
  readonly #stored = new Map<string, Stored>();
  #lost = 0;
  #timer: Timer | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: { deliveries: Deliveries; clock: Clock; log: Log }) {
    this.#options = options;
  }

  note(happened: CacheEvent | HealthEvent): void {
    const at = this.#options.clock.now();
    const { event, upstreamId } = happened;
    if (happened.event === "cache.stored") this.#store(happened, at);
    else if ("repository" in happened) {
      const { repository, tag: reference, details } = happened;
      const data = { repository, reference, ...details };
      this.#add(`${event} ${upstreamId} ${repository} ${reference}`, {
        event,
        upstreamId,
        at,
        data,
      });
    } else {
      this.#add(`${event} ${upstreamId}`, { event, upstreamId, at, data: { ...happened.details } });
    }
    this.#timer ??= this.#options.clock.after(flushMs, () => void this.flush());
  }

  /** Notes what was gathered. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  #store(stored: Extract<CacheEvent, { event: "cache.stored" }>, at: number): void {
    const { event, upstreamId, repository, tag, size } = stored;
    const key = `${event} ${upstreamId} ${repository}`;
    const data = { repository, entries: 0, size: 0, references: [] as string[] };
    const found = this.#stored.get(key) ?? { event, upstreamId, at, data };
    if (!this.#stored.has(key)) {
      if (!this.#add(key, found)) return;
      this.#stored.set(key, found);
    }
    found.data.entries++;
    found.data.size += size;
    if (tag !== undefined && found.data.references.length < maxReferences) {
      found.data.references.push(tag);
    }
  }

  /** Whether there is a place for it. The last of a kind counts. */
  #add(key: string, pending: Pending): boolean {
    const hasPlace = this.#pending.has(key) || this.#pending.size < maxPending;
    if (hasPlace) this.#pending.set(key, pending);
    else this.#lost++;
    return hasPlace;
  }

  async #write(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    const all: Happening[] = [...this.#pending.values()];
    const lost = this.#lost;
    this.#pending = new Map();
    this.#stored.clear();
    this.#lost = 0;
    const { deliveries, log } = this.#options;
    if (lost > 0) log.warn("webhooks are not told of all that happened", { events: lost });
    if (all.length === 0) return;
    try {
      await deliveries.tell(all);
    } catch (error) {
      const code = failureCode(error);
      log.warn("webhooks are not told of what happened", { events: all.length, code });
    }
  }
}
