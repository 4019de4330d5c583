import { type BlobStore, type Spool, StoreFullError } from "../blobs/contract.ts";
import type { Clock } from "../lib/clock.ts";
import { failureCode, type Log } from "../lib/log.ts";
import type { Cache, Upstream } from "../metadata/contract.ts";
import { algorithmOf, type Digest, Digester } from "../oci/digest.ts";
import {
  type Absent,
  absent,
  type OpenBlob,
  type UpstreamClient,
  UpstreamError,
} from "../upstream/contract.ts";
import { blobContentType } from "./content-type.ts";
import { Download } from "./download.ts";
import { reasonOf } from "./errors.ts";
import { Fill } from "./fill.ts";
import type { Follower } from "./follower.ts";
import { VerifyingSource } from "./verifying.ts";

export interface FillsOptions {
  client: UpstreamClient;
  blobs: BlobStore;
  cache: Cache;
  clock: Clock;
  log: Log;
  /** Larger blobs are passed through, not stored. */
  maxBlobBytes: number | undefined;
}

/** All fills together; beyond it blobs are passed through. */
const maxFills = 256;
/** Fills of one group that nobody reads any more; beyond it the newest is given up. */
const maxAbandonedPerGroup = 8;

export interface Wanted {
  upstream: Upstream;
  repository: string;
  digest: Digest;
  expected: number | undefined;
  /** See `PullOptions`. */
  marks: readonly string[];
}

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

export interface Running {
  found: true;
  fill: Fill;
  wanted: Wanted;
  /** Resolves when the fill is over: whether its bytes rest in the store. Never rejects. */
  stored: Promise<boolean>;
  abort: AbortController;
}

/** The download cannot be stored; whoever takes it first may have it, others open their own. */
interface Unstorable {
  found: true;
  take: () => Download | undefined;
}

/** All downloads of blobs that are under way: one an object, shared by everyone who wants it. */
export class Fills {
  readonly #options: FillsOptions;
  /** From the first request until the bytes rest in the store, so that nobody asks the upstream in between. */
  readonly #flights = new Map<string, Promise<Running | Unstorable | Absent>>();
  readonly #running = new Set<Running>();
  readonly #closing = new AbortController();

  constructor(options: FillsOptions) {
    this.#options = options;
  }

  /** Joins the fill of this object or starts one. Throws `UpstreamError` where the upstream is unsure. */
  async open(wanted: Wanted): Promise<Opened> {
    const key = flightKey(wanted);
    for (;;) {
      const flying = this.#flights.get(key);
      const started = await (flying ?? this.#start(key, wanted));
      if (!started.found) return absent;
      if (!("fill" in started)) return this.#direct(wanted, started);
      const reader = started.fill.follow();
      if (reader) {
        return { found: true, kind: "fill", running: started, reader, joined: Boolean(flying) };
      }
      // It ended between its start and now. If it failed, a new one is begun.
      if (await started.stored) return { found: true, kind: "stored" };
    }
  }

  async #direct(wanted: Wanted, { take }: Unstorable): Promise<Opened> {
    const download = take() ?? (await this.#download(wanted, this.#closing.signal));
    if (!("next" in download)) return absent;
    const { upstream, digest } = wanted;
    const digester = new Digester(algorithmOf(digest));
    const source = new VerifyingSource(download, digest, upstream.name, digester);
    const { description, size } = download;
    return { found: true, kind: "direct", source, description, size };
  }

  #start(key: string, wanted: Wanted): Promise<Running | Unstorable | Absent> {
    const flight = this.#begin(wanted);
    this.#flights.set(key, flight);
    const free = () => this.#flights.delete(key);
    flight.then((started) => {
      if (started.found && "fill" in started) return started.stored.then(free);
      return free();
    }, free);
    return flight;
  }

  async #begin(wanted: Wanted): Promise<Running | Unstorable | Absent> {
    const abort = new AbortController();
    const signal = AbortSignal.any([abort.signal, this.#closing.signal]);
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
      abandoned: () => this.#limitAbandoned(wanted.upstream.groupId, running),
      maxBytes: this.#options.maxBlobBytes,
    });
    const running: Running = {
      found: true,
      fill,
      wanted,
      abort,
      stored: this.#run(fill, spool, wanted),
    };
    this.#running.add(running);
    void running.stored.then(() => this.#running.delete(running));
    return running;
  }

  #download(wanted: Wanted, signal: AbortSignal, offset = 0): Promise<Download | Absent> {
    const { client, clock } = this.#options;
    return Download.start({ ...wanted, client, clock, signal }, offset);
  }

  async #reopen(wanted: Wanted, offset: number): Promise<Download> {
    const download = await this.#download(wanted, this.#closing.signal, offset);
    if ("next" in download) return download;
    const { name } = wanted.upstream;
    throw new UpstreamError(
      "invalid",
      name,
      `upstream "${name}" lost the blob during its transfer`,
    );
  }

  async #spool({ size }: Download, { digest }: Wanted) {
    const { maxBlobBytes, blobs, log } = this.#options;
    if (size !== undefined && maxBlobBytes !== undefined && size > maxBlobBytes) return undefined;
    if (this.#running.size >= maxFills) return undefined;
    try {
      return await blobs.spool(size);
    } catch (error) {
      const reason = error instanceof StoreFullError ? error.message : failureCode(error);
      log.warn("blob is passed through, not stored", { digest, reason });
      return undefined;
    }
  }

  /** Fills, stores, and says whether it is stored. Failures are the readers' to see; here they are logged. */
  async #run(fill: Fill, spool: Spool, wanted: Wanted): Promise<boolean> {
    const { digest, upstream } = wanted;
    try {
      await fill.run();
      await spool.commit(digest);
      await this.#record(fill, spool.length, wanted);
      return true;
    } catch (error) {
      const reason = `${reasonOf(error)} ${failureCode(error)}`;
      this.#options.log.warn("fill was not stored", { upstream: upstream.name, digest, reason });
      return false;
    } finally {
      await this.#end(fill, spool);
    }
  }

  /** Whatever fails here, the object must be free to be fetched again. */
  async #end(fill: Fill, spool: Spool): Promise<void> {
    for (const step of [() => spool.discard(), () => fill.release()]) {
      try {
        await step();
      } catch (error) {
        this.#options.log.error("spool could not be removed", { code: failureCode(error) });
      }
    }
  }

  async #record(fill: Fill, size: number, { upstream, repository, digest }: Wanted): Promise<void> {
    const { contentType, etag } = fill.description;
    await this.#options.cache.storeBlob({
      groupId: upstream.groupId,
      upstreamId: upstream.id,
      upstreamVersion: upstream.version,
      repository,
      kind: "blob",
      reference: digest,
      digest,
      contentType: blobContentType(contentType),
      size,
      etag,
      now: this.#options.clock.now(),
    });
  }

  #limitAbandoned(groupId: number, newest: Running): void {
    const abandoned = [...this.#running].filter(
      ({ fill, wanted }) =>
        wanted.upstream.groupId === groupId && fill.readers === 0 && fill.state === "filling",
    );
    if (abandoned.length > maxAbandonedPerGroup) newest.abort.abort();
  }

  /** Ends all downloads; resolves when every spool is closed. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.#running].map(({ stored }) => stored));
  }
}

/** Joining needs the same upstream, credentials, repository and object: rights are never shared through a fill. */
function flightKey({ upstream, repository, digest }: Wanted): string {
  return `${upstream.id} ${upstream.version} ${repository} ${digest}`;
}
