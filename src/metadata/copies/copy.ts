import type { Digest } from "../../oci/digest.ts";
import { MetadataError } from "../contract.ts";
import type { CopyProgress, CopyReport, DatabaseCopy } from "./contract.ts";
import type { Part } from "./parts.ts";
import { digestOf, type Page, type Shape } from "./rows.ts";
import { CopySource } from "./source.ts";
import { CopyTarget, type CopyTargetOptions } from "./target.ts";

/** Rows of one transaction. Fewer where they are large: one manifest may have 4 MiB. */
const usual = { least: 2, most: 500 };
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
   * First what was copied before: after that, whatever the target has the source has too. A row that could not come since
   * another had its name still, in a part that was not looked at yet, comes behind with all that is new.
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
    const report: CopyReport = { tables: shapes.length, rows: 0, copied: 0, putOff: 0 };
    let compared = 0;
    const bring = async (part: Part) => {
      let collided = 0;
      for await (const { rows, copied } of this.#bring(shapeOf(part), part)) {
        if (copied === undefined) collided += rows;
        else report.rows += rows;
        report.copied += copied ?? 0;
        progress({ compared, copied: report.copied });
      }
      return collided;
    };
    for await (const part of this.target.filled()) {
      await bring(part);
      compared += part.rows ?? 0;
      progress({ compared, copied: report.copied });
    }
    for await (const part of this.target.unsettled()) report.putOff += await bring(part);
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

  /** By pages, how many rows they have, and how many were written: undefined where they collide with others. */
  async *#bring(
    shape: Shape,
    part: Part,
  ): AsyncGenerator<{ rows: number; copied: number | undefined }> {
    const limit = (page?: Page) => {
      if (page) this.#limits.set(shape.table, this.#sizedTo(page));
      const known = this.#limits.get(shape.table) ?? this.rowsAtOnce.least;
      if (page || part.rows === undefined) return known;
      // What fitted before is not cut in two for a few rows more.
      return Math.max(known, part.rows + Math.max(this.rowsAtOnce.least, part.rows >> 4));
    };
    let left = part;
    for await (const page of this.source.pages(shape, part, limit)) {
      const rows = page.rows.length;
      const isSame = page.after === part.after && part.digest === digestOf(page);
      const { copied, rest } = isSame
        ? { copied: 0, rest: undefined }
        : await this.target.settle(shape, left, page);
      yield { rows, copied };
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
