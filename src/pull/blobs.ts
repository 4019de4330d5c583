import type { StoredBlob } from "../blobs/contract.ts";
import type { CacheEntry, Registry, Upstream } from "../metadata/contract.ts";
import type { Digest } from "../oci/digest.ts";
import { RegistryError } from "../oci/error.ts";
import { blobContentType } from "./content-type.ts";
import type { BlobContent, CacheStatus, PulledBlob, PullOptions } from "./contract.ts";
import { refusal } from "./errors.ts";
import type { Fills, Opened } from "./fills.ts";
import { type Known, knownEntries, repositoryAt } from "./names.ts";
import type { PullerOptions } from "./puller.ts";
import type { Usage } from "./usage.ts";
import { collect, smallBytes } from "./verifying.ts";

type KnownBlob = Known<CacheEntry>;
type Arriving = Exclude<Opened, { found: false }>;

/** The object as one upstream has it. */
interface Wanted {
  upstream: Upstream;
  /** As it is called there. */
  repository: string;
  digest: Digest;
  /** The size, where a manifest names the digest there. */
  expected: number | undefined;
}

interface Answer extends PulledBlob {
  wanted: Wanted;
}

/** Blobs: from the store on proof, else filled from the first upstream that has them. */
export class Blobs {
  readonly #options: PullerOptions;
  readonly #fills: Fills;
  readonly #usage: Usage;

  constructor(options: PullerOptions, fills: Fills, usage: Usage) {
    this.#options = options;
    this.#fills = fills;
    this.#usage = usage;
  }

  async pull(
    registry: Registry,
    repository: string,
    digest: Digest,
    options: PullOptions,
  ): Promise<PulledBlob> {
    const known = await knownEntries(registry, repository, (ids, name) =>
      this.#options.cache.entries(ids, name, "blob", digest),
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
      const wanted = { upstream, repository, digest, expected: size };
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
    const naming = known.map(({ upstream }) => upstream);
    const others = registry.upstreams.filter((upstream) => !naming.includes(upstream));
    const stored = await this.#stored(digest);
    try {
      for (const upstream of [...naming, ...others]) {
        const expected = known.find((entry) => entry.upstream === upstream)?.size;
        const wanted = {
          upstream,
          repository: repositoryAt(upstream, repository),
          digest,
          expected,
        };
        const answered = stored
          ? await this.#show(wanted, stored)
          : await this.#ask(wanted, options);
        if (answered) return answered;
      }
    } catch (error) {
      throw refusal(error);
    }
    throw new RegistryError("blob_unknown", "no upstream of this registry has this blob", {
      detail: { upstreams: registry.upstreams.map(({ name }) => name) },
    });
  }

  /** Bytes that are here, whoever brought them. Seeing them takes more: `#show`. */
  async #stored(digest: Digest): Promise<StoredBlob | undefined> {
    const { cache, blobs } = this.#options;
    const record = await cache.blob(digest);
    if (!record) return undefined;
    const stored = await blobs.find(digest, record.size);
    if (!stored) await cache.forgetBlob(digest);
    return stored;
  }

  /** A HEAD at the caller's own upstream turns *named* into *shown* without a download. */
  async #show(wanted: Wanted, stored: StoredBlob): Promise<Answer | undefined> {
    const { client, cache, clock } = this.#options;
    const { upstream, repository, digest } = wanted;
    const described = await client.checkBlob(upstream, repository, digest);
    if (!described.found) return undefined;
    const contentType = blobContentType(described.contentType);
    await cache.show({
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
    });
    return answer(wanted, "revalidated", contentType, atRest(stored));
  }

  async #ask(wanted: Wanted, { head, complete }: PullOptions): Promise<Answer | undefined> {
    if (head) return this.#describe(wanted);
    const opened = await this.#fills.open(wanted);
    if (!opened.found) return undefined;
    return complete ? this.#completed(wanted, opened) : arriving(wanted, opened);
  }

  async #describe(wanted: Wanted): Promise<Answer | undefined> {
    const { upstream, repository, digest } = wanted;
    const described = await this.#options.client.checkBlob(upstream, repository, digest);
    if (!described.found) return undefined;
    const { size, contentType } = described;
    if (size === undefined) {
      const message = `upstream "${upstream.name}" did not say the blob's size`;
      throw new RegistryError("upstream_invalid", message);
    }
    return answer(wanted, "miss", blobContentType(contentType), { kind: "none", size });
  }

  /** For a receiver that cannot see a cut: from the finished file, with its length. */
  async #completed(wanted: Wanted, opened: Arriving): Promise<Answer> {
    const stored =
      opened.kind === "fill" && (await opened.stored) && (await this.#stored(wanted.digest));
    if (opened.kind === "direct") await opened.source.cancel();
    if (opened.kind === "direct" || !stored) {
      const message =
        "the blob cannot be stored, and this connection (HTTP/1.0) can only be given stored blobs";
      throw new RegistryError("unavailable", message, { headers: { "Retry-After": "5" } });
    }
    const contentType = blobContentType(opened.fill.description.contentType);
    return answer(wanted, opened.joined ? "collapsed" : "miss", contentType, atRest(stored));
  }
}

/** Bytes on their way; small ones are verified before anything is said of them. */
async function arriving(wanted: Wanted, opened: Arriving): Promise<Answer> {
  if (opened.kind === "direct") {
    const { source, size, description } = opened;
    const content: BlobContent =
      size !== undefined && size <= smallBytes
        ? { kind: "bytes", bytes: await collect(source) }
        : { kind: "source", size, open: () => source };
    return answer(wanted, "bypass", blobContentType(description.contentType), content);
  }
  const { fill, joined } = opened;
  await fill.headerReady();
  const { size } = fill;
  const contentType = blobContentType(fill.description.contentType);
  return answer(wanted, joined ? "collapsed" : "miss", contentType, await contentOf(size));

  async function contentOf(size: number | undefined): Promise<BlobContent> {
    if (size === undefined) return { kind: "source", size, open: () => fill.follow() };
    if (size > smallBytes) return { kind: "fill", size, open: (range) => fill.follow(range) };
    return { kind: "bytes", bytes: await collect(fill.follow()) };
  }
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
