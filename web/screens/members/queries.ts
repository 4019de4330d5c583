import { useQuery } from "@tanstack/react-query";
import { api, ask, askPage, askTagged, ifMatch, tagOfSeen } from "../../api/client.ts";
import { ApiError } from "../../api/errors.ts";
import type { Group } from "../../api/group.ts";
import { askAll, mostAtOnce } from "../../api/pages.ts";
import type { Place } from "../../api/places.ts";
import { queries } from "../../api/queries.ts";
import { isWithin } from "../../api/rights.ts";
import type { Level } from "../../api/roles.ts";
import type { components } from "../../api/schema.ts";

export type Member = components["schemas"]["Member"];

/** A member, and the group that the role is given in: the one that is looked at, or one above it. */
export interface Membership extends Member {
  of: Group;
}

/** The members of a group, and those that it has from the groups above it. */
export function useMembers({ group, all }: Place) {
  const lineage = all.filter(({ full_path: path }) => isWithin(group.full_path, path));
  return useQuery({
    queryKey: ["members", group.id, "with those above", lineage.length],
    queryFn: async ({ signal }) => {
      const lists = await Promise.all(
        lineage.map((of) => membersOf(of, of.id === group.id, signal)),
      );
      // Those of the group itself first.
      return lists.toReversed().flat();
    },
  });
}

async function membersOf(of: Group, isMeant: boolean, signal: AbortSignal): Promise<Membership[]> {
  const id = String(of.id);
  try {
    const { items } = await askAll((page) =>
      askPage(
        api.GET("/api/v4/groups/{id}/members", {
          params: { path: { id }, query: { page, per_page: mostAtOnce } },
          signal,
        }),
      ),
    );
    return items.map((member) => ({ ...member, of }));
  } catch (error) {
    // Of a group above, which one sees for what is below it alone.
    if (!isMeant && error instanceof ApiError && error.status === 403) return [];
    throw error;
  }
}

const changed = () => queries.invalidateQueries({ queryKey: ["members"] });

const paramsOf = (group: Group, userId: number) => ({
  path: { id: String(group.id), user_id: userId },
});

interface Terms {
  access_level: Level;
  expires_at: string | null;
}

export async function add(group: Group, username: string, terms: Terms): Promise<Member> {
  const params = { path: { id: String(group.id) } };
  const body = { username, ...terms };
  const made = await ask(api.POST("/api/v4/groups/{id}/members", { params, body }));
  await changed();
  return made;
}

const getMember = ({ of, id }: Membership, signal?: AbortSignal) =>
  api.GET("/api/v4/groups/{id}/members/{user_id}", {
    params: paramsOf(of, id),
    ...(signal && { signal }),
  });

export const read = (member: Membership, signal: AbortSignal) =>
  askTagged(getMember(member, signal));

export async function change({ of, id }: Membership, terms: Terms, tag: string): Promise<void> {
  await ask(
    api.PUT("/api/v4/groups/{id}/members/{user_id}", {
      params: { ...paramsOf(of, id) },
      headers: ifMatch(tag),
      body: terms,
    }),
  );
  await changed();
}

export async function remove(member: Membership): Promise<void> {
  const { of, id, access_level, expires_at } = member;
  const tag = await tagOfSeen({ access_level, expires_at }, getMember(member));
  const options = { params: paramsOf(of, id), headers: ifMatch(tag) };
  await ask(api.DELETE("/api/v4/groups/{id}/members/{user_id}", options));
  await changed();
}
