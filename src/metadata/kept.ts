import type { Compilable, CompiledQuery, QueryResult, RawBuilder } from "kysely";
import type { Digest } from "../oci/digest.ts";
import type { Db } from "./schema.ts";

/** Stands for a digest in what a query is built with. */
export const someDigest = "sha256:" as Digest;

/**
 * A query that is compiled once: compiling takes some times as long as running it. The values that it is built with are
 * never used: its parameters, in the order of its text, come with each run.
 */
export class Kept<Row> {
  readonly #compiled: CompiledQuery<Row>;

  constructor(query: Compilable<Row>) {
    this.#compiled = query.compile();
  }

  /** One that is written in SQL. */
  static of<Row>(db: Db, statement: RawBuilder<Row>): Kept<Row> {
    return new Kept({ compile: () => statement.compile(db) });
  }

  /** `db`: the one that it was built for, or a transaction of that. */
  run(db: Db, parameters: readonly unknown[]): Promise<QueryResult<Row>> {
    return db.executeQuery<Row>({ ...this.#compiled, parameters });
  }

  /** How many rows it has changed. */
  async change(db: Db, parameters: readonly unknown[]): Promise<number> {
    const { numAffectedRows = 0n } = await this.run(db, parameters);
    return Number(numAffectedRows);
  }
}
