import type { GroupSpaceJson } from "../../http/api/contract.ts";
import type { Api } from "../client.ts";
import { ofGroup } from "../find.ts";
import { shapes } from "../shapes.ts";
import { idIn, type Planning, type Step, told, toldNew, unchanged } from "./planning.ts";

const pathOf = (group: number) => ofGroup(group).replace(/\/container$/, "/space");

/** How much a group may cache; undefined where it has no limit, or is switched off. */
export async function readLimit(api: Api, group: number): Promise<number | undefined> {
  const space = await api.find(shapes.groupSpace, pathOf(group));
  return space?.cache_max_bytes ?? undefined;
}

/** Limits that are declared; those of other groups stay as they are. */
export function planLimits({ wanted, present, ids }: Planning): Step[] {
  return wanted.declared.groups.flatMap(({ path, cacheMaxBytes: limit }): Step[] => {
    if (limit === undefined) return [];
    const id = ids.groups.get(path.toLowerCase());
    const before = id === undefined ? undefined : present.limits.get(id);
    if (before === limit) return [];
    const what = `space of ${path}`;
    const field = "cache_max_bytes";
    const detail = before === undefined ? toldNew(field, limit) : told(field, before, limit);
    return [
      {
        change: { sign: before === undefined ? "+" : "~", what, details: [detail] },
        async run(api, { groups }) {
          const place = pathOf(idIn(groups, path.toLowerCase()));
          const isSame = (now: GroupSpaceJson) => (now.cache_max_bytes ?? undefined) === before;
          const version = await unchanged(api, shapes.groupSpace, place, what, isSame);
          await api.put(shapes.groupSpace, place, { body: { cache_max_bytes: limit }, version });
        },
      },
    ];
  });
}
