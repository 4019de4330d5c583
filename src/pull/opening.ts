import { type ByteRange, rangeWithin } from "../lib/range.ts";
import { RegistryError } from "../oci/error.ts";
import { UpstreamError } from "../upstream/contract.ts";
import { answer, type Answer, arrivingWhole } from "./answering.ts";
import { requireSame } from "./claims.ts";
import { blobContentType } from "./content-type.ts";
import type { CacheStatus, PartWanted, PullOptions } from "./contract.ts";
import { isExpired } from "./expiry.ts";
import type { Fills, Opened } from "./fills.ts";
import type { Wanted } from "./flight.ts";
import type { Lessons } from "./lessons.ts";
import { isInner, PartSource } from "./part.ts";
import type { BlobOptions } from "./puller.ts";
import { type BlobWanted, findStored, openStored, unlessAway } from "./stored.ts";
import { smallBytes } from "./verifying.ts";
import type { Windows } from "./windows.ts";

type Following = Extract<Opened, { kind: "fill" }>;
type Direct = Extract<Opened, { kind: "direct" }>;

/** What is to be known of an inner part: its bytes are not verified (yet). */
const unverified = "not verified yet";
const unstored = "neither verified nor stored";

export interface OpeningParts {
  fills: Fills;
  windows: Windows;
  lessons: Lessons;
}

/** Blobs that are not stored, as one upstream has them: described, filled, relayed or passed through. */
export class Opening {
  readonly #options: BlobOptions;
  readonly #fills: Fills;
  readonly #windows: Windows;
  readonly #lessons: Lessons;

  constructor(options: BlobOptions, { fills, windows, lessons }: OpeningParts) {
    this.#options = options;
    this.#fills = fills;
    this.#windows = windows;
    this.#lessons = lessons;
  }

  /** See `Fills.hasRested`. */
  hasRested(wanted: Wanted): boolean {
    return this.#fills.hasRested(wanted);
  }

  /** Undefined where the upstream says that it has it not; it is not asked for what has rested meanwhile. Throws `UpstreamError` where it is unsure. */
  async ask(asked: Wanted, options: PullOptions): Promise<Answer | undefined> {
    let wanted = asked;
    while (this.#fills.hasRested(wanted)) {
      wanted = { ...wanted, lookedAt: this.#options.rests.moment };
      const rested = await unlessAway(this.#rested(wanted, "collapsed", options));
      if (rested) return rested;
    }
    if (options.head) return this.#describe(wanted);
    try {
      return await this.#open(wanted, options);
    } catch (error) {
      // Nothing has been sent yet: bytes that were wrong once are asked for once more.
      if (!(error instanceof RegistryError) || error.code !== "upstream_invalid") throw error;
      return this.#open(wanted, options);
    }
  }

  async #open(wanted: Wanted, options: PullOptions): Promise<Answer | undefined> {
    const { complete, part } = options;
    if (complete) return this.#completed(wanted, await this.#fills.open(wanted), options);
    const sooner = part && (await this.#sooner(wanted, part));
    if (sooner) return sooner;
    const opened = await this.#fills.open(wanted);
    if (!opened.found) return undefined;
    switch (opened.kind) {
      case "stored":
        return this.ask(wanted, options);
      case "direct":
        return this.#passed(wanted, opened, part);
      case "fill":
        return this.#followed(wanted, opened, part);
    }
  }

  async #describe(wanted: Wanted): Promise<Answer | undefined> {
    const { upstream, repository, digest, expected, marks } = wanted;
    const described = await this.#options.client.checkBlob(upstream, repository, digest, marks);
    if (!described.found) return undefined;
    requireSame(wanted, described, expected);
    const size = described.size ?? expected;
    const contentType = blobContentType(described.contentType);
    return answer(wanted, "miss", contentType, { kind: "none", size });
  }

  /** What can be said of a part without following the fill; undefined where that is to be followed. */
  async #sooner(wanted: Wanted, { range: spec, signal }: PartWanted): Promise<Answer | undefined> {
    const flying = this.#fills.flying(wanted);
    const known = flying?.fill?.size ?? wanted.expected;
    const described = known === undefined && !flying ? await this.#learn(wanted) : undefined;
    const size = known ?? (described?.content.kind === "none" ? described.content.size : undefined);
    if (size === undefined) return undefined;
    const range = rangeWithin(spec, size);
    // Nothing is begun for a part that does not exist.
    if (range === "unsatisfiable")
      return flying ? undefined : (described ?? this.#describe(wanted));
    if (size <= smallBytes || !isInner(range, size)) return undefined;
    return this.#relayed(wanted, range, size, signal);
  }

  async #relayed(
    wanted: Wanted,
    range: ByteRange,
    size: number,
    signal: AbortSignal,
  ): Promise<Answer | undefined> {
    const window = await this.#windows.relay(wanted, range, size, signal);
    if (!window) return undefined;
    const { source, contentType, isFilling } = window;
    const reason = isFilling ? unverified : unstored;
    const content = { kind: "part", size, range, source } as const;
    return answer(wanted, "window", blobContentType(contentType), content, { reason });
  }

  /** What a HEAD says, where it says anything: if not, the fill will tell. */
  async #learn(wanted: Wanted): Promise<Answer | undefined> {
    try {
      return await this.#describe(wanted);
    } catch (error) {
      if (error instanceof UpstreamError) return undefined;
      throw error;
    }
  }

  /** Bytes that go through the spool. */
  async #followed(
    wanted: Wanted,
    { running: { fill }, reader, joined }: Following,
    part: PartWanted | undefined,
  ): Promise<Answer> {
    try {
      await fill.headerReady();
    } catch (error) {
      await reader.cancel();
      throw error;
    }
    const contentType = blobContentType(fill.description.contentType);
    const { size } = fill;
    const status = joined ? "collapsed" : "miss";
    const range = rangeOf(part, size);
    if (range === undefined || size === undefined) {
      return answer(wanted, status, contentType, await arrivingWhole(reader, size));
    }
    if (range === "unsatisfiable") {
      await reader.cancel();
      return answer(wanted, status, contentType, { kind: "none", size });
    }
    const isVerified = fill.state === "verified";
    const isWindow = !isVerified && isInner(range, size) && !this.#lessons.isSuspect(wanted);
    reader.limit(range, isWindow);
    const content = { kind: "part", size, range, source: reader } as const;
    if (!isWindow) return answer(wanted, status, contentType, content);
    return answer(wanted, "window", contentType, content, { reason: unverified });
  }

  /** Bytes that cannot be stored: taken from the first one on, whatever part is wanted, and verified with the last one. */
  async #passed(
    wanted: Wanted,
    { source, size, description }: Direct,
    part: PartWanted | undefined,
  ): Promise<Answer> {
    const contentType = blobContentType(description.contentType);
    const range = rangeOf(part, size);
    if (!part || range === undefined || size === undefined) {
      return answer(wanted, "bypass", contentType, await arrivingWhole(source, size));
    }
    if (range === "unsatisfiable") {
      await source.cancel();
      return answer(wanted, "bypass", contentType, { kind: "none", size });
    }
    const inner = isInner(range, size);
    // It is known only now that nothing is stored, and that windows are all that need be asked for.
    const window = inner && (await this.#relayed(wanted, range, size, part.signal));
    if (window) {
      await source.cancel();
      return window;
    }
    // Before the end of an inner part nothing is verified: from an upstream that has been wrong, the whole is given.
    if (inner && this.#lessons.isSuspect(wanted)) {
      return answer(wanted, "bypass", contentType, { kind: "source", source });
    }
    const content = {
      kind: "part",
      size,
      range,
      source: new PartSource(source, 0, range),
    } as const;
    if (!inner) return answer(wanted, "bypass", contentType, content);
    return answer(wanted, "window", contentType, content, { reason: unstored });
  }

  /** For a receiver that cannot see a cut: from the finished file, with its length. */
  async #completed(
    wanted: Wanted,
    opened: Opened,
    options: PullOptions,
  ): Promise<Answer | undefined> {
    if (!opened.found) return undefined;
    if (opened.kind === "stored") return this.ask(wanted, options);
    if (opened.kind === "direct") {
      await opened.source.cancel();
      throw cannotStore();
    }
    const { running, reader, joined } = opened;
    const isStored = await running.stored;
    await reader.cancel();
    running.fill.requireSound();
    if (!isStored) throw cannotStore();
    const rested = await this.#rested(wanted, joined ? "collapsed" : "miss", options);
    if (!rested) throw cannotStore();
    return rested;
  }

  /** Somebody has just brought it; undefined where it is gone again, or it was not so. */
  async #rested(
    wanted: Wanted,
    status: CacheStatus,
    options: BlobWanted,
  ): Promise<Answer | undefined> {
    const { upstream, repository, digest } = wanted;
    const { cache, clock } = this.#options;
    const entries = await cache.entries([upstream.id], repository, "blob", digest);
    const now = clock.now();
    const shown = entries.find(
      (entry) => entry.proof === "shown" && !isExpired({ ...entry, upstream }, now),
    );
    const stored = shown && (await findStored(this.#options, digest, options.waits));
    const content = stored && (await openStored(this.#options, stored, options));
    return content ? answer(wanted, status, shown.contentType, content) : undefined;
  }
}

/** The part that is wanted of a blob; undefined where the whole is given: small ones are, verified before their header. */
function rangeOf(
  part: PartWanted | undefined,
  size: number | undefined,
): ByteRange | "unsatisfiable" | undefined {
  return part && size !== undefined && size > smallBytes
    ? rangeWithin(part.range, size)
    : undefined;
}

function cannotStore(): RegistryError {
  const message =
    "the blob cannot be stored, and this connection (HTTP/1.0) can only be given stored blobs";
  return new RegistryError("unavailable", message, { headers: { "Retry-After": "5" } });
}
