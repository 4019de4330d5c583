import type { Compilable, CompiledQuery } from "kysely";
import type { Db } from "./schema.ts";

/**
 * A query that is compiled once: compiling takes several times as long as running it. Its parameters stand in the order of
 * its text.
 */
export class Kept<Row> {
  readonly #compiled: CompiledQuery<Row>;

  /** What `query` is built with is replaced each time. */
  constructor(query: Compilable<Row>) {
    this.#compiled = query.compile();
  }

  /** `db`: that for which the query was built, or a transaction of it. */
  async rows(db: Db, parameters: readonly unknown[]): Promise<Row[]> {
    const { rows } = await db.executeQuery<Row>({ ...this.#compiled, parameters });
    return rows;
  }
}
