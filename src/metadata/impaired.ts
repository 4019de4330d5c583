import { yieldTurn } from "../lib/clock.ts";
import type { Changes } from "./changes.ts";
import type { Passwords } from "./passwords.ts";
import type { Db } from "./schema.ts";

/** Upstreams that are looked at before others have their turn. */
const perTurn = 500;

type Holder = Parameters<Passwords["opens"]>[0];

interface Looked {
  url: string;
  sealed: Holder["sealed_password"];
  opens: boolean;
}

/**
 * How many passwords of upstreams stay closed with this secret key. When something has been changed all are looked at again,
 * and those opened that are not what they were: the generation rises for much that has nothing to do with them.
 */
export class ClosedPasswords {
  #generation = -1;
  #looked: ReadonlyMap<number, Looked> = new Map();
  #count = 0;

  constructor(
    readonly probe: Db,
    readonly changes: Changes,
    readonly passwords: Passwords,
  ) {}

  async told(): Promise<string | undefined> {
    const generation = await this.changes.generation();
    if (generation !== this.#generation) {
      this.#looked = await this.#look();
      this.#count = this.#looked.values().reduce((sum, { opens }) => sum + (opens ? 0 : 1), 0);
      this.#generation = generation;
    }
    if (this.#count === 0) return undefined;
    return `the secret key does not open the passwords of upstreams (${this.#count})`;
  }

  async #look(): Promise<Map<number, Looked>> {
    const looked = new Map<number, Looked>();
    for (let last = 0; ;) {
      const rows = await this.#after(last);
      for (const row of rows) looked.set(row.id, await this.#lookAt(row));
      last = rows.at(-1)?.id ?? last;
      if (rows.length < perTurn) return looked;
      await yieldTurn();
    }
  }

  async #lookAt(row: Holder): Promise<Looked> {
    const { id, url, sealed_password: sealed } = row;
    const known = this.#looked.get(id);
    if (known?.sealed === sealed && known?.url === url) return known;
    return { url, sealed, opens: await this.passwords.opens(row) };
  }

  #after(id: number) {
    return this.probe
      .selectFrom("upstreams")
      .select(["id", "name", "url", "sealed_password"])
      .where("sealed_password", "is not", null)
      .where("id", ">", id)
      .orderBy("id")
      .limit(perTurn)
      .execute();
  }
}
