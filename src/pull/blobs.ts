import type { CacheEntry, Registry, Upstream } from "../metadata/contract.ts";
import type { Digest } from "../oci/digest.ts";
import { RegistryError } from "../oci/error.ts";
import type { StoredBlob } from "../blobs/contract.ts";
import { blobContentType } from "./content-type.ts";
import type { BlobContent, CacheStatus, PulledBlob, PullOptions } from "./contract.ts";
import { refusal } from "./errors.ts";
import type { Fills, Opened } from "./fills.ts";
import { knownEntries, type Known, repositoryAt } from "./names.ts";
import type { PullerOptions } from "./puller.ts";
import type { Usage } from "./usage.ts";
import { collect, smallBytes } from "./verifying.ts";

type KnownBlob = Known<CacheEntry>;
type Arriving = Exclude<Opened, { found: false }>;

/** Where the object is to be asked for: an upstream, with the entry that names it there if there is one. */
interface Candidate {
  upstream: Upstream;
  entry: KnownBlob | undefined;
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
    for (const entry of known) {
      if (entry.proof !== "shown") continue;
      const stored = await this.#options.blobs.find(digest, entry.size);
      if (stored) return this.#hit(entry, stored, options);
    }
    try {
      return await this.#walk(registry, repository, digest, known, options);
    } catch (error) {
      throw refusal(error);
    }
  }

  #hit(entry: KnownBlob, stored: StoredBlob, { head }: PullOptions): PulledBlob {
    if (!head) this.#usage.count(entry.id);
    return this.#answer(entry.upstream, entry.digest, "hit", entry.contentType, atRest(stored), {
      age: Math.max(0, Math.floor((this.#options.clock.now() - entry.checkedAt) / 1000)),
    });
  }

  #answer(
    upstream: Upstream,
    digest: Digest,
    status: CacheStatus,
    contentType: string,
    content: BlobContent,
    { age = 0, reason }: { age?: number; reason?: string } = {},
  ): PulledBlob {
    const explanation = { status, upstream: upstream.name, age, ...(reason && { reason }) };
    return { digest, contentType, content, explanation };
  }

  /** Asks the upstreams in order, those first whose manifest named the digest. */
  async #walk(
    registry: Registry,
    repository: string,
    digest: Digest,
    known: KnownBlob[],
    options: PullOptions,
  ): Promise<PulledBlob> {
    const naming: Candidate[] = known.map((entry) => ({ upstream: entry.upstream, entry }));
    const others = registry.upstreams
      .filter((upstream) => !known.some((entry) => entry.upstream === upstream))
      .map((upstream) => ({ upstream, entry: undefined }));
    for (const candidate of [...naming, ...others]) {
      const pulled = await this.#ask(candidate, repository, digest, options);
      if (pulled) return pulled;
    }
    throw new RegistryError("blob_unknown", "no upstream of this registry has this blob", {
      detail: { upstreams: registry.upstreams.map(({ name }) => name) },
    });
  }

  async #ask(
    { upstream, entry }: Candidate,
    repository: string,
    digest: Digest,
    options: PullOptions,
  ): Promise<PulledBlob | undefined> {
    const name = repositoryAt(upstream, repository);
    const stored = await this.#stored(digest);
    if (stored) return this.#show(upstream, name, digest, stored);
    if (options.head) return this.#describe(upstream, name, digest);
    const expected = entry?.size;
    const opened = await this.#fills.open({ upstream, repository: name, digest, expected });
    if (!opened.found) return undefined;
    return options.complete
      ? this.#completed(upstream, digest, opened)
      : this.#arriving(upstream, digest, opened);
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
  async #show(
    upstream: Upstream,
    repository: string,
    digest: Digest,
    stored: StoredBlob,
  ): Promise<PulledBlob | undefined> {
    const { client, cache, clock } = this.#options;
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
    return this.#answer(upstream, digest, "revalidated", contentType, atRest(stored));
  }

  async #describe(
    upstream: Upstream,
    repository: string,
    digest: Digest,
  ): Promise<PulledBlob | undefined> {
    const described = await this.#options.client.checkBlob(upstream, repository, digest);
    if (!described.found) return undefined;
    const { size, contentType } = described;
    if (size === undefined) {
      throw new RegistryError(
        "upstream_invalid",
        `upstream "${upstream.name}" did not say the blob's size`,
      );
    }
    return this.#answer(upstream, digest, "miss", blobContentType(contentType), {
      kind: "none",
      size,
    });
  }

  async #arriving(upstream: Upstream, digest: Digest, opened: Arriving): Promise<PulledBlob> {
    const description = opened.kind === "fill" ? opened.fill.description : opened.description;
    const contentType = blobContentType(description.contentType);
    const answer = (status: CacheStatus, content: BlobContent) =>
      this.#answer(upstream, digest, status, contentType, content);
    if (opened.kind === "direct") {
      const { source, size } = opened;
      if (size !== undefined && size <= smallBytes) {
        return answer("bypass", { kind: "bytes", bytes: await collect(source) });
      }
      return answer("bypass", { kind: "source", size, open: () => source });
    }
    const { fill, joined } = opened;
    await fill.headerReady();
    const status = joined ? "collapsed" : "miss";
    const { size } = fill;
    if (size !== undefined && size <= smallBytes) {
      return answer(status, { kind: "bytes", bytes: await collect(fill.follow()) });
    }
    if (size === undefined)
      return answer(status, { kind: "source", size, open: () => fill.follow() });
    return answer(status, { kind: "fill", size, open: (range) => fill.follow(range) });
  }

  /** For a receiver that cannot see a cut: from the finished file, with its length. */
  async #completed(upstream: Upstream, digest: Digest, opened: Arriving): Promise<PulledBlob> {
    const stored = opened.kind === "fill" && (await opened.stored) && (await this.#stored(digest));
    if (opened.kind === "direct") await opened.source.cancel();
    if (opened.kind === "direct" || !stored) {
      const message =
        "the blob cannot be stored, and this connection (HTTP/1.0) can only be given stored blobs";
      throw new RegistryError("unavailable", message, { headers: { "Retry-After": "5" } });
    }
    const contentType = blobContentType(opened.fill.description.contentType);
    const status = opened.joined ? "collapsed" : "miss";
    return this.#answer(upstream, digest, status, contentType, atRest(stored));
  }
}

function atRest(stored: StoredBlob): BlobContent {
  return {
    kind: "stored",
    size: stored.size,
    whole: () => stored.whole(),
    part: (first, last) => stored.part(first, last),
  };
}
