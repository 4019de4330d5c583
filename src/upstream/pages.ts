import type { Answer } from "./answer.ts";
import { failure } from "./failure.ts";
import { nextLink } from "./link.ts";

/** What a list may amount to at most; beyond it the upstream is unsure: a part of a list must not pass for all of it. */
export interface PageBounds {
  pages: number;
  /** Of one page. */
  pageBytes: number;
  /** Of all pages. */
  bytes: number;
}

const maxLinkHeader = 8192;

/** Asks for one page by its query; undefined where there is no list at all. */
export type AskPage = (query: string) => Promise<Answer | undefined>;

/**
 * Reads a list page by page, as far as `Link` leads on: at the address that was asked and no other, never to a page that
 * was read before (security S43). `take` gets the body of each. False where there is no list.
 */
export async function readPages(
  upstream: string,
  ask: AskPage,
  first: string,
  bounds: PageBounds,
  take: (payload: Uint8Array) => void,
): Promise<boolean> {
  const seen = new Set<string>();
  let bytes = 0;
  for (let query: string | undefined = first; query !== undefined;) {
    const answer = await ask(query);
    if (!answer && seen.size === 0) return false;
    if (!answer) throw failure("invalid", upstream, "lost the rest of its list");
    seen.add(query);
    const payload = await answer.bytes(Math.min(bounds.pageBytes, bounds.bytes - bytes));
    bytes += payload.length;
    take(payload);
    query = nextQuery(answer);
    if (query === undefined) break;
    if (seen.has(query)) throw failure("invalid", upstream, "leads back to a page of its list");
    if (seen.size === bounds.pages) throw failure("invalid", upstream, "has a list without an end");
  }
  return true;
}

/** The query of the next page. Only that is taken from a link, so that it is asked for where the first one was. */
function nextQuery({ headers, url, upstream }: Answer): string | undefined {
  const header = headers.get("link");
  if (header === null) return undefined;
  if (header.length > maxLinkHeader) {
    throw failure("invalid", upstream, "has a page whose links are too long");
  }
  const link = nextLink(header);
  if (link === undefined) return undefined;
  const next = URL.parse(link, url);
  if (next?.origin !== url.origin || next.pathname !== url.pathname) {
    throw failure("invalid", upstream, "goes on with its list at another address");
  }
  return next.search;
}
