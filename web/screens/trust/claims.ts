/** A claim and what it must be, as two fields hold them. */
export interface ClaimRow {
  claim: string;
  value: string;
}

/**
 * What a field holds for a value: a text as it is; whatever else as JSON. A text that would be read as JSON stands in quotes, so
 * that what is shown means what it says.
 */
export function valueField(value: unknown): string {
  return typeof value === "string" && parsed(value) === undefined ? value : JSON.stringify(value);
}

/** The value of a field. */
export function fieldValue(text: string): unknown {
  const json = parsed(text);
  return json === undefined ? text : json.value;
}

/** Whether it is JSON that is more than a word that could be meant as such: of `main` nobody doubts. */
function parsed(text: string): { value: unknown } | undefined {
  if (!/^\s*(?:[[{"]|true\b|false\b|null\b|-?\d)/.test(text)) return undefined;
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

export const rowsOf = (claims: Readonly<Record<string, unknown>>): ClaimRow[] =>
  Object.entries(claims).map(([claim, value]) => ({ claim, value: valueField(value) }));

/** Rows without anything in them are none. */
export function claimsOf(rows: readonly ClaimRow[]): Record<string, unknown> {
  const filled = rows.filter(({ claim, value }) => claim.trim() !== "" || value.trim() !== "");
  return Object.fromEntries(filled.map(({ claim, value }) => [claim.trim(), fieldValue(value)]));
}

/** Claims in a line, to be read. */
export const claimsText = (claims: Readonly<Record<string, unknown>>): string =>
  rowsOf(claims)
    .map(({ claim, value }) => `${claim} = ${value}`)
    .join(", ");
