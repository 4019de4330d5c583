import { failureCode } from "../lib/log.ts";
import { SingleFlight } from "../lib/single-flight.ts";
import type { CachedManifest, EntryKey, Registry, Upstream } from "../metadata/contract.ts";
import { algorithmOf, type Digest, digestOf, parseDigest } from "../oci/digest.ts";
import { RegistryError } from "../oci/error.ts";
import { type Manifest, ManifestError, parseManifest } from "../oci/manifest.ts";
import { type Reference, referenceText } from "../oci/reference.ts";
import type { Fetched } from "../upstream/contract.ts";
import type { CacheStatus, PulledManifest } from "./contract.ts";
import { invalidManifest, reasonOf, refusal, tolerate } from "./errors.ts";
import { Freshness } from "./freshness.ts";
import { knownEntries, type Known, repositoryAt } from "./names.ts";
import type { PullerOptions } from "./puller.ts";
import type { Usage } from "./usage.ts";

type KnownManifest = Known<CachedManifest>;

/** An answer, and the entry that its download counts for. */
type Counted = PulledManifest & { key: EntryKey };

/** Manifests: from the cache, else from the first upstream that has them. */
export class Manifests {
  readonly #options: PullerOptions;
  readonly #usage: Usage;
  readonly #freshness: Freshness;
  readonly #flights = new SingleFlight<Counted>();

  constructor(options: PullerOptions, usage: Usage) {
    this.#options = options;
    this.#usage = usage;
    this.#freshness = new Freshness(options);
  }

  async pull(
    registry: Registry,
    repository: string,
    reference: Reference,
    head: boolean,
  ): Promise<PulledManifest> {
    const { key, ...pulled } = await this.#pull(registry, repository, reference);
    if (!head) this.#usage.count(key);
    return pulled;
  }

  async #pull(registry: Registry, repository: string, reference: Reference): Promise<Counted> {
    const known = await knownEntries(registry, repository, (ids, name) =>
      this.#options.cache.manifests(ids, name, referenceText(reference)),
    );
    const best = known.find(({ proof, payload }) => proof === "shown" && payload);
    if (best && (reference.kind === "digest" || this.#freshness.isFresh(best, best.upstream))) {
      return this.#cached(best, "hit");
    }
    // One check or one walk for all who wait; who is in the same registry has the same rights.
    const key = `${registry.id} ${repository} ${referenceText(reference)}`;
    try {
      return await this.#flights.do(key, () => {
        const entry = best ?? known[0];
        const isStaleTag = entry && reference.kind === "tag";
        return isStaleTag
          ? this.#check(registry, repository, reference, entry)
          : this.#walk(registry, repository, reference, known);
      });
    } catch (error) {
      throw refusal(error);
    }
  }

  #cached(entry: KnownManifest, status: CacheStatus, reason?: string): Counted {
    if (!entry.payload) throw new Error("an entry without its payload cannot be served");
    const { digest, contentType, payload, upstream } = entry;
    const age = Math.max(0, Math.floor((this.#options.clock.now() - entry.checkedAt) / 1000));
    const explanation = { status, upstream: upstream.name, age, ...(reason && { reason }) };
    return { digest, contentType, payload, explanation, key: entry };
  }

  /** A tag whose time is over: its own upstream says whether it still stands. */
  async #check(
    registry: Registry,
    repository: string,
    reference: Reference,
    entry: KnownManifest,
  ): Promise<Counted> {
    const deadline = this.#options.clock.elapsed() + this.#options.checkTimeoutMs;
    const verdict = await this.#freshness.check(entry, entry.upstream, reference);
    switch (verdict.kind) {
      case "same":
        return this.#cached({ ...entry, checkedAt: verdict.checkedAt }, "revalidated");
      case "keep":
        return this.#cached(entry, "stale", verdict.reason);
      case "gone":
        await tolerate(
          this.#options.log,
          "entry was not deleted",
          this.#options.cache.deleteEntry(entry.id),
        );
        this.#options.log.warn("tag is gone at its upstream", {
          upstream: entry.upstream.name,
          repository,
        });
        return this.#walk(registry, repository, reference, []);
      case "changed":
        return this.#refresh(registry, repository, reference, entry, deadline);
    }
  }

  /** Fetched anew from its own upstream; while there is a good copy, for no longer than a check may take. */
  async #refresh(
    registry: Registry,
    repository: string,
    reference: Reference,
    entry: KnownManifest,
    deadline: number,
  ): Promise<Counted> {
    const { clock } = this.#options;
    const fetching = this.#fetch(entry.upstream, repository, reference);
    if (entry.proof !== "shown" || !entry.payload) {
      return (await fetching) ?? this.#walk(registry, repository, reference, []);
    }
    // A refresh that fails, or is late, never shortens the life of a good copy; a late one goes on behind.
    const late = Promise.withResolvers<"timeout">();
    const left = Math.max(0, deadline - clock.elapsed());
    const timer = clock.after(left, () => late.resolve("timeout"));
    const outcome = fetching.then((fetched) => fetched ?? "absent at its upstream", reasonOf);
    const first = await Promise.race([outcome, late.promise]);
    timer.cancel();
    if (typeof first !== "string") return first;
    this.#freshness.postpone(entry);
    return this.#cached(entry, "stale", first);
  }

  /** Asks the upstreams in order, those first whose manifest named the digest. */
  async #walk(
    registry: Registry,
    repository: string,
    reference: Reference,
    known: KnownManifest[],
  ): Promise<Counted> {
    const naming = known.map(({ upstream }) => upstream);
    const others = registry.upstreams.filter((upstream) => !naming.includes(upstream));
    for (const upstream of [...naming, ...others]) {
      const entry = known.find((candidate) => candidate.upstream === upstream);
      const shown = entry?.payload && (await this.#show(entry, reference));
      const pulled = shown ?? (await this.#fetch(upstream, repository, reference));
      if (pulled) return pulled;
    }
    throw new RegistryError("manifest_unknown", "no upstream of this registry has this manifest", {
      detail: { upstreams: registry.upstreams.map(({ name }) => name) },
    });
  }

  /** The bytes are here already, brought by another entry: a HEAD is enough to be allowed to read them. */
  async #show(entry: KnownManifest, reference: Reference): Promise<Counted | undefined> {
    if (entry.proof === "shown" || !entry.payload) return undefined;
    const { client, cache, clock, checkTimeoutMs } = this.#options;
    const { upstream, repository } = entry;
    const described = await client.checkManifest(upstream, repository, reference, checkTimeoutMs);
    if (!described.found || parseDigest(described.claimedDigest ?? "") !== entry.digest)
      return undefined;
    const now = clock.now();
    const { etag } = described;
    const shown = {
      ...entry,
      groupId: upstream.groupId,
      upstreamVersion: upstream.version,
      etag,
      size: entry.payload.length,
      now,
    };
    await tolerate(this.#options.log, "entry was not noted as shown", cache.show(shown));
    return this.#cached({ ...entry, checkedAt: now }, "revalidated");
  }

  /** Fetches, verifies and stores; undefined when this upstream has nothing. */
  async #fetch(
    upstream: Upstream,
    repository: string,
    reference: Reference,
  ): Promise<Counted | undefined> {
    const name = repositoryAt(upstream, repository);
    const fetched = await this.#options.client.manifest(upstream, name, reference);
    if (!fetched.found) return undefined;
    const { digest, manifest } = verify(upstream.name, fetched, reference);
    const stored = await this.#store(upstream, name, reference, fetched, digest, manifest);
    const { payload } = fetched;
    const status = stored ? "miss" : "bypass";
    const explanation = { status, upstream: upstream.name, age: 0 } as const;
    const text = referenceText(reference);
    const key = {
      upstreamId: upstream.id,
      repository: name,
      kind: "manifest",
      reference: text,
    } as const;
    return { digest, contentType: manifest.mediaType, payload, explanation, key };
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
    try {
      await cache.storeManifest({
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
      return true;
    } catch (error) {
      log.error("manifest was not stored", { upstream: upstream.name, code: failureCode(error) });
      return false;
    }
  }
}

/** The manifest's digest, computed from the bytes; any claim that disagrees makes the answer unusable. */
function verify(
  upstream: string,
  { payload, contentType, claimedDigest }: Fetched,
  reference: Reference,
): { digest: Digest; manifest: Manifest } {
  const wanted = reference.kind === "digest" ? reference.digest : undefined;
  const digest = digestOf(payload, wanted ? algorithmOf(wanted) : "sha256");
  if (wanted && digest !== wanted)
    throw invalidManifest(upstream, "its digest is not the one asked for");
  const claimed = parseDigest(claimedDigest ?? "");
  if (claimed && digestOf(payload, algorithmOf(claimed)) !== claimed) {
    throw invalidManifest(upstream, "its bytes do not have the digest that the header claims");
  }
  try {
    return { digest, manifest: parseManifest(payload, contentType ?? null) };
  } catch (error) {
    if (error instanceof ManifestError) throw invalidManifest(upstream, error);
    throw error;
  }
}
