import { maybeTime } from "../../lib/time-text.ts";
import { z } from "@hono/zod-openapi";
import {
  type Prefetch,
  type PrefetchCounts,
  type PrefetchImage,
  prefetchSettings,
} from "../../metadata/contract.ts";
import { prefetchWorkName, usualPlatforms } from "../../work/contract.ts";
import { removed } from "./changes.ts";
import { tagged } from "./conditions.ts";
import { type Api, endpoint } from "./endpoint.ts";
import { idParams } from "./fields.ts";
import type { ApiOptions } from "./options.ts";
import { Sights } from "./sights.ts";
import { pageHeaders, pageOptions, pageQuery } from "./pages.ts";
import { prefetch, prefetchFields } from "./prefetch-fields.ts";

const ofRegistry = "/virtual_registries/container/registries/{id}/prefetches";
const one = "/virtual_registries/container/prefetches/{id}";

export function prefetchEndpoints(api: Api, options: ApiOptions): void {
  createPrefetch(api, options);
  readPrefetches(api, options);
  deletePrefetch(api, options);
  followPrefetch(api, options);
}

function createPrefetch(api: Api, { management, runner }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "post",
      path: ofRegistry,
      summary: "Bring images into a registry's cache before anybody asks for them",
      action: "prefetch_registry",
      params: idParams,
      body: prefetchFields,
      answer: prefetch,
      tagged: true,
      status: 202,
    },
    async ({ params, granted, body, author }) => {
      const { id } = granted(await management.registries.get(params.id));
      const { name, images, platforms = usualPlatforms, every_hours: hours } = await body();
      const [everyHours, called] = [hours ?? undefined, name ?? undefined];
      const settings = { name: called, images, platforms, everyHours };
      const created = granted(await management.by(author).prefetches.create(id, settings));
      await runner.wake(prefetchWorkName);
      return { body: prefetchJson(created), headers: tagged(prefetchSettings(created)) };
    },
  );
}

function readPrefetches(api: Api, { management, externalUrl }: ApiOptions): void {
  const common = { method: "get", action: "read_registry", params: idParams, status: 200 } as const;
  endpoint(
    api,
    {
      ...common,
      path: ofRegistry,
      summary: "List what is prefetched into a registry, and how far that has come",
      query: z.strictObject(pageQuery),
      answer: z.array(prefetch),
    },
    async ({ params, query, granted, path }) => {
      const { id } = granted(await management.registries.get(params.id));
      const wanted = pageOptions(query);
      const page = await management.prefetches.list(id, wanted);
      const headers = pageHeaders(new URL(path, externalUrl), wanted, page);
      return { body: page.items.map(prefetchJson), headers };
    },
  );
  endpoint(
    api,
    {
      ...common,
      path: one,
      summary: "Get a prefetch, and how far it has come",
      answer: prefetch,
      tagged: true,
    },
    async ({ params, granted }) => {
      const found = granted(await management.prefetches.get(params.id));
      return { body: prefetchJson(found), headers: tagged(prefetchSettings(found)) };
    },
  );
}

function deletePrefetch(api: Api, { management }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "delete",
      path: one,
      summary: "Delete a prefetch; a run under way ends, and what it has brought stays",
      action: "prefetch_registry",
      params: idParams,
      conditional: true,
      status: 204,
    },
    async ({ params, granted, condition, author }) => {
      const { id } = granted(await management.prefetches.get(params.id));
      return removed(await management.by(author).prefetches.remove(id, condition()));
    },
  );
}

function followPrefetch(api: Api, { management, listeners }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: `${one}/events`,
      summary: "Follow a prefetch to the end of its run, as server-sent events",
      action: "read_registry",
      params: idParams,
      download: "text/event-stream",
      status: 200,
      refusals: [429],
    },
    async ({ params, granted, caller: { userId }, still, leaves }) => {
      const { id } = granted(await management.prefetches.get(params.id));
      const see = async () => {
        const seen = await management.prefetches.get(id);
        const isOver = seen?.status === "finished" || seen?.status === "failed";
        return seen && { data: prefetchJson(seen), isOver };
      };
      return { events: listeners.listen(() => new Sights(see), { userId, still, leaves }) };
    },
  );
}

function prefetchJson(prefetch: Prefetch) {
  const { images } = prefetch;
  return {
    id: prefetch.id,
    group_id: prefetch.groupId,
    registry_id: prefetch.registryId,
    name: prefetch.name ?? null,
    platforms: prefetch.platforms,
    every_hours: prefetch.everyHours ?? null,
    status: prefetch.status,
    next_run_at: maybeTime(prefetch.nextRunAt),
    last_run_at: maybeTime(prefetch.lastRunAt),
    progress: {
      images: {
        done: images.filter(({ status }) => status !== "pending").length,
        total: images.length,
      },
      ...countsJson(sumOf(images, "done"), sumOf(images, "total")),
    },
    images: images.map(imageJson),
    created_at: maybeTime(prefetch.createdAt),
    updated_at: maybeTime(prefetch.updatedAt),
  };
}

function imageJson({ image, status, reason, digest, notBefore, done, total }: PrefetchImage) {
  return {
    image,
    status,
    reason: reason ?? null,
    digest: digest ?? null,
    retry_at: status === "pending" && notBefore > 0 ? maybeTime(notBefore) : null,
    ...countsJson(done, total),
  };
}

const countsJson = (done: PrefetchCounts, total: PrefetchCounts) => ({
  objects: { done: done.objects, total: total.objects },
  bytes: { done: done.bytes, total: total.bytes },
});

function sumOf(images: readonly PrefetchImage[], of: "done" | "total"): PrefetchCounts {
  const sum = (what: keyof PrefetchCounts) => images.reduce((n, image) => n + image[of][what], 0);
  return { objects: sum("objects"), bytes: sum("bytes") };
}
