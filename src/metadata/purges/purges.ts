import { type Selectable, sql, type Transaction } from "kysely";
import { type Clock, giveWay } from "../../lib/clock.ts";
import type { Changes } from "../changes.ts";
import type { Db, PurgesTable, Schema } from "../schema.ts";
import type { PurgePreview, Purges, PurgeSelection } from "./contract.ts";
import { previewOf } from "./preview.ts";
import { patternTest, prefixOf, seenPerStep } from "./selection.ts";
import { type Position, type Walk, walkToRemove } from "./walk.ts";

type Tx = Transaction<Schema>;
type Purge = Selectable<PurgesTable>;

/** How many entries a step deletes at least, and at most. */
const [leastFound, mostFound] = [25, 100];
/** A list can be as large as thousands of entries. */
const maxLists = 50;
/** So many steps somebody waits for: what is not more than some thousand entries is gone when a purge is answered. */
const stepsAtOnce = 60;

/** Where a purge has come to: its lists go first. */
type Progress = { lists: Position } | { entries: Position };

/** `Purges` on any engine. */
export class SqlPurges implements Purges {
  /** How many entries a step deletes, by what the latest ones have taken: those of a cold disk take far longer. */
  #atOnce = leastFound;

  constructor(
    readonly db: Db,
    readonly changes: Changes,
    readonly clock: Clock,
    /** How long a step should take at most. */
    readonly stepMs: number,
  ) {}

  async step(): Promise<number | undefined> {
    const oldest = await this.db
      .selectFrom("purges")
      .select("id")
      .orderBy("id")
      .limit(1)
      .executeTakeFirst();
    return oldest && (await this.#stepOf(oldest.id))?.removed;
  }

  async pending(): Promise<number> {
    const { count } = await this.db
      .selectFrom("purges")
      .select((eb) => eb.fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    return count;
  }

  /** Carries these purges out, as far as somebody should wait for it. */
  async begin(ids: readonly number[]): Promise<void> {
    let left = stepsAtOnce;
    for (const id of ids) {
      for (let isOver = false; !isOver && left > 0; left--) {
        const started = this.clock.elapsed();
        isOver = (await this.#stepOf(id))?.isOver ?? true;
        await giveWay(isOver ? 0 : this.clock.elapsed() - started);
      }
    }
  }

  preview(upstreamIds: readonly number[], selection: PurgeSelection): Promise<PurgePreview> {
    const { pattern, includePinned } = selection;
    return previewOf(this.db, upstreamIds, {
      prefix: prefixOf(pattern),
      matches: patternTest(pattern),
      keepPinned: !includePinned,
      maxSeen: seenPerStep(pattern),
    });
  }

  /** Undefined where another has finished it. */
  async #stepOf(id: number): Promise<Step | undefined> {
    let started = 0;
    // Not what it has waited for others: for who else changes something, then for who stores something of the upstream.
    const begins = () => {
      started = this.clock.elapsed();
    };
    const step = await this.changes.run(async (tx, changed) => {
      begins();
      const step = await stepIn(tx, id, { most: this.#atOnce, begins });
      // Until here what is remembered may be served; it would cost more to have it forgotten at each step.
      if (step?.isOver) changed();
      return step;
    });
    const took = this.clock.elapsed() - started;
    if (took > this.stepMs) this.#atOnce = Math.max(leastFound, this.#atOnce / 2);
    else if (took < this.stepMs / 2) this.#atOnce = Math.min(mostFound, this.#atOnce * 2);
    return step;
  }
}

/** How many entries go at most, and who is told when the wait for the upstream's turn is over. */
interface Pace {
  most: number;
  begins: () => void;
}

interface Step {
  removed: number;
  isOver: boolean;
}

/** With its note of where the purge has come to. */
async function stepIn(tx: Tx, id: number, pace: Pace): Promise<Step | undefined> {
  // The write makes it ours, on every engine.
  const purge = await tx
    .updateTable("purges")
    .set((eb) => ({ removed: eb.ref("removed") }))
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirst();
  if (!purge) return undefined;
  const { removed, next } = await advance(tx, purge, pace);
  if (!next) {
    await tx.deleteFrom("purges").where("id", "=", id).execute();
    return { removed, isOver: true };
  }
  await tx
    .updateTable("purges")
    .set({ position: JSON.stringify(next), removed: purge.removed + removed })
    .where("id", "=", id)
    .execute();
  return { removed, isOver: false };
}

/** Gives up the next ones. `next` is undefined at the end. */
async function advance(
  tx: Tx,
  purge: Purge,
  pace: Pace,
): Promise<{ removed: number; next: Progress | undefined }> {
  const progress = progressOf(purge);
  if ("lists" in progress) {
    const lists = await removeLists(tx, purge, progress.lists);
    return { removed: 0, next: lists ? { lists } : { entries: undefined } };
  }
  const { removed, position } = await removeEntries(tx, purge, progress.entries, pace);
  return { removed, next: position && { entries: position } };
}

function progressOf({ position }: Purge): Progress {
  return position === null ? { lists: undefined } : (JSON.parse(position) as Progress);
}

async function removeEntries(tx: Tx, purge: Purge, after: Position, { most, begins }: Pace) {
  const isMeant = patternTest(purge.pattern ?? undefined);
  const keepPinned = purge.include_pinned === 0;
  const looked: Walk = {
    cacheId: purge.upstream_id,
    after,
    prefix: prefixOf(purge.pattern ?? undefined),
    matches: (row) => row.id <= purge.last_id && isMeant(row),
    keepPinned,
    maxSeen: seenPerStep(purge.pattern ?? undefined),
    maxFound: most,
  };
  const { found, position } = await walkToRemove(tx, looked, begins);
  const removed = await removeFound(
    tx,
    found.map(({ id }) => id),
    keepPinned,
  );
  return { removed, position };
}

/** How many of them there were still. One that was pinned this moment stays. */
export async function removeFound(
  tx: Tx,
  ids: readonly number[],
  keepPinned: boolean,
): Promise<number> {
  if (ids.length === 0) return 0;
  let query = tx.deleteFrom("cache_entries").where("id", "in", ids);
  if (keepPinned) query = query.where("pinned", "=", 0);
  const { numDeletedRows } = await query.executeTakeFirst();
  return Number(numDeletedRows);
}

/** Where it has come to; undefined at the end. */
async function removeLists(tx: Tx, purge: Purge, after: Position): Promise<Position> {
  let query = tx
    .selectFrom("lists")
    .select(["id", "repository", "kind", "subject"])
    .where("upstream_id", "=", purge.upstream_id);
  if (after) {
    const [repository, kind, subject] = after;
    const key = sql`(repository, kind, subject)`;
    query = query.where(sql<boolean>`${key} > (${repository}, ${kind}, ${subject})`);
  }
  const rows = await query
    .orderBy("repository")
    .orderBy("kind")
    .orderBy("subject")
    .limit(maxLists)
    .execute();
  const isMeant = patternTest(purge.pattern ?? undefined);
  const ids = rows.flatMap(({ id, repository, subject }) =>
    isMeant({ repository, reference: subject }) ? [id] : [],
  );
  if (ids.length > 0) await tx.deleteFrom("lists").where("id", "in", ids).execute();
  const last = rows.at(-1);
  if (!last || rows.length < maxLists) return undefined;
  return [last.repository, last.kind, last.subject];
}
