import { sql } from "kysely";
import { yieldTurn } from "../../lib/clock.ts";
import type { ChildKind } from "../../oci/manifest.ts";
import type { EntryKind } from "../management/contract.ts";
import type { Db } from "../schema.ts";
import { bucketSize } from "./buckets.ts";
import { type CachePlace, EntrySearch, type Found } from "./entry-search.ts";

/** With more of them, words are looked for by their grams instead of in all of their paths. */
const maxWalked = 10_000;

/** To read so many costs hardly more than to count them. */
const fewPassed = 256;

/** Runs of references, in order. A tag has no colon, and every digest one behind its algorithm. */
interface Run {
  kind: ChildKind;
  from: string;
  /** The first one beyond it. */
  to: string;
}
const manifests = (from: string, to: string): Run => ({ kind: "manifest", from, to });
/** Comes behind all that a reference is written with. */
const beyond = "\x7f";
const runs: Record<EntryKind, readonly Run[]> = {
  tag: [manifests("", "sha256:"), manifests("sha256;", "sha512:"), manifests("sha512;", beyond)],
  digest: [manifests("sha256:", "sha256;"), manifests("sha512:", "sha512;")],
  blob: [{ kind: "blob", from: "", to: beyond }],
};

interface Wanted extends CachePlace {
  words: readonly string[];
  isDescending: boolean;
  offset: number;
  limit: number;
}

interface Passed {
  /** How many of them can be seen. */
  seen: number;
  last: string | undefined;
  /** There is nothing behind them. */
  isWhole: boolean;
}

interface Row {
  id: number;
  reference: string;
  proof: string;
  status: string;
}

/** The entries of one repository in the order of their keys: its tags, what it has by digest, its blobs. */
export class RepositoryEntries {
  constructor(
    readonly db: Db,
    readonly search = new EntrySearch(db),
  ) {}

  async find(wanted: Wanted): Promise<Found> {
    const counted = await this.#counted(wanted);
    const all = counted?.[wanted.kind ?? "all"] ?? 0;
    const words = wanted.words.map((word) => word.toLowerCase());
    if (words.length > 0 && all > maxWalked) return this.search.find({ ...wanted, only: wanted });
    const needed = words.length > 0 ? all : Math.min(all, wanted.offset + wanted.limit);
    const { ids, found } = await this.#walk({ ...wanted, words }, needed);
    return { ids, total: words.length > 0 ? found : all };
  }

  /** Until so many were seen: what is only named lies between them. */
  async #walk(wanted: Wanted, needed: number): Promise<{ ids: number[]; found: number }> {
    const ids: number[] = [];
    let [found, seen] = [0, 0];
    for (const run of runsOf(wanted)) {
      const passed = await this.#passOver(wanted, run, wanted.offset - found);
      let { last } = passed;
      found += passed.seen;
      seen += passed.seen;
      let step = Math.min(bucketSize, needed - seen);
      while (seen < needed && !passed.isWhole) {
        const rows = await this.#next(wanted, run, last, step);
        for (const { id, reference, proof, status } of rows) {
          last = reference;
          if (proof !== "shown" || status !== "default") continue;
          seen++;
          if (!hasWords(wanted, run, reference)) continue;
          if (found >= wanted.offset && ids.length < wanted.limit) ids.push(id);
          found++;
        }
        if (rows.length < step) break;
        step = Math.min(bucketSize, step * 2);
        await yieldTurn();
      }
    }
    return { ids, found };
  }

  /** What no page needs is not read, but counted where it is: at most so many that can be seen. */
  async #passOver(wanted: Wanted, run: Run, most: number): Promise<Passed> {
    const passed: Passed = { seen: 0, last: undefined, isWhole: false };
    if (wanted.words.length > 0) return passed;
    while (most - passed.seen > fewPassed) {
      const step = Math.min(bucketSize, most - passed.seen);
      const { rows, shown, first, last } = await this.db
        .selectFrom(this.#run(wanted, run, passed.last, step).as("some"))
        .select((eb) => [
          eb.fn.countAll<number>().as("rows"),
          eb.fn.min("reference").as("first"),
          eb.fn.max("reference").as("last"),
          sql<number>`coalesce(sum(case when proof = 'shown' and status = 'default' then 1 else 0 end), 0)`.as(
            "shown",
          ),
        ])
        .executeTakeFirstOrThrow();
      passed.seen += shown;
      passed.last = wanted.isDescending ? first : last;
      passed.isWhole = rows < step;
      if (passed.isWhole) break;
      await yieldTurn();
    }
    return passed;
  }

  #next(wanted: Wanted, run: Run, last: string | undefined, limit: number): Promise<Row[]> {
    return this.#run(wanted, run, last, limit).execute();
  }

  /** The next ones of a run, behind that reference. */
  #run(
    { cacheId, repository, isDescending }: Wanted,
    { kind, from, to }: Run,
    last: string | undefined,
    limit: number,
  ) {
    let query = this.db
      .selectFrom("cache_entries as e")
      .select(["e.id", "e.reference", "e.proof", "e.status"])
      .where("e.upstream_id", "=", cacheId)
      .where("e.repository", "=", repository)
      .where("e.kind", "=", kind);
    query =
      last === undefined || isDescending
        ? query.where("e.reference", ">=", from)
        : query.where("e.reference", ">", last);
    query = query.where("e.reference", "<", isDescending && last !== undefined ? last : to);
    return query.orderBy("e.reference", isDescending ? "desc" : "asc").limit(limit);
  }

  async #counted({ cacheId, repository }: CachePlace) {
    const row = await this.db
      .selectFrom("repository_counts")
      .select(["entries", "tags", "digests"])
      .where("upstream_id", "=", cacheId)
      .where("repository", "=", repository)
      .executeTakeFirst();
    if (!row) return undefined;
    const { entries: all, tags: tag, digests: digest } = row;
    return { all, tag, digest, blob: all - tag - digest };
  }
}

function runsOf({ kind, isDescending }: Wanted): readonly Run[] {
  const all = kind ? runs[kind] : [...runs.tag, ...runs.digest, ...runs.blob];
  return isDescending ? all.toReversed() : all;
}

function hasWords({ repository, words }: Wanted, { kind }: Run, reference: string): boolean {
  if (words.length === 0) return true;
  const path = `/${repository}/${kind}s/${reference}`.toLowerCase();
  return words.every((word) => path.includes(word));
}
