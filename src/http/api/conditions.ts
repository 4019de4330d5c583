import { z } from "@hono/zod-openapi";
import { type Condition, tagOf } from "../../metadata/contract.ts";
import { badRequest, preconditionFailed } from "./errors.ts";

/** What `Date.parse` alone takes is almost anything. */
const httpDate = /^\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const maxHeader = 4096;
const entityTag = /^(W\/)?"([\x21\x23-\x7e]*)"$/;

const listOfTags = String.raw`^(?:\*|(?:W/)?"[!#-~]*"(?:, ?(?:W/)?"[!#-~]*")*)$`;
const dateForm =
  "^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?:0[1-9]|[12][0-9]|3[01]) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [0-9]{4} (?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9] GMT$";

/** As they stand in the document. */
export const conditionHeaders = z.object({
  "If-Match": z
    .string()
    .optional()
    .openapi({ description: "an `ETag`: 412 where it is another now", pattern: listOfTags }),
  "If-Unmodified-Since": z
    .string()
    .optional()
    .openapi({ description: "an HTTP date: 412 where it was changed later", pattern: dateForm }),
});

/** From `If-Match`, which counts alone where it is given, or `If-Unmodified-Since` (RFC 9110, sections 13.1.1 and 13.1.4). */
export function readCondition(headers: Headers): Condition {
  const tags = readTags(headers.get("if-match"));
  const unmodifiedSince = readDate(headers.get("if-unmodified-since"));
  return tags === undefined ? { unmodifiedSince } : { unmodifiedSince: undefined, tags };
}

/** Undefined where there are none, or any will do; a weak one is like none that there is. */
function readTags(header: string | null): string[] | undefined {
  if (header === null || header.trim() === "*") return undefined;
  if (header.length > maxHeader) throw badRequest("If-Match is too long");
  return header.split(",").flatMap((part) => {
    const [found, weak, tag = ""] = entityTag.exec(part.trim()) ?? [];
    if (found === undefined) throw badRequest('If-Match is not a list of entity tags, as in "abc"');
    return weak === undefined ? tag : [];
  });
}

function readDate(header: string | null): number | undefined {
  if (header === null) return undefined;
  const unmodifiedSince = httpDate.test(header) ? Date.parse(header) : Number.NaN;
  if (Number.isNaN(unmodifiedSince)) throw badRequest("If-Unmodified-Since is not an HTTP date");
  return unmodifiedSince;
}

/** For what has neither a tag nor a time of change: no tag is its own, and a date is not asked (RFC 9110, 13.1.4). */
export function requireNoTag(headers: Headers): void {
  if (readCondition(headers).tags) throw preconditionFailed();
}

/** The tag of a record, for the one who means to change it. */
export const tagged = (record: object) => ({ ETag: `"${tagOf(record)}"` });
