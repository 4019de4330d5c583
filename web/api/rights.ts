import { me } from "./session.ts";
import { useStore } from "./store.ts";

const changing = ["maintainer", "owner"];

/**
 * Whether who is signed in may change the registries and upstreams of this group, so that what he may not is not offered.
 * The server decides anyway.
 */
export function useMayChange(groupId: number | undefined): boolean {
  const known = useStore(me);
  if (!known || known.scope !== "api") return false;
  if (known.user.admin) return true;
  return known.groups.some(({ id, role }) => id === groupId && changing.includes(role));
}

/** Why he may not, in a sentence. */
export const takesMaintainer =
  "You can look at this, and not change it: that takes the role Maintainer in the group, and a sign-in with the scope api.";

export interface Sight {
  /** Who has pulled. */
  pullers: boolean;
  /** How much the whole server stores, and may store. */
  space: boolean;
}

/** What of a group is for who has a role in it, whatever his sign-in may change. */
export function useSight(groupId: number): Sight {
  const known = useStore(me);
  const isAdmin = known?.user.admin === true;
  const role = known?.groups.find(({ id }) => id === groupId)?.role ?? "";
  return {
    pullers: isAdmin || changing.includes(role),
    space: isAdmin,
  };
}
