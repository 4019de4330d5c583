import { type RawBuilder, sql } from "kysely";

/** Bytes are texts here, `\x` and hexadecimal digits, as PostgreSQL reads them. */
export type Value = string | number | null;
export type Row = Record<string, Value>;
/** Of a primary key, in its order. */
export type Key = readonly Value[];

export interface Shape {
  table: string;
  /** Those that are stored. */
  columns: readonly string[];
  /** Those among them that hold bytes. */
  bytes: readonly string[];
  /** Those of the primary key, in its order. */
  key: readonly string[];
}

/** Rows behind the one key up to the other, and with that; undefined: from the first one, to the last. */
export interface Range {
  after: Key | undefined;
  upto: Key | undefined;
}

/** Rows of a source, each as JSON, in order of their keys, and the range of which they are all. */
export interface Page extends Range {
  rows: readonly string[];
}

export const namesOf = (columns: readonly string[]) =>
  sql.join(columns.map((name) => sql.ref(name)));

/** What a row of ours has, by the engine's words for bytes. */
export const columnsOf = (
  { table, columns, bytes }: Shape,
  hexOf: (column: RawBuilder<unknown>) => RawBuilder<unknown>,
) =>
  sql.join(
    columns.map((name) => {
      const column = sql.ref(`${table}.${name}`);
      return bytes.includes(name) ? sql`${hexOf(column)} as ${sql.ref(name)}` : column;
    }),
  );

/** A condition that both engines decide by the index of the primary key. */
export function within({ key }: Shape, { after, upto }: Range): RawBuilder<unknown> {
  const names = namesOf(key);
  const behind = after ? sql`(${names}) > (${sql.join([...after])})` : sql`true`;
  return upto ? sql`${behind} and (${names}) <= (${sql.join([...upto])})` : behind;
}

/** The same for the same rows, whoever reads them. */
export function digestOf({ rows }: Page): string {
  return new Bun.CryptoHasher("sha256").update(rows.join("\n")).digest("hex");
}

export const isSameKey = (one: Key | undefined, other: Key | undefined) =>
  JSON.stringify(one) === JSON.stringify(other);

/** How the rows of a range that were copied before, each as JSON, differ from those of the page. */
export function difference({ rows }: Page, copied: readonly string[]) {
  const missing = new Set(rows);
  const stale = copied.filter((row) => !missing.delete(row));
  return { missing: [...missing], stale };
}
