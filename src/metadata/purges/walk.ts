import { type Selectable, sql, type Transaction } from "kysely";
import { cachesBeside, upstreamOfCache } from "../caches.ts";
import { childrenOf } from "../nested.ts";
import type { CacheEntriesTable, Db, Schema } from "../schema.ts";
import { lockUpstream } from "../turns.ts";

type Row = Pick<
  Selectable<CacheEntriesTable>,
  | "id"
  | "repository"
  | "kind"
  | "reference"
  | "relative_path"
  | "digest"
  | "proof"
  | "size"
  | "downloaded_at"
  | "pinned"
>;
export type WalkedEntry = Row;

/** The key of the entry that was looked at last; undefined: none was. */
export type Position = readonly [repository: string, kind: string, reference: string] | undefined;

export interface Walk {
  /** See `caches.ts`. */
  cacheId: number;
  after: Position;
  /** Repositories that do not begin so are not looked at. */
  prefix: string;
  /** Whether it is one of those that are looked for. */
  matches: (row: Row) => boolean;
  /** What is pinned, and what that needs, is passed over. */
  keepPinned: boolean;
  /** How many are looked at, and how many found, at most. */
  maxSeen: number;
  maxFound: number;
}

export interface Walked {
  found: Row[];
  /** Undefined: this was the end. */
  position: Position;
}

/** Looks through the next entries of a cache, in the order of their keys. */
export async function walk(db: Db, wanted: Walk): Promise<Walked> {
  const { candidates, position } = await look(db, wanted);
  if (!wanted.keepPinned || candidates.length === 0) return { found: candidates, position };
  const isKept = await keptByPins(db, wanted.cacheId, candidates);
  return { found: candidates.filter((row) => !isKept(row)), position };
}

/** Reads no more at a time than may be wanted: most patterns are for all that is read, or for nothing of it. */
async function look(db: Db, wanted: Walk): Promise<{ candidates: Row[]; position: Position }> {
  const { maxSeen, maxFound, matches } = wanted;
  const candidates: Row[] = [];
  let after = wanted.after;
  for (let seen = 0; seen < maxSeen;) {
    const most = Math.min(maxFound, maxSeen - seen);
    const rows = await next(db, { ...wanted, after }, most);
    for (const row of rows) {
      seen++;
      after = keyOf(row);
      if (matches(row) && candidates.push(row) === maxFound) return { candidates, position: after };
    }
    if (rows.length < most) return { candidates, position: undefined };
  }
  return { candidates, position: after };
}

/**
 * The same for who gives them up in this transaction: nobody stores anything of the upstream meanwhile, and those that are
 * found are still so, and stay so, whatever others are doing to them. Says when it has waited for its turn.
 */
export async function walkToRemove(
  tx: Transaction<Schema>,
  wanted: Walk,
  begins = () => {},
): Promise<Walked> {
  await lockUpstream(tx, upstreamOfCache(wanted.cacheId));
  begins();
  const { found, position } = await walk(tx, wanted);
  if (found.length === 0) return { found, position };
  const ids = found.map(({ id }) => id);
  const rows = await rowsOf(tx).where("id", "in", ids).orderBy("id").forUpdate().execute();
  const held = new Map(rows.map((row) => [row.id, row]));
  const present = ids.flatMap((id) => held.get(id) ?? []);
  const isPassedOver = ({ pinned }: Row) => wanted.keepPinned && pinned === 1;
  return { found: present.filter((row) => wanted.matches(row) && !isPassedOver(row)), position };
}

const keyOf = ({ repository, kind, reference }: Row): Position => [repository, kind, reference];

const rowsOf = (db: Db) =>
  db
    .selectFrom("cache_entries")
    .select(["id", "repository", "kind", "reference", "relative_path", "digest", "proof"])
    .select(["size", "downloaded_at", "pinned"]);

/** Comes behind all that a repository is written with. */
const beyond = "\x7f";

function next(db: Db, { cacheId, after, prefix }: Walk, limit: number): Promise<Row[]> {
  let query = rowsOf(db).where("upstream_id", "=", cacheId);
  if (after) {
    const [repository, kind, reference] = after;
    const key = sql`(repository, kind, reference)`;
    query = query.where(sql<boolean>`${key} > (${repository}, ${kind}, ${reference})`);
  } else if (prefix !== "") {
    query = query.where("repository", ">=", prefix);
  }
  if (prefix !== "") query = query.where("repository", "<", prefix + beyond);
  return query.orderBy("repository").orderBy("kind").orderBy("reference").limit(limit).execute();
}

/** What stays as long as something of its upstream is pinned: that itself, and the digests that it leads to within its repository. */
export async function keptByPins(
  db: Db,
  cacheId: number,
  rows: readonly Pick<Row, "repository">[],
): Promise<(row: Pick<Row, "pinned" | "repository" | "reference">) => boolean> {
  const repositories = [...new Set(rows.map(({ repository }) => repository))];
  const caches = await cachesBeside(db, cacheId);
  // In words that are found in the partial index, which would not be for parameters.
  const pinned = sql`upstream_id in (${sql.join(caches)}) and pinned = 1 and repository in (${sql.join(repositories)})`;
  const { rows: needed } = await sql<{ repository: string; digest: string }>`
    with recursive needed (repository, digest) as (
      select repository, digest from cache_entries where ${pinned}
      union
      select needed.repository, c.child_digest from needed ${childrenOf(db, "needed.digest")}
    )
    select repository, digest from needed`.execute(db);
  const keys = new Set(needed.map(({ repository, digest }) => `${repository}@${digest}`));
  return ({ pinned: isPinned, repository, reference }) =>
    isPinned === 1 || keys.has(`${repository}@${reference}`);
}
