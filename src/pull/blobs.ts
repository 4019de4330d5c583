import { StoreUnavailableError } from "../blobs/contract.ts";
import { SingleFlight } from "../lib/single-flight.ts";
import type { CacheEntry, Registry } from "../metadata/contract.ts";
import type { Digest } from "../oci/digest.ts";
import { RegistryError } from "../oci/error.ts";
import type { AbsenceMemory } from "./absences.ts";
import { answer, type Answer } from "./answering.ts";
import { type Candidate, candidatesOf, choose, chosenValue } from "./choose.ts";
import { requireSame } from "./claims.ts";
import type { PrefetchedBlob, PulledBlob, PullOptions } from "./contract.ts";
import { refusal, storeAway, tolerate } from "./errors.ts";
import { isExpired } from "./expiry.ts";
import { flightKey, type Wanted } from "./flight.ts";
import { type Known, knownEntries } from "./names.ts";
import type { Opening } from "./opening.ts";
import type { BlobOptions } from "./puller.ts";
import type { Sound } from "./rechecks.ts";
import { denyingRule } from "./rules.ts";
import { shownBlob } from "./shown.ts";
import { findStored, openStored, unlessAway } from "./stored.ts";
import type { Usage } from "./usage.ts";

type KnownBlob = Known<CacheEntry>;
type Asked = [
  registry: Registry,
  repository: string,
  digest: Digest,
  known: KnownBlob[],
  /** See `Wanted`. */
  lookedAt: number,
  options: PullOptions,
];

/** What an upstream has said that has a blob which is stored. */
interface Shown {
  contentType: string;
  isStored: boolean;
}

/** It has come to rest since it was looked for. */
const lookAgain = Symbol("look again");

/** Nobody reads it: it is to come to rest. */
const atRestOnly: PullOptions = {
  marks: [],
  head: false,
  part: undefined,
  waits: () => {},
  complete: "unread",
};

/** Blobs: from the store on proof, else filled from the first upstream that has them. */
export class Blobs {
  readonly #options: BlobOptions;
  readonly #absences: AbsenceMemory;
  readonly #opening: Opening;
  readonly #usage: Usage;
  readonly #shows = new SingleFlight<Shown | undefined>();

  constructor(options: BlobOptions, absences: AbsenceMemory, opening: Opening, usage: Usage) {
    this.#options = options;
    this.#absences = absences;
    this.#opening = opening;
    this.#usage = usage;
  }

  async pull(
    registry: Registry,
    repository: string,
    digest: Digest,
    options: PullOptions,
    isCounted = true,
  ): Promise<PulledBlob> {
    const lookedAt = this.#options.rests.moment;
    const found = await knownEntries(registry, repository, (ids, name) =>
      this.#options.cache.entries(ids, name, "blob", digest),
    );
    const now = this.#options.clock.now();
    const known = found.filter(
      (entry) =>
        !isExpired(entry, now) && !denyingRule(entry.upstream, entry.repository, undefined),
    );
    const asked: Asked = [registry, repository, digest, known, lookedAt, options];
    const answered = await this.#answer(...asked);
    if (answered === lookAgain) return this.pull(registry, repository, digest, options, isCounted);
    const { wanted, ...pulled } = answered;
    if (!options.head && isCounted) {
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

  /** See `Puller.prefetchBlob`. */
  async prefetch(registry: Registry, repository: string, digest: Digest): Promise<PrefetchedBlob> {
    const pulled = await this.pull(registry, repository, digest, atRestOnly, false);
    const { content, explanation } = pulled;
    if (content.kind !== "none" || content.size === undefined) {
      throw new Error("a blob was to come to rest and has not");
    }
    return { size: content.size, explanation };
  }

  /** Where the store cannot be asked, the upstreams are: only what they do not have either is refused for it. */
  async #answer(...asked: Asked): Promise<Answer | typeof lookAgain> {
    const [, , , known, lookedAt, options] = asked;
    let away: StoreUnavailableError | undefined;
    try {
      const hit = await this.#hit(known, lookedAt, options);
      if (hit) return hit;
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      away = error;
    }
    try {
      return await this.#miss(...asked);
    } catch (error) {
      const isUnknown = error instanceof RegistryError && error.code === "blob_unknown";
      throw away && isUnknown ? storeAway(away) : error;
    }
  }

  /** Stored, and shown by an upstream of this registry: nobody is asked. */
  async #hit(
    known: KnownBlob[],
    lookedAt: number,
    options: PullOptions,
  ): Promise<Answer | undefined> {
    for (const { upstream, repository, digest, proof, size, contentType, checkedAt } of known) {
      // It was right when it was shown: its record, which knows better, is read only where it was written to since.
      const sound = { digest, size, since: checkedAt };
      const content = proof === "shown" && (await openStored(this.#options, sound, options));
      if (!content) continue;
      const wanted = { upstream, repository, digest, expected: size, marks: [], lookedAt };
      const age = Math.max(0, Math.floor((this.#options.clock.now() - checkedAt) / 1000));
      return answer(wanted, "hit", contentType, content, { age });
    }
    return undefined;
  }

  /** Asks the upstreams in order, those first whose manifest named the digest; none where one has brought it meanwhile. */
  async #miss(...asked: Asked): Promise<Answer | typeof lookAgain> {
    const [registry, repository, digest, known, lookedAt, options] = asked;
    const { marks, waits } = options;
    waits();
    const first = known.map(({ upstream }) => upstream);
    const candidates = candidatesOf(registry, repository, undefined, first);
    const hasSeen = await this.#options.cache.hasSeen(registry.groupId, digest);
    const stored = hasSeen ? await unlessAway(findStored(this.#options, digest, waits)) : undefined;
    const wanted = ({ upstream, repository: name }: Candidate): Wanted => {
      const expected = known.find((entry) => entry.upstream === upstream)?.size;
      return { upstream, repository: name, digest, expected, marks, lookedAt };
    };
    if (candidates.asked.some((one) => this.#opening.hasRested(wanted(one)))) return lookAgain;
    try {
      const chosen = await choose(registry, candidates, this.#absences, {
        // Not the same as a manifest of this digest.
        reference: `blob ${digest}`,
        ask: (candidate) =>
          stored !== undefined
            ? this.#show(wanted(candidate), stored, options)
            : this.#opening.ask(wanted(candidate), options),
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

  /** A HEAD at the caller's own upstream turns *named* into *shown* without a download. */
  async #show(wanted: Wanted, stored: Sound, options: PullOptions): Promise<Answer | undefined> {
    if (this.#opening.hasRested(wanted)) return this.#opening.ask(wanted, options);
    // What other servers ask for flies alone: see `Manifests`.
    const key = `${flightKey(wanted)} ${wanted.marks.join()}`;
    const shown = await this.#shows.do(key, () => this.#askToShow(wanted, stored.size));
    if (!shown) return undefined;
    // It can have been given up while the upstream was asked.
    if (!shown.isStored) return this.#opening.ask(wanted, options);
    const content = await unlessAway(openStored(this.#options, stored, options));
    if (!content) return this.#opening.ask(wanted, options);
    return answer(wanted, "revalidated", shown.contentType, content);
  }

  /** Undefined where the upstream says that it has it not. */
  async #askToShow(wanted: Wanted, size: number): Promise<Shown | undefined> {
    const { client, cache, clock, log, rests } = this.#options;
    const { upstream, repository, digest, marks } = wanted;
    const described = await client.checkBlob(upstream, repository, digest, marks);
    if (!described.found) return undefined;
    requireSame(wanted, described, size);
    const shown = shownBlob(wanted, described, size, clock.now());
    const noted = cache.show(shown);
    await tolerate(log, "entry was not noted as shown", noted);
    const isNoted = await noted.catch(() => undefined);
    if (isNoted) rests.note(flightKey(wanted));
    return { contentType: shown.contentType, isStored: isNoted ?? true };
  }
}
