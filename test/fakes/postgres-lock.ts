import { type ReservedSQL, SQL } from "bun";
import { until } from "./until.ts";

/** Another client of the database in the middle of a transaction. */
export class OtherTransaction {
  private constructor(
    readonly client: SQL,
    readonly link: ReservedSQL,
  ) {}

  static async begin(url: string): Promise<OtherTransaction> {
    const client = new SQL(url, { max: 1 });
    const other = new OtherTransaction(client, await client.reserve());
    await other.run("begin");
    return other;
  }

  async run(text: string): Promise<void> {
    await this.link.unsafe(text);
  }

  async end(how: "commit" | "rollback"): Promise<void> {
    await this.run(how);
    await this.link.release();
    await this.client.close();
  }
}

/** Until so many wait for a lock of the database. */
export function waits(
  database: { query(text: string): Promise<Record<string, unknown>[]> },
  count = 1,
): Promise<void> {
  return until(async () => {
    const rows = await database.query(
      "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    return rows.length >= count;
  });
}
