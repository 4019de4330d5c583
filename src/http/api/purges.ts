import { z } from "@hono/zod-openapi";
import type { Action, Subject } from "../../access/contract.ts";
import type { Management, PurgePreview, PurgeSelection } from "../../metadata/contract.ts";
import { type Api, endpoint } from "./endpoint.ts";
import { idParams } from "./fields.ts";
import { purgePreview } from "./entry-fields.ts";
import type { ApiOptions } from "./options.ts";

const flag = z
  .enum(["true", "false"])
  .transform((text) => text === "true")
  .optional()
  .openapi({ type: "boolean" });

/** What can be part of a repository, tag or digest, with stars. */
const pattern = z
  .string()
  .min(1)
  .regex(
    /^(?!.*\*\*\*)[\w./*:@-]{1,512}$/,
    "must be at most 512 letters, digits, _ . / - : @ and *, ** for any text with slashes in it",
  )
  .optional()
  .openapi({ example: "library/alpine:3.*" });

/** Which entries: without a pattern all. */
export const purgeQuery = z.strictObject({ pattern, include_pinned: flag });

export function selectionOf(query: z.output<typeof purgeQuery>): PurgeSelection {
  return { pattern: query.pattern, includePinned: query.include_pinned ?? false };
}

export const previewJson = ({ entries, size, repositories, isPartial }: PurgePreview) => ({
  entries,
  size,
  repositories,
  partial: isPartial,
});

/** Throws where what is cached of an upstream is to be seen by members of a group that the caller is none of. */
export async function requireSight(
  management: Management,
  { verifiedGroup }: { verifiedGroup: string | undefined },
  require: (action: Action, subject: Subject) => void,
): Promise<void> {
  if (verifiedGroup === undefined) return;
  const group = await management.group({ path: verifiedGroup });
  require("read_verified_upstream", { kind: "group", lineage: group?.lineage ?? [] });
}

export function purgePreviewEndpoints(api: Api, { management }: ApiOptions): void {
  const common = {
    method: "get",
    action: "read_registry",
    params: idParams,
    query: purgeQuery,
    answer: purgePreview,
    status: 200,
  } as const;
  endpoint(
    api,
    {
      ...common,
      path: "/virtual_registries/container/upstreams/{id}/cache",
      summary: "What emptying an upstream's cache would give up",
    },
    async ({ params, query, granted, require }) => {
      const upstream = granted(await management.upstreams.get(params.id));
      await requireSight(management, upstream, require);
      const found = await management.upstreams.preview(upstream.id, selectionOf(query));
      return { body: found && previewJson(found) };
    },
  );
  endpoint(
    api,
    {
      ...common,
      path: "/virtual_registries/container/registries/{id}/cache",
      summary: "What emptying a registry's cache would give up",
    },
    async ({ params, query, granted, require }) => {
      const { id } = granted(await management.registries.get(params.id));
      for (const upstream of await management.upstreams.ofRegistry(id)) {
        await requireSight(management, upstream, require);
      }
      const found = await management.registries.preview(id, selectionOf(query));
      return { body: found && previewJson(found) };
    },
  );
}
