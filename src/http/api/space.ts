import { timeText } from "../../lib/time-text.ts";
import { z } from "@hono/zod-openapi";
import type { EvictedEntry } from "../../metadata/contract.ts";
import type { EvictionPreview } from "../../work/contract.ts";
import { tagged } from "./conditions.ts";
import { type Api, endpoint } from "./endpoint.ts";
import { notFound } from "./errors.ts";
import { findGroup, groupParams } from "./groups.ts";
import type { ApiOptions } from "./options.ts";
import * as fields from "./space-fields.ts";

/** Where the cache's space goes, what its limits are, and what is given up for them. */
export function spaceEndpoints(api: Api, options: ApiOptions): void {
  serverSpace(api, options);
  evictions(api, options);
  groupSpace(api, options);
}

function serverSpace(api: Api, { space, eviction }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: "/space",
      summary: "How many bytes are stored, and what the limits are",
      action: "read_space",
      answer: fields.space,
      status: 200,
    },
    async () => {
      const { stored, leaving } = await space.usage();
      const { cacheMaxBytes, freeBytes } = await eviction.bounds();
      const bounded = await space.bounded();
      return {
        body: {
          stored_bytes: stored,
          leaving_bytes: leaving,
          cache_max_bytes: cacheMaxBytes ?? null,
          storable_bytes: freeBytes ?? null,
          limits: bounded.map(({ scope, id, name, bytes, maxBytes }) => {
            return { scope, id, name, cached_bytes: bytes, cache_max_bytes: maxBytes };
          }),
        },
      };
    },
  );
}

function evictions(api: Api, { management, runner, eviction }: ApiOptions): void {
  endpoint(
    api,
    {
      method: "get",
      path: "/space/evictions",
      summary: "What would be evicted now, and why; changes nothing",
      action: "read_space",
      answer: z.array(fields.evictionPreview),
      status: 200,
    },
    async () => ({ body: (await eviction.preview()).map(previewJson) }),
  );
  endpoint(
    api,
    {
      method: "post",
      path: "/space/evictions",
      summary: "Evict now what is over a limit, instead of within a minute",
      action: "evict",
      status: 202,
    },
    async ({ author }) => {
      const subject = { kind: "server", id: undefined, name: undefined };
      await management.by(author).note({ action: "store.evict", subject, groupId: undefined });
      await runner.wake("eviction");
      return {};
    },
  );
}

function groupSpace(api: Api, { management, space }: ApiOptions): void {
  const common = {
    path: "/groups/{id}/-/virtual_registries/space",
    params: groupParams,
    answer: fields.groupSpace,
    tagged: true,
    status: 200,
  } as const;
  const answered = async (id: number) => {
    const found = await space.group(id);
    if (!found) throw notFound();
    const { bytes, maxBytes } = found;
    // Of what people set alone: bytes change with each pull.
    const headers = tagged({ maxBytes });
    return { body: { cached_bytes: bytes, cache_max_bytes: maxBytes ?? null }, headers };
  };
  endpoint(
    api,
    {
      ...common,
      method: "get",
      summary: "How many bytes a group's cache entries need, and how many they may",
      action: "read_group_space",
    },
    async ({ params, granted }) => answered(granted(await findGroup(management, params)).id),
  );
  endpoint(
    api,
    {
      ...common,
      method: "put",
      conditional: true,
      summary: "Limit the bytes that a group's cache entries need",
      action: "change_group_space",
      body: fields.groupSpaceFields,
    },
    async ({ params, body, condition, author }) => {
      const group = await findGroup(management, params);
      if (!group) throw notFound();
      const { cache_max_bytes: maxBytes } = await body();
      await management.by(author).groups.limit(group.id, maxBytes ?? undefined, condition());
      return answered(group.id);
    },
  );
}

function previewJson({ of, name, why, bytes, bound, excess, ...gone }: EvictionPreview) {
  const { count, size, left, entries } = gone;
  return {
    scope: of.scope,
    id: of.scope === "instance" ? null : of.id,
    name,
    reason: why,
    bytes,
    bound,
    excess,
    entries_count: count,
    size,
    left,
    entries: entries.map(entryJson),
  };
}

function entryJson({ id, groupId, upstreamId, relativePath, ...entry }: EvictedEntry) {
  return {
    id,
    group_id: groupId,
    upstream_id: upstreamId,
    relative_path: relativePath,
    digest: entry.digest,
    size: entry.size,
    downloaded_at: timeText(entry.downloadedAt),
  };
}
