import { z } from "@hono/zod-openapi";
import type { AuditEvent, AuditFilter } from "../../metadata/contract.ts";
import { type Api, endpoint } from "./endpoint.ts";
import { badRequest } from "./errors.ts";
import { auditEvent, auditFilter } from "./audit-fields.ts";
import { findGroup, groupParams } from "./groups.ts";
import type { ApiOptions } from "./options.ts";
import { pageHeaders, pageOptions } from "./pages.ts";
import { auditEventJson } from "./represent.ts";

/** Beyond, all that is passed over would be read for nothing. */
const maxPassedOver = 50_000;

/** The record of who did what, for reading alone. */
export function auditEndpoints(api: Api, options: ApiOptions): void {
  const { management } = options;
  const common = { method: "get", query: auditFilter, status: 200 } as const;
  const answer = z.array(auditEvent);
  endpoint(
    api,
    {
      ...common,
      path: "/audit_events",
      summary: "List what was done and tried on this server, the newest first; for administrators",
      action: "read_audit",
      answer,
    },
    async ({ query, path }) => list(options, {}, query, path),
  );
  endpoint(
    api,
    {
      ...common,
      path: "/groups/{id}/audit_events",
      summary: "List what was done to a group and to what belongs to it, the newest first",
      action: "read_group_audit",
      params: groupParams,
      answer,
    },
    async ({ params, granted, query, path }) => {
      const { id } = granted(await findGroup(management, params));
      return list(options, { groupId: id }, query, path);
    },
  );
}

async function list(
  { audit, incidents, externalUrl }: ApiOptions,
  own: AuditFilter,
  query: z.output<typeof auditFilter>,
  path: string,
): Promise<{ body: ReturnType<typeof auditEventJson>[]; headers: Record<string, string> }> {
  const { created_after: after, created_before: before, actor, action, subject } = query;
  const wanted = pageOptions(query);
  if ((wanted.page - 1) * wanted.perPage > maxPassedOver) {
    throw badRequest("page is too far back; narrow the list by created_before");
  }
  // Who looks wants to see what was just now.
  await incidents.flush();
  const filter = { after, before, actor, action, subject, ...own };
  const found = await audit.list(filter, wanted);
  const headers = pageHeaders(new URL(path, externalUrl), wanted, found);
  return { body: found.items.map((event: AuditEvent) => auditEventJson(event)), headers };
}
