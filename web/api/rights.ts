import type { Group } from "./group.ts";
import { type Me, me } from "./session.ts";
import { useStore } from "./store.ts";

/** How somebody stands to a group, from the least to the most. */
export const standings = [
  "stranger",
  "guest",
  "planner",
  "reporter",
  "developer",
  "maintainer",
  "owner",
  "administrator",
] as const;
export type Standing = (typeof standings)[number];

/** What to offer to whom. It is the server that decides; this keeps what it would refuse out of the way. */
export interface Rights {
  standing: Standing;
  /** Whether one may change anything at all: a session begun with a token that reads may not. */
  mayWrite: boolean;
  /** Whether one stands at least so. */
  is: (least: Standing) => boolean;
  /** Whether one may change what takes such a standing. */
  may: (least: Standing) => boolean;
}

/** Rights to a group, by one's roles in it and in those above; without a group, those to the server. */
export function rightsOf(known: Me | null | undefined, group?: Pick<Group, "full_path">): Rights {
  const standing = standingOf(known, group);
  const mayWrite = known?.scope === "api";
  const is = (least: Standing) => standings.indexOf(standing) >= standings.indexOf(least);
  return { standing, mayWrite, is, may: (least) => mayWrite && is(least) };
}

export function useRights(group?: Pick<Group, "full_path">): Rights {
  return rightsOf(useStore(me), group);
}

function standingOf(
  known: Me | null | undefined,
  group: Pick<Group, "full_path"> | undefined,
): Standing {
  if (known?.user.admin) return "administrator";
  if (!known || !group) return "stranger";
  const roles = known.groups
    .filter(({ full_path: path }) => isWithin(group.full_path, path))
    .map(({ role }) => standings.find((each) => each === role) ?? "stranger");
  const ranks = roles.map((role) => standings.indexOf(role));
  return standings[Math.max(0, ...ranks)] ?? "stranger";
}

/** Whether it is that group or one below it. */
export const isWithin = (path: string, above: string): boolean =>
  path === above || path.startsWith(`${above}/`);

/** Whether one may change the registries and upstreams of this group. */
export function useMayChange(groupId: number | undefined): boolean {
  const known = useStore(me);
  const group = known?.groups.find(({ id }) => id === groupId);
  return rightsOf(known, group).may("maintainer");
}

/** Why one may not, in a sentence. */
export const takesMaintainer =
  "You can look at this, and not change it: that takes the role Maintainer in the group, and a sign-in with the scope api.";
