import { ApiError } from "../../api/errors.ts";

/** What is written one a line, or parted by blanks or commas; each once. */
export function linesOf(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter(Boolean))];
}

/** What is said of one in a list (`images[2]`) comes to stand at the field of the list, with what it is said of. */
export function ofLists(error: unknown, sent: Readonly<Record<string, unknown>>): unknown {
  if (!(error instanceof ApiError)) return error;
  const fields: Record<string, string[]> = {};
  for (const [name, texts] of Object.entries(error.fields)) {
    const [, list = name, index] = /^(\w+)\[(\d+)\]$/.exec(name) ?? [];
    const one: unknown = index === undefined ? undefined : (sent[list] as unknown[])[Number(index)];
    const said = texts.map((text) => (typeof one === "string" ? `“${one}” ${text}` : text));
    fields[list] = [...(fields[list] ?? []), ...said];
  }
  const { status, message, requestId, retryAfterSeconds } = error;
  return new ApiError(status, message, fields, requestId, retryAfterSeconds);
}
