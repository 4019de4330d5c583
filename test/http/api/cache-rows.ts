import * as zod from "../../../src/http/api/entry-fields.ts";
import * as browse from "../../../src/http/api/browse-fields.ts";
import type { Row } from "./row.ts";
import { base } from "./world.ts";

/** What is cached, with entries of upstream 1. */
export const cacheRows: Record<string, Row> = {
  "19 list cache entries": {
    method: "GET",
    path: `${base}/upstreams/1/cache_entries?search=alpine`,
    unknown: `${base}/upstreams/999/cache_entries`,
    foreign: `${base}/upstreams/3/cache_entries`,
    ok: 200,
    shape: zod.cacheEntry.array().length(2),
  },
  "list what is cached by repository": {
    method: "GET",
    path: `${base}/upstreams/1/repositories?search=alpine`,
    unknown: `${base}/upstreams/999/repositories`,
    foreign: `${base}/upstreams/3/repositories`,
    ok: 200,
    shape: browse.cachedRepository.array().length(1),
  },
  "get a cache entry": {
    method: "GET",
    path: `${base}/cache_entries/${btoa("1 1")}`,
    unknown: `${base}/cache_entries/${btoa("1 999")}`,
    foreign: `${base}/cache_entries/${btoa("2 1")}`,
    ok: 200,
    shape: browse.cacheEntryDetail,
  },
  "20 delete a cache entry": {
    method: "DELETE",
    path: `${base}/cache_entries/${btoa("1 1")}`,
    unknown: `${base}/cache_entries/${btoa("1 999")}`,
    foreign: `${base}/cache_entries/${btoa("2 1")}`,
    ok: 204,
  },
  "preview what emptying an upstream's cache gives up": {
    method: "GET",
    path: `${base}/upstreams/1/cache?pattern=library/*`,
    unknown: `${base}/upstreams/999/cache`,
    foreign: `${base}/upstreams/3/cache`,
    ok: 200,
    shape: zod.purgePreview,
  },
  "preview what emptying a registry's cache gives up": {
    method: "GET",
    path: `${base}/registries/1/cache`,
    unknown: `${base}/registries/999/cache`,
    foreign: `${base}/registries/2/cache`,
    ok: 200,
    shape: zod.purgePreview,
  },
  "pin an entry": {
    method: "POST",
    path: `${base}/cache_entries/${btoa("1 1")}/pin`,
    unknown: `${base}/cache_entries/${btoa("1 999")}/pin`,
    foreign: `${base}/cache_entries/${btoa("2 1")}/pin`,
    ok: 200,
    shape: zod.cacheEntry,
  },
  "unpin an entry": {
    method: "DELETE",
    path: `${base}/cache_entries/${btoa("1 1")}/pin`,
    unknown: `${base}/cache_entries/${btoa("1 999")}/pin`,
    foreign: `${base}/cache_entries/${btoa("2 1")}/pin`,
    ok: 204,
  },
};
