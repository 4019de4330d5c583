import { type RawBuilder, sql, type Transaction } from "kysely";
import type { Digest } from "../oci/digest.ts";
import type { ChildKind } from "../oci/manifest.ts";
import { filledUp } from "./filled-up.ts";
import type { Db, Schema } from "./schema.ts";

type Tx = Transaction<Schema>;

/** Said by the adapter of an engine on which several transactions write at once. */
export interface Contended {
  readonly isContended: true;
}

/** Whether others may be writing beside this transaction, so that what it works with has to be locked. */
export function isContended(tx: Db): boolean {
  return "isContended" in tx.getExecutor().adapter;
}

/** The number of a lock that is taken by name. */
export const lockKey = (name: string): RawBuilder<unknown> =>
  sql`hashtextextended(current_schema() || ' weir ' || ${name}, 0)`;

/** Whose turn it is: see `shareUpstream`. */
export const turnName = (upstreamId: number) => `upstream ${upstreamId}`;

/** SQL: shares the turn of this name. */
export const sharedTurn = (name: string): RawBuilder<unknown> =>
  sql`pg_advisory_xact_lock_shared(${lockKey(name)})`;

/**
 * Until the end of this transaction the upstream is not changed, and nothing of it is given up. Those who share it go on side
 * by side. Row locks have no queue: who shares a row overtakes those who wait to have it alone, for ever where there are many.
 * This one has: whoever comes later waits behind them. So it comes before all rows, and of several the lowest id first.
 */
export async function shareUpstream(tx: Tx, id: number): Promise<void> {
  if (isContended(tx)) await sql`select ${sharedTurn(turnName(id))}`.execute(tx);
}

/** Whoever stores what this upstream has given, as it was, has done so by now, or does not do so any more. */
export async function lockUpstream(tx: Tx, id: number): Promise<void> {
  if (!isContended(tx)) return;
  await sql`select pg_advisory_xact_lock(${lockKey(turnName(id))})`.execute(tx);
  // Servers of the version before this one know of nothing but the row.
  await tx.selectFrom("upstreams").select("id").where("id", "=", id).forUpdate().execute();
}

/** The same for several. */
export async function lockUpstreams(tx: Tx, ids: readonly number[]): Promise<void> {
  for (const id of ids.toSorted((a, b) => a - b)) await lockUpstream(tx, id);
}

const tables = { blob: "blobs", manifest: "manifests" } as const;

/**
 * Whoever changes who needs some content has it to himself. Who does so for much of it, one after the other, takes all of it
 * before, in the order in which everybody does: blobs first, then by digest.
 */
export async function lockContents(
  tx: Db,
  contents: readonly { kind: ChildKind; digest: Digest }[],
): Promise<void> {
  if (!isContended(tx)) return;
  for (const kind of ["blob", "manifest"] as const) {
    const digests = contents.flatMap((one) => (one.kind === kind ? [one.digest] : []));
    if (digests.length === 0) continue;
    const rows = tx
      .selectFrom(tables[kind])
      .select("digest")
      .where("digest", "in", filledUp(digests));
    await rows.orderBy("digest").forNoKeyUpdate().execute();
  }
}
