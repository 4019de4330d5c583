import { z } from "@hono/zod-openapi";
import type { Page, PageOptions } from "../../metadata/contract.ts";

const maxPerPage = 100;
const maxWords = 10;
/** Of more than `most`, so many. */
const count = (most: number) =>
  z
    .string()
    .regex(/^0*[1-9]\d{0,8}$/)
    .transform((text) => Math.min(Number(text), most))
    .optional()
    .openapi({ type: "integer", minimum: 1, maximum: 999_999_999 });

/** Query parameters of every list that comes in pages. */
export const pageQuery = { page: count(1_000_000), per_page: count(maxPerPage) };

/** Words to search for, separated by blanks. */
export const searchWords = z
  .string()
  .max(255)
  .transform((text) => text.split(/\s+/).filter(Boolean).slice(0, maxWords))
  .optional()
  .openapi({ type: "string" });

export function pageOptions(
  {
    page = 1,
    per_page: perPage = 20,
  }: { page?: number | undefined; per_page?: number | undefined },
  words: readonly string[] = [],
): PageOptions {
  return { page, perPage, words };
}

/** A page of those of the items whose text has all words in it, in whatever case. */
export function pageOf<T>(
  items: readonly T[],
  { words, page, perPage }: PageOptions,
  text: (item: T) => string,
): Page<T> {
  const wanted = words.map((word) => word.toLowerCase());
  const found = items.filter((item) => {
    const own = text(item).toLowerCase();
    return wanted.every((word) => own.includes(word));
  });
  return { items: found.slice((page - 1) * perPage, page * perPage), total: found.length };
}

/**
 * Where the page stands among the others; `url` is that of the list as clients see it, with its query. Without a total, what
 * tells of it is left out, and a full page is taken for one with another behind it.
 */
export function pageHeaders(
  url: URL,
  { page, perPage }: PageOptions,
  { items, total }: { items: readonly unknown[]; total: number | undefined },
): Record<string, string> {
  const last = total === undefined ? undefined : Math.max(1, Math.ceil(total / perPage));
  const before = page > 1 ? Math.min(page - 1, last ?? page) : undefined;
  const hasMore = last === undefined ? items.length === perPage : page < last;
  const after = hasMore ? page + 1 : undefined;
  const link = (to: number | undefined, rel: string) => {
    if (to === undefined) return [];
    const target = new URL(url);
    target.searchParams.set("page", String(to));
    target.searchParams.set("per_page", String(perPage));
    return [`<${target.href}>; rel="${rel}"`];
  };
  const links = [link(before, "prev"), link(after, "next"), link(1, "first"), link(last, "last")];
  return {
    "X-Page": String(page),
    "X-Per-Page": String(perPage),
    "X-Prev-Page": String(before ?? ""),
    "X-Next-Page": String(after ?? ""),
    ...(last !== undefined && { "X-Total": String(total), "X-Total-Pages": String(last) }),
    Link: links.flat().join(", "),
  };
}
