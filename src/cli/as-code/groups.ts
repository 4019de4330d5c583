import type { GroupJson } from "../../http/api/contract.ts";
import { defaultGroup } from "../../work/contract.ts";
import { idIn, type Planning, type Step, told, toldNew, unchanged } from "./planning.ts";
import { shapes } from "../shapes.ts";

const above = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf("/")));
const depth = (path: string) => path.split("/").length;

/** Groups to make, those above first, and to give another name. */
export function planGroups({ wanted, present, ids }: Planning): Step[] {
  const known = new Map(present.groups.map((group) => [group.full_path.toLowerCase(), group]));
  const declared = wanted.declared.groups.toSorted((a, b) => depth(a.path) - depth(b.path));
  const used = [...wanted.declared.upstreams, ...wanted.declared.registries];
  // It need not be declared, and can have been deleted.
  const needsDefault =
    used.some(({ group }) => group === defaultGroup) &&
    !ids.groups.has(defaultGroup) &&
    !declared.some(({ path }) => path.toLowerCase() === defaultGroup);
  const all = needsDefault ? [{ path: defaultGroup, name: defaultGroup }, ...declared] : declared;
  return all.flatMap(({ path, name }) => {
    const group = known.get(path.toLowerCase());
    if (!group) return [makeGroup(path, name)];
    return group.name === name ? [] : [renameGroup(group, name)];
  });
}

function makeGroup(path: string, name: string): Step {
  return {
    change: { sign: "+", what: `group ${path}`, details: [toldNew("name", name)] },
    async run(api, { groups }) {
      const parent = above(path);
      const body = {
        path: path.slice(parent === "" ? 0 : parent.length + 1),
        name,
        ...(parent !== "" && { parent_id: idIn(groups, parent.toLowerCase()) }),
      };
      const { id } = await api.post(shapes.group, "/groups", { body });
      groups.set(path.toLowerCase(), id);
    },
  };
}

function renameGroup({ id, full_path: path, name: before }: GroupJson, name: string): Step {
  const what = `group ${path}`;
  return {
    change: { sign: "~", what, details: [told("name", before, name)] },
    async run(api) {
      const isSame = (now: GroupJson) => now.name === before && now.full_path === path;
      const version = await unchanged(api, shapes.group, `/groups/${id}`, what, isSame);
      await api.put(shapes.group, `/groups/${id}`, { body: { name }, version });
    },
  };
}

/** Groups that the file does not have, though it speaks of groups; only the topmost, for what is in them goes along. */
export function removeGroups({ wanted, present }: Planning): Step[] {
  if (!wanted.keys.has("groups")) return [];
  const declared = new Set(wanted.declared.groups.map(({ path }) => path.toLowerCase()));
  const isMissing = ({ full_path: path }: GroupJson) =>
    path.toLowerCase() !== defaultGroup && !declared.has(path.toLowerCase());
  const missing = present.groups.filter(isMissing);
  const ids = new Set(missing.map(({ id }) => id));
  return missing
    .filter(({ parent_id: parent }) => parent === null || !ids.has(parent))
    .toSorted((a, b) => (a.full_path < b.full_path ? -1 : 1))
    .map((group) => removeGroup(group, present.groups, present));
}

function removeGroup(
  group: GroupJson,
  groups: readonly GroupJson[],
  { registries, upstreams }: Planning["present"],
): Step {
  const { id, full_path: path } = group;
  const what = `group ${path}`;
  const below = groups.filter((other) => other.full_path.startsWith(`${path}/`)).length;
  const own = ({ group_id: groupId }: { group_id: number }) => groupId === id;
  const counts = `with ${below} subgroups, ${registries.filter(own).length} registries, ${upstreams.filter(own).length} upstreams, its projects and tokens`;
  return {
    change: { sign: "-", what, details: [counts] },
    async run(api) {
      const isSame = (now: GroupJson) => now.full_path === path;
      const version = await unchanged(api, shapes.group, `/groups/${id}`, what, isSame);
      await api.delete(`/groups/${id}`, { version });
    },
  };
}
