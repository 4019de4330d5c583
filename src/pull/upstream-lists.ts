import { FlightsAfterLook } from "../lib/flights-after-look.ts";
import { LruMap } from "../lib/lru.ts";
import { failureCode } from "../lib/log.ts";
import type { ListKey, Upstream } from "../metadata/contract.ts";
import { UpstreamError } from "../upstream/contract.ts";
import { Absences } from "./absences.ts";
import type { Candidate, Said } from "./choose.ts";
import { tolerate } from "./errors.ts";
import {
  flightKeyOf,
  type HeldList,
  keyOf,
  type ListForm,
  type ListPart,
  type ListWalk,
  referenceOf,
  type WantedList,
} from "./list-form.ts";
import type { PullerOptions } from "./puller.ts";
import { hourMs } from "./validity.ts";

const maxPostponed = 10_000;

/**
 * Lists of one kind, each from the cache or from its upstream. An empty one is remembered as briefly as an absence, and
 * like it in memory alone: some upstreams have an empty list of whatever one asks for.
 */
export class UpstreamLists<T> {
  readonly #options: PullerOptions;
  readonly #form: ListForm<T>;
  readonly #absences: Absences;
  readonly #empties: Absences;
  readonly #flights = new FlightsAfterLook<Said<ListPart<T>>>();
  /** Until when, by `Clock.elapsed`, an upstream is not asked again, and how it failed. */
  readonly #postponed = new LruMap<string, { until: number; error: UpstreamError | undefined }>(
    maxPostponed,
  );

  constructor(options: PullerOptions, form: ListForm<T>) {
    this.#options = options;
    this.#form = form;
    this.#absences = new Absences(options.clock, options.absentMs);
    this.#empties = new Absences(options.clock, options.absentMs);
  }

  /** Runs `work`, from its look-up of what is here to the storing of what is not. */
  async walk<R>(work: (walk: ListWalk) => Promise<R>): Promise<R> {
    const over = Promise.withResolvers<void>();
    try {
      return await work({ lookedAt: this.#flights.moment, over: over.promise });
    } finally {
      over.resolve();
    }
  }

  /**
   * What the upstream has. One that failed a moment ago is not asked again where that is not the only hope (`isSpared`), or
   * where its own older list is here.
   */
  async part(
    wanted: WantedList,
    held: HeldList | undefined,
    isSpared: boolean,
  ): Promise<Said<ListPart<T>>> {
    if (held) return this.#held(wanted, held);
    const { upstream, repository, key } = wanted;
    const reference = referenceOf(key);
    if (this.#absences.has(upstream, repository, reference)) return { says: "absent" };
    if (this.#empties.has(upstream, repository, reference)) {
      return found({ items: [], status: "hit", checkedAt: this.#options.clock.now(), keep });
    }
    const error = isSpared ? this.#postponement(wanted)?.error : undefined;
    if (error) return { says: "unsure", error };
    wanted.waits();
    return this.#fetch(wanted, wanted.walk.over);
  }

  /** What is remembered of these is gone by no longer. */
  forget({ upstream, repository }: Candidate, key: ListKey): void {
    this.#absences.forget(upstream, repository, referenceOf(key));
    this.#empties.forget(upstream, repository, referenceOf(key));
    this.#postponed.delete(keyOf({ upstream, repository, key }));
    // What comes of one that is under way is from before.
    this.#flights.leave(flightKeyOf({ upstream, repository, key, marks: [] }));
  }

  async #held(wanted: WantedList, held: HeldList): Promise<Said<ListPart<T>>> {
    const { upstream } = wanted;
    if (this.#isFresh(held)) return this.#cached(held, "hit");
    if (this.#postponement(wanted)) return this.#cached(held, "stale", "check postponed");
    const over = Promise.withResolvers<void>();
    const settled = this.#fetch(wanted, over.promise)
      .then((said) => this.#settle(wanted, held, said))
      .finally(() => over.resolve());
    if (upstream.staleWhileRevalidate) {
      this.#leave(settled, upstream);
      return this.#cached(held, "stale", "being checked");
    }
    wanted.waits();
    return this.#inTime(settled, wanted, held);
  }

  #isFresh({ checkedAt, upstream }: HeldList): boolean {
    const age = Math.abs(this.#options.clock.now() - checkedAt);
    return age < this.#form.validityMs(upstream);
  }

  /** The outcome of a check if it comes in time; a late one goes on behind. */
  async #inTime(
    settled: Promise<Said<ListPart<T>>>,
    wanted: WantedList,
    held: HeldList,
  ): Promise<Said<ListPart<T>>> {
    const { clock, checkTimeoutMs } = this.#options;
    const late = Promise.withResolvers<undefined>();
    const timer = clock.after(checkTimeoutMs, () => late.resolve(undefined));
    try {
      const outcome = await Promise.race([settled, late.promise]);
      if (outcome) return outcome;
    } finally {
      timer.cancel();
    }
    this.#postpone(wanted, undefined);
    this.#leave(settled, wanted.upstream);
    return this.#cached(held, "stale", "timeout");
  }

  #leave(settled: Promise<unknown>, { name }: Upstream): void {
    settled.catch((error: unknown) => {
      const fields = { upstream: name, code: failureCode(error) };
      this.#options.log.warn("check of a list behind its answer failed", fields);
    });
  }

  /** What an answer makes of the list that is here: a failure never shortens its life. */
  async #settle(
    wanted: WantedList,
    held: HeldList,
    said: Said<ListPart<T>>,
  ): Promise<Said<ListPart<T>>> {
    const { lists, log } = this.#options;
    if (said.says === "found") {
      if (said.value.items.length > 0) await said.value.keep();
      else await tolerate(log, "list was not deleted", lists.delete(held.id));
      return said;
    }
    const isDenied = said.says === "unsure" && said.error.reason === "denied";
    if (said.says === "absent" || isDenied) {
      // For a while that may be a mistake, for long it is not.
      const age = this.#options.clock.now() - held.checkedAt;
      if (age > wanted.upstream.staleIfAbsentHours * hourMs) {
        await tolerate(log, "list was not deleted", lists.delete(held.id));
        return said;
      }
    }
    this.#postpone(wanted, said.says === "unsure" ? said.error : undefined);
    const reason = said.says === "absent" ? "absent at its upstream" : said.error.reason;
    return this.#cached(held, "stale", reason);
  }

  /**
   * One call for all who wait, and for those who come before it is `over`: that is when a list which has come is stored, or
   * will not be.
   */
  #fetch(wanted: WantedList, over: Promise<void>): Promise<Said<ListPart<T>>> {
    const fetching = async (isOld: boolean) =>
      (isOld ? await this.#brought(wanted) : undefined) ?? (await this.#ask(wanted));
    const { lookedAt } = wanted.walk;
    return this.#flights.do(flightKeyOf(wanted), lookedAt, fetching, (said) =>
      said.says === "found" && said.value.items.length > 0 ? over : undefined,
    );
  }

  /** What somebody else has stored meanwhile. */
  async #brought(wanted: WantedList): Promise<Said<ListPart<T>> | undefined> {
    const { upstream, repository, key } = wanted;
    const [list] = await this.#options.lists.find([upstream.id], repository, key);
    if (!list) return undefined;
    const held = { ...list, upstream };
    return this.#isFresh(held) ? this.#cached(held, "hit") : undefined;
  }

  async #ask(wanted: WantedList): Promise<Said<ListPart<T>>> {
    const { upstream, repository } = wanted;
    const reference = referenceOf(wanted.key);
    try {
      const items = await this.#form.ask(wanted);
      if (!items) {
        this.#absences.note(upstream, repository, reference);
        return { says: "absent" };
      }
      this.#postponed.delete(keyOf(wanted));
      if (items.length === 0) this.#empties.note(upstream, repository, reference);
      return found(this.#fetched(wanted, items));
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      this.#postpone(wanted, error);
      return { says: "unsure", error };
    }
  }

  #fetched(wanted: WantedList, items: T[]): ListPart<T> {
    const checkedAt = this.#options.clock.now();
    let stored: Promise<void> | undefined;
    const keepIt = () => (stored ??= this.#store(wanted, items, checkedAt));
    return { items, status: "miss", checkedAt, keep: items.length > 0 ? keepIt : keep };
  }

  /** A database that cannot take it costs the cache a list, not the client its answer. */
  async #store(wanted: WantedList, items: T[], now: number): Promise<void> {
    const { upstream, repository, key } = wanted;
    const { cache, lists, log } = this.#options;
    const { id: upstreamId, groupId, version: upstreamVersion } = upstream;
    const owner = { groupId, upstreamId, upstreamVersion, repository, now };
    const content = this.#form.encode(items);
    await tolerate(log, "list was not stored", lists.store({ ...owner, key, content }));
    const objects = this.#form.names(items);
    if (objects.length === 0) return;
    await tolerate(log, "objects were not named", cache.name({ ...owner, objects }));
  }

  #cached(held: HeldList, status: "hit" | "stale", reason?: string): Said<ListPart<T>> {
    const items = this.#form.decode(held.content);
    const { checkedAt } = held;
    return found({ items, status, checkedAt, ...(reason && { reason }), keep });
  }

  #postpone(wanted: WantedList, error: UpstreamError | undefined): void {
    const until = this.#options.clock.elapsed() + this.#options.recheckMs;
    this.#postponed.set(keyOf(wanted), { until, error });
  }

  #postponement(wanted: WantedList): { error: UpstreamError | undefined } | undefined {
    const postponed = this.#postponed.get(keyOf(wanted));
    return postponed && this.#options.clock.elapsed() < postponed.until ? postponed : undefined;
  }
}

const keep = async () => {};

function found<T>(value: ListPart<T>): Said<ListPart<T>> {
  return { says: "found", value };
}
