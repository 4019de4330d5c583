import { FlightsAfterLook } from "../lib/flights-after-look.ts";
import { failureCode } from "../lib/log.ts";
import { referenceText } from "../oci/reference.ts";
import type { Absences } from "./absences.ts";
import { type Asked, tagOf, unknownManifest } from "./asked.ts";
import { Budgets } from "./budgets.ts";
import { type Candidate, candidatesOf, choose, type Chosen, chosenValue } from "./choose.ts";
import type { PulledManifest } from "./contract.ts";
import { reasonOf, refusal, tolerate } from "./errors.ts";
import { type Counted, Fetching, type KnownManifest, type Wanted } from "./fetching.ts";
import { isExpired } from "./expiry.ts";
import { Freshness } from "./freshness.ts";
import { knownEntries } from "./names.ts";
import type { PullerOptions } from "./puller.ts";
import { Reports } from "./reports.ts";
import { isServable, type Road, roadOf } from "./road.ts";
import { denyingRule, revisionOf } from "./rules.ts";
import type { Usage } from "./usage.ts";

/** What the cache holds of a manifest, and what is made of it. */
interface Looked {
  at: number;
  known: KnownManifest[];
  road: Road;
}

/** Manifests: from the cache, else from the first upstream that has them. */
export class Manifests {
  readonly #options: PullerOptions;
  readonly #usage: Usage;
  readonly #absences: Absences;
  readonly #fetching: Fetching;
  readonly freshness: Freshness;
  readonly #budgets: Budgets;
  readonly #flights = new FlightsAfterLook<Counted>();
  readonly #reports: Reports;

  constructor(options: PullerOptions, absences: Absences, usage: Usage) {
    this.#options = options;
    this.#usage = usage;
    this.#absences = absences;
    this.#fetching = new Fetching(options);
    this.freshness = new Freshness(options);
    this.#budgets = new Budgets(options);
    this.#reports = new Reports(options);
  }

  async pull(
    asked: Asked,
    { head, waits }: { head: boolean; waits: () => void },
  ): Promise<PulledManifest> {
    const counted = await this.#pull(asked, waits);
    this.#usage.count(counted.key, head ? 0 : 1);
    return counted;
  }

  /** See `Puller.prefetchManifest`. */
  async prefetch(asked: Asked): Promise<PulledManifest> {
    const { at, known, road } = await this.#look(asked);
    if (road.kind !== "cached") this.#budgets.require(asked, road);
    const counted =
      road.kind === "cached"
        ? this.#fetching.cached(road.entry, road.status, road.reason)
        : await this.#ask(asked, { at, known, road });
    // It is used, so that it outlives what nobody wants, and pulled by nobody.
    this.#usage.count(counted.key, 0);
    return counted;
  }

  /** Reads a tag anew, however fresh the cached copy is. */
  async refresh(asked: Asked): Promise<PulledManifest> {
    for (const { upstream, repository } of candidatesOf(
      asked.registry,
      asked.repository,
      tagOf(asked),
      [],
    ).asked) {
      this.#absences.forget(upstream, repository, referenceText(asked.reference));
    }
    return this.#flight(asked, this.#flights.moment, async () => {
      const known = await this.known(asked);
      const [best] = known;
      if (!best) return this.#walk(asked, known);
      this.freshness.hasten(best);
      return this.#check(asked, best, known);
    });
  }

  /** What the cache holds of it, without what has expired or rules keep from being pulled: shown copies first, then by position. */
  async known({ registry, repository, reference }: Asked): Promise<KnownManifest[]> {
    const tag = reference.kind === "tag" ? reference.tag : undefined;
    const found = await knownEntries(registry, repository, (ids, name) =>
      this.#options.cache.manifests(ids, name, referenceText(reference)),
    );
    const now = this.#options.clock.now();
    const open = found.filter(
      (entry) => !isExpired(entry, now) && !denyingRule(entry.upstream, entry.repository, tag),
    );
    return open.length > 1
      ? open.sort((a, b) => Number(isServable(b)) - Number(isServable(a)))
      : open;
  }

  async #pull(asked: Asked, waits: () => void): Promise<Counted> {
    const at = this.#flights.moment;
    const known = await this.known(asked);
    const road = roadOf(asked, known, this.freshness);
    switch (road.kind) {
      case "cached":
        return this.#fetching.cached(road.entry, road.status, road.reason);
      case "check behind":
        this.#askBehind(asked, { at, known, road }, road.entry);
        return this.#fetching.cached(road.entry, "stale", "being checked");
      default:
        waits();
        return this.#ask(asked, { at, known, road });
    }
  }

  async #look(asked: Asked): Promise<Looked> {
    const at = this.#flights.moment;
    const known = await this.known(asked);
    return { at, known, road: roadOf(asked, known, this.freshness) };
  }

  /** What is not to be had from the cache; from there all the same where somebody has brought it meanwhile. */
  #ask(asked: Asked, looked: Looked): Promise<Counted> {
    return this.#flight(asked, looked.at, async (isOld) => {
      const { known, road } = isOld ? await this.#look(asked) : looked;
      if (road.kind === "walk") return this.#walk(asked, known);
      if (road.kind !== "cached") return this.#check(asked, road.entry, known);
      return this.#fetching.cached(road.entry, road.status, road.reason);
    });
  }

  #askBehind(asked: Asked, looked: Looked, { upstream }: KnownManifest): void {
    this.#ask(asked, looked).catch((error: unknown) => {
      const fields = { upstream: upstream.name, code: failureCode(error) };
      this.#options.log.warn("check behind a stale answer failed", fields);
    });
  }

  /** One check or one walk for all who wait; who is in the same registry has the same rights. */
  async #flight(
    { registry, repository, reference, marks }: Asked,
    lookedAt: number,
    work: (isOld: boolean) => Promise<Counted>,
  ): Promise<Counted> {
    const versions = `${registry.ask} ${registry.onUnsure} ${registry.upstreams.map(revisionOf).join()}`;
    // What other servers ask for flies alone: in a ring, two flights would wait for each other.
    const through = marks.join();
    const key = `${registry.id} ${versions} ${repository} ${referenceText(reference)} ${through}`;
    try {
      return await this.#flights.do(key, lookedAt, work);
    } catch (error) {
      throw refusal(error);
    }
  }

  /** A tag whose time is over: its own upstream says whether it still stands. */
  async #check(asked: Asked, entry: KnownManifest, known: KnownManifest[]): Promise<Counted> {
    const { cache, clock, log, checkTimeoutMs } = this.#options;
    const deadline = clock.elapsed() + checkTimeoutMs;
    const verdict = await this.freshness.judge(entry, entry.upstream, asked);
    switch (verdict.kind) {
      case "same": {
        const checkedAt = clock.now();
        await tolerate(log, "check was not noted", cache.confirm(entry.id, checkedAt));
        return this.#fetching.cached({ ...entry, checkedAt }, "revalidated");
      }
      case "keep":
        if (verdict.failed) this.freshness.postpone(entry);
        if (verdict.missing)
          this.#reports.gone(asked, entry, "tag is gone at its upstream, the copy is kept");
        return this.#fetching.cached(entry, "stale", verdict.reason);
      case "gone":
        await tolerate(log, "entry was not deleted", cache.deleteEntry(entry.id));
        this.#reports.gone(asked, entry, "tag is gone at its upstream");
        return this.#walk(
          asked,
          known.filter((other) => other !== entry),
        );
      case "changed":
        return this.#replace(asked, entry, deadline);
    }
  }

  /** Fetched anew from its own upstream; while there is a good copy, for no longer than a check may take. */
  async #replace(asked: Asked, entry: KnownManifest, deadline: number): Promise<Counted> {
    if (!isServable(entry)) return this.#walk(asked, [entry]);
    const { clock } = this.#options;
    const fetching = this.#fetching.bring(entry, asked);
    // A refresh that fails, or is late, never shortens the life of a good copy; a late one goes on behind.
    const late = Promise.withResolvers<"timeout">();
    const timer = clock.after(Math.max(0, deadline - clock.elapsed()), () =>
      late.resolve("timeout"),
    );
    const outcome = fetching.then((fetched) => fetched ?? "absent at its upstream", reasonOf);
    const first = await Promise.race([outcome, late.promise]);
    timer.cancel();
    if (typeof first !== "string") return first;
    this.freshness.postpone(entry);
    return this.#fetching.cached(entry, "stale", first);
  }

  async #walk(asked: Asked, known: KnownManifest[]): Promise<Counted> {
    const chosen = await this.#choose(asked, known);
    const found = chosenValue(chosen);
    if (!found) throw unknownManifest(asked);
    void this.#reports.holders(asked, known, chosen);
    return found;
  }

  /** The upstreams in order, those first whose manifest named the digest. */
  async #choose(asked: Asked, known: KnownManifest[]): Promise<Chosen<Counted>> {
    const { registry, repository, reference } = asked;
    const first = known.map(({ upstream }) => upstream);
    const candidates = candidatesOf(registry, repository, tagOf(asked), first);
    return choose(registry, candidates, this.#absences, {
      reference: referenceText(reference),
      ask: async (candidate) => {
        const entry = known.find(({ upstream }) => upstream === candidate.upstream);
        const shown = entry && (await this.#fetching.show(entry, asked));
        return shown ?? this.#fetching.bring({ ...candidate, digest: entry?.digest }, asked);
      },
      probe: (candidate) => this.probe(candidate, asked),
    });
  }

  async probe({ upstream, repository }: Candidate, { reference, marks }: Wanted): Promise<boolean> {
    const { client, checkTimeoutMs } = this.#options;
    const said = await client.checkManifest(upstream, repository, reference, checkTimeoutMs, marks);
    return said.found;
  }
}
