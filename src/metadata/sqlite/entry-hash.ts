/**
 * A hash of repository and reference, by which entries are looked up: a page of the database holds several times as many of
 * them as of names, and with ten million entries the pages that lead to one are in no cache of the processor. SQLite computes
 * it where an index needs it, and we where we ask. Names may share one: text decides.
 *
 * Indexes that are there are made of these constants: a change of any needs a migration that makes them anew.
 */

/** Of the repository, so that an image is stored in few places of the index, and of the reference behind that: six bytes there. */
const halfBits = 23;
/** `factor` times this, and six bytes, are exact together in a double. */
const modulus = 2 ** 31 - 1;
const factor = 1_000_003;
const chunkBytes = 6;

/** Where chunks of a text begin, from its end where that is negative: all of most names and tags, both ends of any. */
const starts = [0, 6, 12, 18, -24, -18, -12, -6];

const halfSql = (column: string) =>
  `${starts
    .map((start) => chunkSql(column, start))
    .reduce(
      (sum, chunk) => `(${sum} * ${factor} + ${chunk}) % ${modulus}`,
      "0",
    )} % ${2 ** halfBits}`;

/** As a number in hexadecimal digits, which SQL has none of but JSON5 has. The first character of bytes is the first. */
function chunkSql(column: string, start: number): string {
  const from = start < 0 ? start : start + 1;
  return `json_extract('0x0' || hex(substr(cast(${column} as blob), ${from}, ${chunkBytes})), '$')`;
}

/** SQL: the hash. Of columns of these names; never fails, whatever text they hold. */
export const entryHashSql = `${halfSql("repository")} * ${2 ** halfBits} + ${halfSql("reference")}`;

/** The hash of this name. */
export const entryHash = (repository: string, reference: string): number =>
  half(repository) * 2 ** halfBits + half(reference);

function half(text: string): number {
  const bytes = isAscii(text) ? text : Buffer.from(text).toString("latin1");
  let sum = 0;
  for (const start of starts) sum = (sum * factor + chunk(bytes, start)) % modulus;
  return sum % 2 ** halfBits;
}

// oxlint-disable-next-line no-control-regex
const isAscii = (text: string) => /^[\x00-\x7f]*$/.test(text);

/** `bytes`: each a character. */
function chunk(bytes: string, start: number): number {
  const from = start < 0 ? bytes.length + start : start;
  const end = Math.min(bytes.length, from + chunkBytes);
  let number = 0;
  for (let i = Math.max(0, from); i < end; i++) number = number * 256 + bytes.charCodeAt(i);
  return number;
}
