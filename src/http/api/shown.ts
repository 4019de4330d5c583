import type { Caller } from "../../access/contract.ts";
import type { UpstreamRecord } from "../../metadata/contract.ts";
import type { ApiOptions } from "./options.ts";

/** A group's upstreams: those that are for members of a group that the caller is none of are hidden, with all names there. */
export async function upstreamsFor(
  caller: Caller,
  groupId: number,
  { management }: Pick<ApiOptions, "management">,
): Promise<{ shown: UpstreamRecord[]; hidden: UpstreamRecord[] }> {
  const all = { words: [], page: 1, perPage: Number.MAX_SAFE_INTEGER };
  const { items } = await management.upstreams.list(groupId, all);
  const shown: UpstreamRecord[] = [];
  const hidden: UpstreamRecord[] = [];
  for (const upstream of items) {
    const { verifiedGroup: path } = upstream;
    const group = path === undefined ? undefined : await management.group({ path });
    const subject = { kind: "group", lineage: group?.lineage ?? [] } as const;
    const may = path === undefined || caller.judge("read_verified_upstream", subject) === "allowed";
    (may ? shown : hidden).push(upstream);
  }
  return { shown, hidden };
}
