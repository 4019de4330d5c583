import { z } from "@hono/zod-openapi";
import type { EntryRecord, Management } from "../../metadata/contract.ts";
import { removed } from "./changes.ts";
import { tagged } from "./conditions.ts";
import { type Api, endpoint } from "./endpoint.ts";
import { cacheEntryDetail, entryKind, entryOrder, repositoryFilter } from "./browse-fields.ts";
import { entryDetailJson } from "./browse.ts";
import { badRequest, notFound } from "./errors.ts";
import { idParams } from "./fields.ts";
import { cacheEntry } from "./entry-fields.ts";
import type { ApiOptions } from "./options.ts";
import { pageHeaders, pageOptions, pageQuery, searchWords } from "./pages.ts";
import { requireSight } from "./purges.ts";
import { entryJson, parseEntryId } from "./represent.ts";

/** Endpoints 19 and 20, details, and pins. */
export function entryEndpoints(api: Api, options: ApiOptions): void {
  listEntries(api, options);
  getEntry(api, options);
  deleteEntry(api, options);
  pinEntry(api, options);
}

function listEntries(api: Api, { management, externalUrl }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: "/virtual_registries/container/upstreams/{id}/cache_entries",
      summary:
        "List what is cached of an upstream, the newest first, or of one repository, in order of reference",
      action: "read_registry",
      params: idParams,
      query: z.strictObject({
        ...pageQuery,
        search: searchWords,
        repository: repositoryFilter,
        kind: entryKind.optional(),
        sort: entryOrder,
      }),
      answer: z.array(cacheEntry),
      status: 200,
    },
    async ({ params, query, granted, require, path }) => {
      const upstream = granted(await management.upstreams.get(params.id));
      await requireSight(management, upstream, require);
      const wanted = pageOptions(query, query.search);
      const { repository, kind, sort } = query;
      for (const name of ["kind", "sort"] as const) {
        if (query[name] !== undefined && repository === undefined) {
          throw badRequest(`${name} needs repository to be given`);
        }
      }
      const { entries } = management;
      const place = { upstreamId: upstream.id, kind };
      const page =
        repository === undefined
          ? await entries.list(upstream.id, wanted)
          : await entries.ofRepository(
              { ...place, repository },
              { ...wanted, isDescending: sort === "desc" },
            );
      const headers = pageHeaders(new URL(path, externalUrl), wanted, page);
      return { body: page.items.map(entryJson), headers };
    },
  );
}

/** In a path: opaque. */
const entryParams = z.strictObject({
  id: z
    .string()
    .openapi({ pattern: "^[A-Za-z0-9_-]+={0,2}$", maxLength: 100, example: "NDIgMTUxNw==" }),
});
const one = "/virtual_registries/container/cache_entries/{id}";

/** Undefined for an entry that is not there, or not of the group that its id tells. */
async function findEntry(
  management: Management,
  params: { id: string },
): Promise<EntryRecord | undefined> {
  const asked = parseEntryId(params.id);
  if (!asked) throw badRequest("id is invalid");
  const entry = await management.entries.get(asked.id);
  return entry?.groupId === asked.groupId ? entry : undefined;
}

function getEntry(api: Api, { management, inspector }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: one,
      summary: "A cache entry, and what its manifest leads to",
      action: "read_registry",
      params: entryParams,
      answer: cacheEntryDetail,
      tagged: true,
      status: 200,
    },
    async ({ params, granted, require }) => {
      const entry = granted(await findEntry(management, params));
      const upstream = await management.upstreams.get(entry.upstreamId);
      if (!upstream) throw notFound();
      await requireSight(management, upstream, require);
      const inspected = await inspector.inspect(entry, upstream);
      return { body: entryDetailJson(entry, inspected), headers: tagged(entry) };
    },
  );
}

function deleteEntry(api: Api, { management }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "delete",
      conditional: true,
      path: one,
      summary: "Give up a cache entry",
      action: "purge_registry",
      params: entryParams,
      status: 204,
    },
    async ({ params, granted, condition, author }) => {
      const { id } = granted(await findEntry(management, params));
      return removed(await management.by(author).entries.remove(id, condition()));
    },
  );
}

function pinEntry(api: Api, { management }: ApiOptions): void {
  const common = { path: `${one}/pin`, action: "purge_registry", params: entryParams } as const;
  endpoint(
    api,
    {
      ...common,
      method: "post",
      conditional: true,
      summary: "Pin a cache entry: no purge or policy gives it up, nor what it needs",
      answer: cacheEntry,
      tagged: true,
      status: 200,
    },
    async ({ params, granted, require, condition, author }) => {
      const { id, upstreamId } = granted(await findEntry(management, params));
      const upstream = await management.upstreams.get(upstreamId);
      if (upstream) await requireSight(management, upstream, require);
      const pinned = granted(await management.by(author).entries.pin(id, condition()));
      return { body: entryJson(pinned), headers: tagged(pinned) };
    },
  );
  endpoint(
    api,
    { ...common, method: "delete", conditional: true, summary: "Unpin a cache entry", status: 204 },
    async ({ params, granted, condition, author }) => {
      const { id } = granted(await findEntry(management, params));
      return removed(await management.by(author).entries.unpin(id, condition()));
    },
  );
}
