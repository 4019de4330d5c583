import { type RawBuilder, sql, type Transaction } from "kysely";
import { cacheOf, doubtedCaches } from "./caches.ts";
import { Kept } from "./kept.ts";
import type { Db, Schema } from "./schema.ts";
import { inTransaction } from "./transactions.ts";
import { isContended, sharedTurn, turnName } from "./turns.ts";

type Tx = Transaction<Schema>;

/** What an upstream has given. */
interface Given {
  groupId: number;
  upstreamId: number;
  /** As it was when it was asked. */
  upstreamVersion: number;
}

interface Present {
  id: number;
  cache_epoch: number;
  doubted_epoch: number;
}

/** Transactions that store what upstreams have given. */
export class Publishing {
  readonly #present: Kept<Present>;
  readonly #hasTurns: boolean;

  constructor(readonly db: Db) {
    this.#hasTurns = isContended(db);
    this.#present = Kept.of(db, this.#hasTurns ? presentInTurn : present);
  }

  /**
   * One transaction, in which the upstream is still the one that was asked; else nothing is written. What is written is filed
   * under its cache; `doubted` are the caches that may have more of the same. Undefined where nothing was.
   */
  run<T extends Given, R>(
    object: T,
    write: (tx: Tx, filed: T, doubted: readonly number[]) => Promise<R>,
  ): Promise<R | undefined> {
    const { upstreamId, upstreamVersion, groupId } = object;
    const turn = this.#hasTurns ? [turnName(upstreamId)] : [];
    return inTransaction(this.db, async (tx) => {
      const asked = [...turn, upstreamId, groupId, upstreamVersion];
      const [found] = (await this.#present.run(tx, asked)).rows;
      if (!found) return undefined;
      return write(tx, { ...object, upstreamId: cacheOf(found) }, doubtedCaches(found));
    });
  }
}

const present: RawBuilder<Present> = sql`
  select id, cache_epoch, doubted_epoch from upstreams
  where id = ${0} and group_id = ${0} and version = ${0}`;

/**
 * The turn, and behind it the row: whoever is about to change it waits for this, or this for him. One statement sees what was
 * there when it began, before it waited; but a row that it locks it looks at again, as that is by then.
 */
const presentInTurn: RawBuilder<Present> = sql`
  with turn as (select ${sharedTurn("")})
  select u.id, u.cache_epoch, u.doubted_epoch from turn cross join upstreams as u
  where u.id = ${0} and u.group_id = ${0} and u.version = ${0}
  for share of u`;
