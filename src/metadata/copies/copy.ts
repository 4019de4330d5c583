import type { Digest } from "../../oci/digest.ts";
import { MetadataError } from "../contract.ts";
import { sqliteWords } from "../sqlite/open.ts";
import { tablesInOrder } from "../tables.ts";
import type { CopyReport, DatabaseCopy } from "./contract.ts";
import { CopySource, type Row, type Value } from "./source.ts";
import { CopyTarget, type CopyTargetOptions } from "./target.ts";

/** Rows of one transaction. Fewer where they are large: one manifest may have 4 MiB. */
const rowsAtOnce = { least: 16, most: 500 };
const bytesAtOnce = 2 << 20;

/** The database of a data folder, copied into an empty one of PostgreSQL. */
export class PostgresCopy implements DatabaseCopy {
  private constructor(
    readonly source: CopySource,
    readonly target: CopyTarget,
  ) {}

  /** Throws a `MetadataError` (`in_use`) while a server has the file. */
  static open(file: string, target: CopyTargetOptions): PostgresCopy {
    return new PostgresCopy(CopySource.open(file), new CopyTarget(target));
  }

  /** Throws a `MetadataError` where nothing could be copied there. */
  static async look(options: CopyTargetOptions): Promise<void> {
    const target = new CopyTarget(options);
    try {
      await target.look();
    } finally {
      await target.close();
    }
  }

  async run(progress: (rows: number) => void): Promise<CopyReport> {
    const { source, target } = this;
    const tables = await tablesInOrder(source.db, sqliteWords);
    const noted = await target.begin(source.mark);
    const report: CopyReport = { tables: tables.length, rows: 0 };
    const first = noted ? tables.indexOf(noted.table) : 0;
    for (const table of tables.slice(first)) {
      const after = table === noted?.table ? noted.after : undefined;
      await this.#copy(table, after, (rows) => progress((report.rows += rows)));
    }
    return report;
  }

  async finish(lost: readonly Digest[]): Promise<void> {
    for (const table of await tablesInOrder(this.source.db, sqliteWords)) {
      const [there, here] = [await this.source.count(table), await this.target.count(table)];
      if (there === here) continue;
      const text = `${table} has ${there} rows, its copy ${here}: the copy is not used; drop the target database, make it anew, and run weir migrate again`;
      throw new MetadataError("damaged", text);
    }
    await this.target.finish(await this.source.lastIds(), lost);
  }

  async close(): Promise<void> {
    await this.target.close();
    await this.source.close();
  }

  async #copy(
    table: string,
    from: Value[] | undefined,
    copied: (rows: number) => void,
  ): Promise<void> {
    const shape = await this.source.shapeOf(table);
    let after = from;
    let limit = rowsAtOnce.least;
    for (;;) {
      const rows = await this.source.rows(table, shape, after, limit);
      const isFirst = after === undefined;
      const last = rows.at(-1);
      if (last) after = shape.key.map((name) => last[name] ?? null);
      if (isFirst || last) await this.target.write(table, shape.columns, rows, { isFirst, after });
      if (!last) return;
      copied(rows.length);
      limit = sizedTo(rows);
    }
  }
}

/** As many as fit into a transaction when they are like these. */
function sizedTo(rows: readonly Row[]): number {
  const sizes = rows.flatMap((row) => Object.values(row).map(sizeOf));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const fitting = Math.floor((rows.length * bytesAtOnce) / bytes);
  return Math.min(Math.max(fitting, rowsAtOnce.least), rowsAtOnce.most);
}

const sizeOf = (value: Value) =>
  typeof value === "string" || value instanceof Uint8Array ? value.length + 8 : 8;
