import { type BlobStore, type Spool, StoreFullError } from "../blobs/contract.ts";
import { yieldTurn } from "../lib/clock.ts";
import type { Endings } from "../lib/endings.ts";
import type { Holds } from "../lib/holds.ts";
import type { Cache, CacheEvent, Upstream } from "../metadata/contract.ts";
import { algorithmOf, Digester } from "../oci/digest.ts";
import { type Absent, absent, type OpenBlob, type UpstreamClient } from "../upstream/contract.ts";
import { lost } from "./claims.ts";
import type { Activity, FillUnderWay } from "./contract.ts";
import { Download } from "./download.ts";
import { notStoredBecause } from "./errors.ts";
import { Fill } from "./fill.ts";
import { Flight, flightKey, type Running, type Unstorable, type Wanted } from "./flight.ts";
import type { Follower } from "./follower.ts";
import type { Lessons } from "./lessons.ts";
import { RunningFills } from "./running-fills.ts";
import { Storable, type StorableOptions, TooLargeError } from "./storable.ts";
import { store } from "./storing.ts";
import { VerifyingSource } from "./verifying.ts";

export interface FillsOptions extends StorableOptions {
  client: UpstreamClient;
  blobs: BlobStore;
  cache: Cache;
  holds: Holds;
  /** Told of what has come to be stored. */
  stored: (bytes: number) => void;
  /** What has come to rest, by `flightKey`, so that an upstream served it, or confirmed that it does. */
  rests: Endings;
  told: (event: CacheEvent) => void;
}

/** Who reads part after part may pause for so many milliseconds without the fill counting as abandoned. */
const attendedMs = 60_000;

export type Opened =
  | Absent
  /** Whoever gets one reads or cancels it. */
  | { found: true; kind: "fill"; running: Running; reader: Follower; joined: boolean }
  /** It has just come to rest. */
  | { found: true; kind: "stored" }
  | {
      found: true;
      kind: "direct";
      source: VerifyingSource;
      description: OpenBlob;
      size: number | undefined;
    };

/** All downloads of blobs that are under way: one an object, shared by everyone who wants it. */
export class Fills {
  readonly #options: FillsOptions;
  /** From the first request until the bytes rest in the store, so that nobody asks the upstream in between. */
  readonly #flights = new Map<string, Flight>();
  readonly #running: RunningFills;
  readonly #closing = new AbortController();
  readonly #lessons: Lessons;
  readonly #storable: Storable;

  constructor(options: FillsOptions, lessons: Lessons) {
    this.#options = options;
    this.#storable = new Storable(options);
    this.#lessons = lessons;
    this.#running = new RunningFills(options.clock, (wanted) => this.flying(wanted));
  }

  /** Joins the fill of this object or starts one. Throws `UpstreamError` where the upstream is unsure. */
  async open(wanted: Wanted): Promise<Opened> {
    for (;;) {
      const flying = this.flying(wanted);
      if (!flying && this.hasRested(wanted)) return { found: true, kind: "stored" };
      const started = await (flying ?? this.#start(wanted)).started;
      if (!started.found) return absent;
      if (!("fill" in started)) return this.#direct(wanted, started);
      // One that was given up a moment ago is no good to anybody.
      const reader = started.abort.signal.aborted ? undefined : started.fill.follow();
      if (reader) {
        return { found: true, kind: "fill", running: started, reader, joined: Boolean(flying) };
      }
      // It ended between its start and now. If it failed, a new one is begun.
      if (await started.stored) return { found: true, kind: "stored" };
    }
  }

  /** Whether it has come to rest since the pull looked for it, as far as is known: it is to be looked for again. */
  hasRested(wanted: Wanted): boolean {
    return this.#options.rests.since(flightKey(wanted), wanted.lookedAt);
  }

  /** The flight of this object, if there is one. */
  flying(wanted: Wanted): Flight | undefined {
    return this.#flights.get(flightKey(wanted));
  }

  /** Whether a fill runs, or one that is begun could be stored as far as is known. */
  isWorthwhile(wanted: Wanted): boolean {
    if (this.flying(wanted)) return true;
    return (
      !this.#isTooLarge(wanted.upstream, wanted.expected) && !this.#lessons.isUnstorable(wanted)
    );
  }

  /** For who comes for one part: the flight that goes on behind, begun if need be. */
  attend(wanted: Wanted): Flight {
    const flight = this.flying(wanted) ?? this.#start(wanted);
    const now = this.#options.clock.elapsed();
    const isWatched = flight.attendedUntil > now;
    flight.attendedUntil = now + attendedMs;
    if (!isWatched) this.#watch(flight, attendedMs);
    return flight;
  }

  /** See `Puller.unstored`. */
  unstored(): string | undefined {
    return this.#storable.told();
  }

  get activity(): Activity {
    return this.#running.activity;
  }

  /** What is under way, from the one begun first to the last. */
  get underWay(): FillUnderWay[] {
    return this.#running.underWay;
  }

  /** Fires when all downloads are to end. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  async #direct(wanted: Wanted, { take }: Unstorable): Promise<Opened> {
    const download = take() ?? (await this.#download(wanted, this.closing));
    if (!("next" in download)) return absent;
    const { upstream, digest } = wanted;
    const source = new VerifyingSource({
      download,
      digest,
      upstream: upstream.name,
      digester: new Digester(algorithmOf(digest)),
      failed: (error) => this.#lessons.noteFailure(wanted, error),
    });
    const { description, size } = download;
    return { found: true, kind: "direct", source, description, size };
  }

  #start(wanted: Wanted): Flight {
    const key = flightKey(wanted);
    const flight = new Flight(this.#begin(wanted));
    this.#flights.set(key, flight);
    const free = () => this.#flights.delete(key);
    const { rests } = this.#options;
    flight.started.then(async (started) => {
      if (started.found && "fill" in started) {
        flight.running = started;
        if (await started.stored) rests.note(key);
      } else if (started.found) {
        this.#lessons.noteUnstorable(wanted);
        // Whoever waited for it has it by now; for a window nobody did.
        void yieldTurn().then(() => started.take()?.cancel());
      }
      free();
    }, free);
    return flight;
  }

  async #begin(wanted: Wanted): Promise<Running | Unstorable | Absent> {
    const abort = new AbortController();
    const signal = AbortSignal.any([abort.signal, this.closing]);
    const download = await this.#download(wanted, signal);
    if (!("next" in download)) return absent;
    const spool = await this.#spool(download, wanted);
    if (!spool) {
      let left: Download | undefined = download;
      return { found: true, take: () => [left, (left = undefined)][0] };
    }
    const fill = new Fill({
      digest: wanted.digest,
      upstream: wanted.upstream.name,
      download,
      spool,
      reopen: (offset) => this.#reopen(wanted, offset),
      abandoned: () => this.#running.limitAbandoned(running),
      failed: (error) => this.#lessons.noteFailure(wanted, error),
      maxBytes: this.#storable.maxBytes(wanted.upstream),
    });
    const stored = this.#store(fill, spool, wanted);
    const startedAt = this.#options.clock.now();
    const running: Running = { found: true, fill, wanted, startedAt, abort, stored };
    this.#running.add(running);
    return running;
  }

  #download(wanted: Wanted, signal: AbortSignal, offset = 0): Promise<Download | Absent> {
    const { client, clock } = this.#options;
    return Download.start({ ...wanted, client, clock, signal }, offset);
  }

  async #reopen(wanted: Wanted, offset: number): Promise<Download> {
    const download = await this.#download(wanted, this.closing, offset);
    if (!("next" in download)) throw lost(wanted);
    return download;
  }

  async #spool({ size }: Download, wanted: Wanted): Promise<Spool | undefined> {
    const { blobs, log } = this.#options;
    const { digest, upstream } = wanted;
    if (size !== undefined && this.#isTooLarge(upstream, size)) {
      this.#storable.passed(wanted, size);
      return undefined;
    }
    try {
      if (!this.#running.hasPlace(upstream.groupId))
        throw new StoreFullError("too many fills are running");
      return await blobs.spool(digest, size);
    } catch (error) {
      const reason = notStoredBecause(error);
      log.warn("blob is passed through, not stored", { digest, reason });
      return undefined;
    }
  }

  #isTooLarge(upstream: Upstream, size = 0): boolean {
    return size > this.#storable.maxBytes(upstream);
  }

  /** Whether it is stored in the end. */
  async #store(fill: Fill, spool: Spool, wanted: Wanted): Promise<boolean> {
    const outcome = await store(fill, spool, wanted, this.#options);
    if (outcome.stored) this.#lessons.noteStored(wanted);
    else this.#lessons.noteFailure(wanted, outcome.error);
    if (!outcome.stored && outcome.error instanceof TooLargeError) {
      this.#storable.passed(wanted, undefined);
    }
    return outcome.stored;
  }

  /** Counts it among those that nobody reads once nobody has come for a part of it for long enough. */
  #watch(flight: Flight, ms: number): void {
    const { clock } = this.#options;
    clock.after(ms, () => {
      const left = flight.attendedUntil - clock.elapsed();
      if (left > 0) return this.#watch(flight, left);
      if (flight.running && flight.running.fill.readers === 0)
        this.#running.limitAbandoned(flight.running);
    });
  }

  /** Ends all downloads; resolves when every spool is closed. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running.ended();
  }
}
