import { failureCode } from "../lib/log.ts";
import { inSpan } from "../lib/tracing/span.ts";
import type { CachedManifest, EntryKey, Upstream } from "../metadata/contract.ts";
import { algorithmOf, type Digest, digestOf, parseDigest } from "../oci/digest.ts";
import { type Manifest, ManifestError, parseManifest } from "../oci/manifest.ts";
import { type Reference, referenceText } from "../oci/reference.ts";
import type { Fetched } from "../upstream/contract.ts";
import { isScarce } from "./budgets.ts";
import type { Candidate } from "./choose.ts";
import type { CacheStatus, PulledManifest } from "./contract.ts";
import { invalidManifest, tolerate } from "./errors.ts";
import type { Known } from "./names.ts";
import type { PullerOptions } from "./puller.ts";

export type KnownManifest = Known<CachedManifest>;

export interface Wanted {
  reference: Reference;
  /** See `PullOptions`. */
  marks: readonly string[];
}

/** An answer, and the entry that its download counts for. */
export type Counted = PulledManifest & { key: EntryKey };

/** Brings manifests of one upstream into the cache. */
export class Fetching {
  readonly #options: PullerOptions;

  constructor(options: PullerOptions) {
    this.#options = options;
  }

  /** An answer from the cache. */
  cached(entry: KnownManifest, status: CacheStatus, reason?: string): Counted {
    if (!entry.payload) throw new Error("an entry without its payload cannot be served");
    const { digest, contentType, payload, upstream } = entry;
    const age = Math.max(0, Math.floor((this.#options.clock.now() - entry.checkedAt) / 1000));
    // The entry says which upstream and repository: it is the source as well.
    const source = entry;
    const explanation = { status, upstream: upstream.name, age, source, ...(reason && { reason }) };
    return { digest, contentType, payload, explanation, key: entry };
  }

  /** Fetches, verifies and stores; undefined when this upstream has nothing. Throws `UpstreamError`. */
  async bring(
    { upstream, repository, digest: before }: Candidate & { digest?: Digest | undefined },
    { reference, marks }: Wanted,
  ): Promise<Counted | undefined> {
    const spared = await this.#spare(upstream, repository, { reference, marks });
    if (spared) return spared === "absent" ? undefined : spared;
    const fetched = await this.#options.client.manifest(upstream, repository, reference, marks);
    if (!fetched.found) return undefined;
    const { digest, manifest } = verify(upstream.name, fetched, reference);
    const size = fetched.payload.length;
    const stored = await this.#store(upstream, repository, reference, fetched, digest, manifest);
    if (stored) this.#tell(upstream.id, repository, reference, { digest, before, size });
    const status = stored ? "miss" : "bypass";
    const key = keyOf(upstream, repository, reference);
    const explanation = { status, upstream: upstream.name, age: 0, source: key } as const;
    return { digest, contentType: manifest.mediaType, payload: fetched.payload, explanation, key };
  }

  /** A limit that is nearly used up: where the tag's digest is here already, a HEAD is all it takes. */
  async #spare(
    upstream: Upstream,
    repository: string,
    { reference, marks }: Wanted,
  ): Promise<Counted | "absent" | undefined> {
    const { client, cache, checkTimeoutMs } = this.#options;
    const { budget } = client.health(upstream);
    if (reference.kind !== "tag" || !isScarce(budget)) return undefined;
    const said = await client.checkManifest(upstream, repository, reference, checkTimeoutMs, marks);
    if (!said.found) return "absent";
    const digest = parseDigest(said.claimedDigest ?? "");
    if (!digest) return undefined;
    const [held] = await cache.manifests([upstream.id], repository, digest);
    if (!held?.payload || held.proof !== "shown") return undefined;
    const fetched = { ...said, contentType: held.contentType, payload: held.payload };
    const manifest = parseManifest(held.payload, held.contentType);
    await this.#store(upstream, repository, reference, fetched, digest, manifest);
    const checkedAt = this.#options.clock.now();
    const entry = { ...held, ...keyOf(upstream, repository, reference), upstream, checkedAt };
    return this.cached(entry, "revalidated", "rate limit spared");
  }

  /** The bytes are here already, brought by another entry: a HEAD is enough to be allowed to read them. */
  async show(entry: KnownManifest, { reference, marks }: Wanted): Promise<Counted | undefined> {
    if (entry.proof === "shown" || !entry.payload) return undefined;
    const { client, cache, clock, log, checkTimeoutMs } = this.#options;
    const { upstream, repository } = entry;
    if (!(await cache.hasSeen(upstream.groupId, entry.digest))) return undefined;
    const said = await client.checkManifest(upstream, repository, reference, checkTimeoutMs, marks);
    if (!said.found || parseDigest(said.claimedDigest ?? "") !== entry.digest) return undefined;
    const now = clock.now();
    const shown = {
      ...entry,
      groupId: upstream.groupId,
      upstreamVersion: upstream.version,
      etag: said.etag,
      size: entry.payload.length,
      now,
    };
    await tolerate(log, "entry was not noted as shown", cache.show(shown));
    return this.cached({ ...entry, checkedAt: now }, "revalidated");
  }

  /** `before`: what the tag was. */
  #tell(
    upstreamId: number,
    repository: string,
    reference: Reference,
    { digest, before, size }: { digest: Digest; before: Digest | undefined; size: number },
  ): void {
    const tag = reference.kind === "tag" ? reference.tag : undefined;
    const { told } = this.#options;
    const hasMoved = tag !== undefined && before !== undefined && before !== digest;
    if (!hasMoved) return told({ event: "cache.stored", upstreamId, repository, tag, size });
    const details = { digest, previous_digest: before, size };
    told({ event: "cache.replaced", upstreamId, repository, tag, details });
  }

  /** A database that cannot take it costs the cache a manifest, not the client its pull. */
  async #store(
    upstream: Upstream,
    repository: string,
    reference: Reference,
    { payload, etag }: Fetched,
    digest: Digest,
    { mediaType, children }: Manifest,
  ): Promise<boolean> {
    const { cache, clock, log } = this.#options;
    const record = () =>
      cache.storeManifest({
        groupId: upstream.groupId,
        upstreamId: upstream.id,
        upstreamVersion: upstream.version,
        repository,
        tag: reference.kind === "tag" ? reference.tag : undefined,
        digest,
        mediaType,
        payload,
        children,
        etag,
        now: clock.now(),
      });
    try {
      await inSpan("store", "internal", () => ({ "weir.digest": digest }), record);
      return true;
    } catch (error) {
      log.error("manifest was not stored", { upstream: upstream.name, code: failureCode(error) });
      return false;
    }
  }
}

function keyOf(upstream: Upstream, repository: string, reference: Reference): EntryKey {
  const text = referenceText(reference);
  return { upstreamId: upstream.id, repository, kind: "manifest", reference: text };
}

/** The manifest's digest, computed from the bytes; any claim that disagrees makes the answer unusable. */
function verify(
  upstream: string,
  { payload, contentType, claimedDigest }: Fetched,
  reference: Reference,
): { digest: Digest; manifest: Manifest } {
  const wanted = reference.kind === "digest" ? reference.digest : undefined;
  const digest = digestOf(payload, wanted ? algorithmOf(wanted) : "sha256");
  if (wanted && digest !== wanted) {
    throw invalidManifest(upstream, "its digest is not the one asked for");
  }
  const claimed = parseDigest(claimedDigest ?? "");
  if (claimed && digestOf(payload, algorithmOf(claimed)) !== claimed) {
    throw invalidManifest(upstream, "its bytes do not have the digest that the header claims");
  }
  try {
    return { digest, manifest: parseManifest(payload, contentType ?? null) };
  } catch (error) {
    if (error instanceof ManifestError) throw invalidManifest(upstream, error.message, error);
    throw error;
  }
}
