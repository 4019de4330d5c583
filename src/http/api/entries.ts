import { z } from "@hono/zod-openapi";
import { removed } from "./changes.ts";
import { type Api, endpoint } from "./endpoint.ts";
import { badRequest } from "./errors.ts";
import { idParams, cacheEntry } from "./fields.ts";
import type { ApiOptions } from "./options.ts";
import { pageHeaders, pageOptions, pageQuery, searchWords } from "./pages.ts";
import { entryJson, parseEntryId } from "./represent.ts";

/** Endpoints 19 and 20. */
export function entryEndpoints(api: Api, options: ApiOptions): void {
  listEntries(api, options);
  deleteEntry(api, options);
}

function listEntries(api: Api, { management, externalUrl }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: "/virtual_registries/container/upstreams/{id}/cache_entries",
      summary: "List what is cached of an upstream, the newest first",
      action: "read_registry",
      params: idParams,
      query: z.strictObject({ ...pageQuery, search: searchWords }),
      answer: z.array(cacheEntry),
      status: 200,
    },
    async ({ params, query, granted, require, path }) => {
      const { id, verifiedGroup } = granted(await management.upstreams.get(params.id));
      if (verifiedGroup !== undefined) {
        const group = await management.group({ path: verifiedGroup });
        require("read_verified_upstream", { kind: "group", lineage: group?.lineage ?? [] });
      }
      const wanted = pageOptions(query, query.search);
      const page = await management.entries.list(id, wanted);
      const headers = pageHeaders(new URL(path, externalUrl), wanted, page);
      return { body: page.items.map(entryJson), headers };
    },
  );
}

function deleteEntry(api: Api, { management }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "delete",
      conditional: true,
      path: "/virtual_registries/container/cache_entries/{id}",
      summary: "Give up a cache entry",
      action: "purge_registry",
      params: z.strictObject({ id: z.string().openapi({ example: "NDIgMTUxNw==" }) }),
      status: 204,
    },
    async ({ params, granted, condition, author }) => {
      const asked = parseEntryId(params.id);
      if (!asked) throw badRequest("id is invalid");
      const entry = await management.entries.get(asked.id);
      const { id } = granted(entry?.groupId === asked.groupId ? entry : undefined);
      return removed(await management.by(author).entries.remove(id, condition()));
    },
  );
}
