import { sql } from "kysely";
import type { Log } from "../../lib/log.ts";
import type { Db } from "../schema.ts";

/** Whether the database takes no changes, as a standby does not: noticed by whoever asks, and said once when it begins and ends. */
export class ReadOnly {
  #was = false;

  constructor(
    readonly probe: Db,
    readonly log: Log,
  ) {}

  async told(): Promise<string | undefined> {
    const asked = sql<{ is: string }>`select current_setting('transaction_read_only') as is`;
    const { rows } = await asked.execute(this.probe);
    const is = rows[0]?.is === "on";
    if (is && !this.#was) this.log.warn("the database takes no changes: it is read-only");
    if (!is && this.#was) this.log.info("the database takes changes again");
    this.#was = is;
    return is ? "takes no changes: it is read-only" : undefined;
  }
}
