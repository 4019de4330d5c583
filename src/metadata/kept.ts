import type { Compilable, CompiledQuery, QueryResult } from "kysely";
import type { Db } from "./schema.ts";

/**
 * A query that is compiled once: compiling takes some times as long as running it. The values that it is built with are
 * never used: its parameters, in the order of its text, come with each run.
 */
export class Kept<Row> {
  readonly #compiled: CompiledQuery<Row>;

  constructor(query: Compilable<Row>) {
    this.#compiled = query.compile();
  }

  /** `db`: the one that it was built for, or a transaction of that. */
  run(db: Db, parameters: readonly unknown[]): Promise<QueryResult<Row>> {
    return db.executeQuery<Row>({ ...this.#compiled, parameters });
  }
}
