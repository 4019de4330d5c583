import { z } from "@hono/zod-openapi";
import type { TokenRecord } from "../../../metadata/contract.ts";
import type { Asked } from "../endpoint.ts";
import { notFound } from "../errors.ts";
import { pathId } from "../fields.ts";
import { findGroup, groupParams } from "../groups.ts";
import type { ApiOptions } from "../options.ts";

/** Those of one token of a group. */
export const tokenParams = z.strictObject({ ...groupParams.shape, token_id: pathId });

type Granted = Asked<unknown, unknown, unknown>["granted"];

/** The token of this kind, if the caller may and it is of this group. */
export async function findToken(
  kind: "group" | "deploy",
  { management, identity }: ApiOptions,
  { token_id: id, ...group }: z.output<typeof tokenParams>,
  granted: Granted,
): Promise<TokenRecord> {
  const { id: groupId } = granted(await findGroup(management, group));
  const found = await identity.tokens.get({ kind, groupId }, id);
  if (!found) throw notFound();
  return found;
}
