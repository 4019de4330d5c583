import type {
  GroupJson,
  MemberJson,
  RegistryDetailJson,
  UpstreamJson,
  UserJson,
} from "../../http/api/contract.ts";
import type { Api } from "../client.ts";
import { container, ofGroup } from "../find.ts";
import { list as listOf, shapes } from "../shapes.ts";

/** What is there, as the token may see it. */
export interface Present {
  groups: GroupJson[];
  registries: RegistryDetailJson[];
  upstreams: UpstreamJson[];
  /** Undefined: not asked for. Without bots, which go with their tokens. */
  people: People | undefined;
}

export interface People {
  users: UserJson[];
  /** By group. */
  members: ReadonlyMap<number, MemberJson[]>;
}

/** Reads everything; users and memberships, which are for administrators, only where they are wanted. */
export async function readPresent(api: Api, withPeople: boolean): Promise<Present> {
  const groups = await api.all(shapes.group, "/groups");
  const registries: RegistryDetailJson[] = [];
  const upstreams: UpstreamJson[] = [];
  for (const { id, parent_id: parent } of groups) {
    if (parent !== null) continue;
    const own = await api.get(listOf(shapes.registry), `${ofGroup(id)}/registries`);
    for (const registry of own) {
      const path = `${container}/registries/${registry.id}`;
      registries.push(await api.get(shapes.registryDetail, path));
    }
    upstreams.push(...(await api.all(shapes.upstream, `${ofGroup(id)}/upstreams`)));
  }
  const people = withPeople ? await readPeople(api, groups) : undefined;
  return { groups, registries, upstreams, people };
}

async function readPeople(api: Api, groups: readonly GroupJson[]): Promise<People> {
  const users = await api.all(shapes.user, "/users");
  const members = new Map<number, MemberJson[]>();
  for (const { id } of groups)
    members.set(id, await api.all(shapes.member, `/groups/${id}/members`));
  return { users: users.filter(({ bot }) => !bot), members };
}
