import type { Digest } from "../../oci/digest.ts";
import { MetadataError } from "../contract.ts";
import type { CopyProgress, CopyReport, DatabaseCopy } from "./contract.ts";
import type { Part } from "./parts.ts";
import { digestOf, type Page, type Shape } from "./rows.ts";
import { CopySource } from "./source.ts";
import { CopyTarget, type CopyTargetOptions } from "./target.ts";

/** Rows of one transaction. Fewer where they are large: one manifest may have 4 MiB. */
const usual = { least: 16, most: 500 };
const textAtOnce = 2 << 20;

export interface CopyOptions {
  /** To be finished: no server has the source meanwhile. */
  alone: boolean;
  rowsAtOnce?: { least: number; most: number };
}

/** The database of a data folder, copied into an empty one of PostgreSQL. */
export class PostgresCopy implements DatabaseCopy {
  /** Rows of the next transaction, by table. */
  readonly #limits = new Map<string, number>();

  private constructor(
    readonly source: CopySource,
    readonly target: CopyTarget,
    readonly rowsAtOnce: { least: number; most: number },
  ) {}

  /** Throws a `MetadataError`: `in_use` where it is to be alone, and a server has the file. */
  static open(
    file: string,
    target: CopyTargetOptions,
    { alone, rowsAtOnce = usual }: CopyOptions,
  ): PostgresCopy {
    return new PostgresCopy(CopySource.open(file, { alone }), new CopyTarget(target), rowsAtOnce);
  }

  /** Whether a copy was begun there. Throws a `MetadataError` where none could be. */
  static async look(options: CopyTargetOptions): Promise<"empty" | "unfinished"> {
    const target = new CopyTarget(options);
    try {
      return await target.look();
    } finally {
      await target.close();
    }
  }

  /**
   * What differs goes before anything comes: a row that is no more would keep out the one that has its name now.
   */
  async run(progress: (done: CopyProgress) => void): Promise<CopyReport> {
    const shapes = await this.source.shapes();
    const byTable = new Map(shapes.map((shape) => [shape.table, shape]));
    const shapeOf = ({ table }: Part) => {
      const shape = byTable.get(table);
      if (!shape) throw new Error(`there is no table ${table}`);
      return shape;
    };
    await this.target.begin(shapes);
    const done = { compared: 0, copied: 0 };
    const report: CopyReport = { tables: shapes.length, rows: 0, copied: 0, putOff: 0 };
    for await (const part of this.target.filled()) {
      report.rows += await this.#compare(shapeOf(part), part);
      done.compared += part.rows ?? 0;
      progress(done);
    }
    for await (const part of this.target.unsettled()) {
      for await (const { copied, putOff, rows } of this.#settle(shapeOf(part), part)) {
        report.rows += rows - putOff;
        report.putOff += putOff;
        report.copied = done.copied += copied;
        progress(done);
      }
    }
    return report;
  }

  async finish(lost: readonly Digest[]): Promise<void> {
    const { source, target } = this;
    const unlike = await target.unlike();
    for (const { table } of await source.shapes()) {
      const [there, here] = [await source.count(table), await target.count(table)];
      if (there === here && !unlike.includes(table)) continue;
      const text = `${table} has ${there} rows, its copy ${here}: the copy is not used; drop the target database, make it anew, and run weir migrate again`;
      throw new MetadataError("damaged", text);
    }
    await target.finish(await source.lastIds(), lost);
  }

  async close(): Promise<void> {
    await this.target.close();
    await this.source.close();
  }

  /** How many rows are still what they were; those that are not are gone then. */
  async #compare(shape: Shape, part: Part): Promise<number> {
    const limit = (page?: Page) => (page ? this.rowsAtOnce.most : (part.rows ?? 0) + 1);
    for await (const page of this.source.pages(shape, part, limit)) {
      const isFirst = page.after === part.after;
      if (isFirst && part.digest === digestOf(page)) return page.rows.length;
      await this.target.prune(shape, part, page);
    }
    return 0;
  }

  async *#settle(shape: Shape, part: Part) {
    const limit = (page?: Page) => {
      if (page) this.#limits.set(shape.table, this.#sizedTo(page));
      const known = this.#limits.get(shape.table) ?? this.rowsAtOnce.least;
      // What fitted before is not cut in two for a few rows more.
      return page ? known : Math.max(known, (part.rows ?? 0) + this.rowsAtOnce.least);
    };
    let left = part;
    for await (const page of this.source.pages(shape, part, limit)) {
      const { copied, rest } = await this.target.settle(shape, left, page);
      const rows = page.rows.length;
      yield { rows, copied: copied ?? 0, putOff: copied === undefined ? rows : 0 };
      if (rest) left = rest;
    }
  }
  /** As many as fit into a transaction when they are like these. */
  #sizedTo({ rows }: Page): number {
    const { least, most } = this.rowsAtOnce;
    const size = rows.reduce((sum, { length }) => sum + length, 0);
    return Math.min(Math.max(Math.floor((rows.length * textAtOnce) / size), least), most);
  }
}
