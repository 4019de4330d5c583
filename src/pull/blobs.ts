import type { StoredBlob } from "../blobs/contract.ts";
import type { CacheEntry, Registry, Upstream } from "../metadata/contract.ts";
import { algorithmOf, type Digest, parseDigest } from "../oci/digest.ts";
import { RegistryError } from "../oci/error.ts";
import { type Described, UpstreamError } from "../upstream/contract.ts";
import type { AbsenceMemory } from "./absences.ts";
import { type Candidate, candidatesOf, choose, chosenValue } from "./choose.ts";
import { blobContentType } from "./content-type.ts";
import type { BlobContent, ByteSource, CacheStatus, PulledBlob, PullOptions } from "./contract.ts";
import { refusal, tolerate } from "./errors.ts";
import { isExpired } from "./expiry.ts";
import type { Fills, Opened } from "./fills.ts";
import { type Known, knownEntries } from "./names.ts";
import { denyingRule } from "./rules.ts";
import type { PullerOptions } from "./puller.ts";
import type { Usage } from "./usage.ts";
import { collect, smallBytes } from "./verifying.ts";

type KnownBlob = Known<CacheEntry>;
type Arriving = Extract<Opened, { kind: "fill" | "direct" }>;

/** The object as one upstream has it. */
interface Wanted {
  upstream: Upstream;
  /** As it is called there. */
  repository: string;
  digest: Digest;
  /** The size, where a manifest names the digest there. */
  expected: number | undefined;
  /** See `PullOptions`. */
  marks: readonly string[];
}

interface Answer extends PulledBlob {
  wanted: Wanted;
}

/** Blobs: from the store on proof, else filled from the first upstream that has them. */
export class Blobs {
  readonly #options: PullerOptions;
  readonly #absences: AbsenceMemory;
  readonly #fills: Fills;
  readonly #usage: Usage;

  constructor(options: PullerOptions, absences: AbsenceMemory, fills: Fills, usage: Usage) {
    this.#options = options;
    this.#absences = absences;
    this.#fills = fills;
    this.#usage = usage;
  }

  async pull(
    registry: Registry,
    repository: string,
    digest: Digest,
    options: PullOptions,
  ): Promise<PulledBlob> {
    const found = await knownEntries(registry, repository, (ids, name) =>
      this.#options.cache.entries(ids, name, "blob", digest),
    );
    const now = this.#options.clock.now();
    const known = found.filter(
      (entry) =>
        !isExpired(entry, now) && !denyingRule(entry.upstream, entry.repository, undefined),
    );
    const { wanted, ...pulled } =
      (await this.#hit(known)) ?? (await this.#miss(registry, repository, digest, known, options));
    if (!options.head) {
      const { upstream, repository: name } = wanted;
      const key = {
        upstreamId: upstream.id,
        repository: name,
        kind: "blob",
        reference: digest,
      } as const;
      this.#usage.count(key);
    }
    return pulled;
  }

  /** Stored, and shown by an upstream of this registry: nobody is asked. */
  async #hit(known: KnownBlob[]): Promise<Answer | undefined> {
    for (const { upstream, repository, digest, proof, size, contentType, checkedAt } of known) {
      const stored = proof === "shown" && (await this.#options.blobs.find(digest, size));
      if (!stored) continue;
      const wanted = { upstream, repository, digest, expected: size, marks: [] };
      const age = Math.max(0, Math.floor((this.#options.clock.now() - checkedAt) / 1000));
      return answer(wanted, "hit", contentType, atRest(stored), age);
    }
    return undefined;
  }

  /** Asks the upstreams in order, those first whose manifest named the digest. */
  async #miss(
    registry: Registry,
    repository: string,
    digest: Digest,
    known: KnownBlob[],
    options: PullOptions,
  ): Promise<Answer> {
    const { marks, waits } = options;
    waits();
    const first = known.map(({ upstream }) => upstream);
    const candidates = candidatesOf(registry, repository, undefined, first);
    const hasSeen = await this.#options.cache.hasSeen(registry.groupId, digest);
    const stored = hasSeen ? await this.#stored(digest) : undefined;
    const wanted = ({ upstream, repository: name }: Candidate): Wanted => {
      const expected = known.find((entry) => entry.upstream === upstream)?.size;
      return { upstream, repository: name, digest, expected, marks };
    };
    try {
      const chosen = await choose(registry, candidates, this.#absences, {
        // Not the same as a manifest of this digest.
        reference: `blob ${digest}`,
        ask: (candidate) =>
          stored ? this.#show(wanted(candidate), stored) : this.#ask(wanted(candidate), options),
        probe: async ({ upstream, repository: name }) =>
          (await this.#options.client.checkBlob(upstream, name, digest, marks)).found,
      });
      const answered = chosenValue(chosen);
      if (answered) return answered;
    } catch (error) {
      throw refusal(error);
    }
    throw new RegistryError("blob_unknown", "no upstream of this registry has this blob", {
      detail: { asked: candidates.asked.map(({ upstream }) => upstream.name) },
    });
  }

  /** Bytes that are here, whoever brought them. Seeing them takes more: a group that has seen them, and `#show`. */
  async #stored(digest: Digest): Promise<StoredBlob | undefined> {
    const { cache, blobs } = this.#options;
    const record = await cache.blob(digest);
    if (!record) return undefined;
    const stored = await blobs.find(digest, record.size);
    if (!stored) await this.#tolerate("lost blob was not noted", cache.forgetBlob(digest));
    return stored;
  }

  /** A database that cannot take it costs the next pull a question, not this one its answer. */
  #tolerate(message: string, write: Promise<void>): Promise<void> {
    return tolerate(this.#options.log, message, write);
  }

  /** A HEAD at the caller's own upstream turns *named* into *shown* without a download. */
  async #show(wanted: Wanted, stored: StoredBlob): Promise<Answer | undefined> {
    const { client, cache, clock } = this.#options;
    const { upstream, repository, digest, marks } = wanted;
    const described = await client.checkBlob(upstream, repository, digest, marks);
    if (!described.found) return undefined;
    requireSame(wanted, described, stored.size);
    const contentType = blobContentType(described.contentType);
    await this.#tolerate(
      "entry was not noted as shown",
      cache.show({
        groupId: upstream.groupId,
        upstreamId: upstream.id,
        upstreamVersion: upstream.version,
        repository,
        kind: "blob",
        reference: digest,
        digest,
        contentType,
        size: stored.size,
        etag: described.etag,
        now: clock.now(),
      }),
    );
    return answer(wanted, "revalidated", contentType, atRest(stored));
  }

  async #ask(wanted: Wanted, options: PullOptions): Promise<Answer | undefined> {
    if (options.head) return this.#describe(wanted);
    try {
      return await this.#open(wanted, options);
    } catch (error) {
      // Nothing has been sent yet: bytes that were wrong once are asked for once more.
      if (!(error instanceof RegistryError) || error.code !== "upstream_invalid") throw error;
      return this.#open(wanted, options);
    }
  }

  async #open(wanted: Wanted, { complete }: PullOptions): Promise<Answer | undefined> {
    const opened = await this.#fills.open(wanted);
    if (!opened.found) return undefined;
    if (opened.kind === "stored") return this.#rested(wanted, "collapsed");
    return complete ? this.#completed(wanted, opened) : arriving(wanted, opened);
  }

  async #describe(wanted: Wanted): Promise<Answer | undefined> {
    const { upstream, repository, digest, expected, marks } = wanted;
    const described = await this.#options.client.checkBlob(upstream, repository, digest, marks);
    if (!described.found) return undefined;
    requireSame(wanted, described, expected);
    const size = described.size ?? expected;
    if (size === undefined) throw contradiction(wanted, "does not say the blob's size");
    const contentType = blobContentType(described.contentType);
    return answer(wanted, "miss", contentType, { kind: "none", size });
  }

  /** For a receiver that cannot see a cut: from the finished file, with its length. */
  async #completed(wanted: Wanted, opened: Arriving): Promise<Answer> {
    if (opened.kind === "direct") {
      await opened.source.cancel();
      throw cannotStore();
    }
    const { running, reader, joined } = opened;
    const isStored = await running.stored;
    await reader.cancel();
    running.fill.requireSound();
    if (!isStored) throw cannotStore();
    return this.#rested(wanted, joined ? "collapsed" : "miss");
  }

  /** A fill has just brought it. */
  async #rested(wanted: Wanted, status: CacheStatus): Promise<Answer> {
    const { upstream, repository, digest } = wanted;
    const entries = await this.#options.cache.entries([upstream.id], repository, "blob", digest);
    const stored = await this.#stored(digest);
    if (!stored) throw cannotStore();
    return answer(
      wanted,
      status,
      entries[0]?.contentType ?? blobContentType(undefined),
      atRest(stored),
    );
  }
}

function cannotStore(): RegistryError {
  const message =
    "the blob cannot be stored, and this connection (HTTP/1.0) can only be given stored blobs";
  return new RegistryError("unavailable", message, { headers: { "Retry-After": "5" } });
}

/** What an upstream claims of an object must not contradict the digest it was asked for, or the size that is known. */
function requireSame(wanted: Wanted, described: Described, size: number | undefined): void {
  const claimed = parseDigest(described.claimedDigest ?? "");
  const isOther = claimed !== undefined && claimed !== wanted.digest;
  const isOfOtherSize =
    size !== undefined && described.size !== undefined && described.size !== size;
  // Two algorithms may name the same bytes; then only the size can be compared.
  const isComparable = claimed && algorithmOf(claimed) === algorithmOf(wanted.digest);
  if ((isOther && isComparable) || isOfOtherSize) {
    throw contradiction(wanted, "describes another blob than it was asked for");
  }
}

function contradiction({ upstream: { name } }: Wanted, did: string): UpstreamError {
  return new UpstreamError("invalid", name, `upstream "${name}" ${did}`);
}

/** Bytes on their way; small ones are verified before anything is said of them. */
async function arriving(wanted: Wanted, opened: Arriving): Promise<Answer> {
  if (opened.kind === "direct") {
    const { source, size, description } = opened;
    const contentType = blobContentType(description.contentType);
    return answer(wanted, "bypass", contentType, await contentOf(source, size));
  }
  const { running, reader, joined } = opened;
  const { fill } = running;
  try {
    await fill.headerReady();
  } catch (error) {
    await reader.cancel();
    throw error;
  }
  const contentType = blobContentType(fill.description.contentType);
  const { size } = fill;
  const content: BlobContent =
    size !== undefined && size > smallBytes
      ? { kind: "fill", size, source: reader }
      : await contentOf(reader, size);
  return answer(wanted, joined ? "collapsed" : "miss", contentType, content);
}

async function contentOf(source: ByteSource, size: number | undefined): Promise<BlobContent> {
  if (size === undefined || size > smallBytes) return { kind: "source", size, source };
  return { kind: "bytes", bytes: await collect(source) };
}

function answer(
  wanted: Wanted,
  status: CacheStatus,
  contentType: string,
  content: BlobContent,
  age = 0,
): Answer {
  const explanation = { status, upstream: wanted.upstream.name, age };
  return { wanted, digest: wanted.digest, contentType, content, explanation };
}

function atRest(stored: StoredBlob): BlobContent {
  return {
    kind: "stored",
    size: stored.size,
    whole: () => stored.whole(),
    part: (first, last) => stored.part(first, last),
  };
}
