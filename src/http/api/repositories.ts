import { z } from "@hono/zod-openapi";
import { repositoryJson } from "./browse.ts";
import { cachedRepository, repositoryFilter } from "./browse-fields.ts";
import { type Api, endpoint } from "./endpoint.ts";
import { idParams } from "./fields.ts";
import type { ApiOptions } from "./options.ts";
import { pageHeaders, pageOptions, pageQuery, searchWords } from "./pages.ts";
import { requireSight } from "./purges.ts";

/** What an upstream's cache entries are of. */
export function repositoryEndpoints(api: Api, { management, externalUrl }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: "/virtual_registries/container/upstreams/{id}/repositories",
      summary: "List the repositories of which something is cached, in order of name",
      action: "read_registry",
      params: idParams,
      query: z.strictObject({ ...pageQuery, search: searchWords, after: repositoryFilter }),
      answer: z.array(cachedRepository),
      status: 200,
    },
    async ({ params, query, granted, require, path }) => {
      const upstream = granted(await management.upstreams.get(params.id));
      await requireSight(management, upstream, require);
      const wanted = { ...pageOptions(query, query.search), after: query.after };
      const page = await management.entries.repositories(upstream.id, wanted);
      const headers = pageHeaders(new URL(path, externalUrl), wanted, page);
      return { body: page.items.map(repositoryJson), headers };
    },
  );
}
