import { type ReservedSQL, SQL } from "bun";

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
