import type { GroupJson, RegistryJson, UpstreamJson, UserJson } from "../http/api/contract.ts";
import type { Api } from "./client.ts";
import { exit, Failure } from "./command.ts";
import { list as listOf, shapes } from "./shapes.ts";

/** Things as people name them. What is found more than once is refused with all it could be. */

const isId = (text: string) => /^\d{1,15}$/.test(text);

/** In a path: an id or a path, its slashes written so that it stays one part. */
export const part = (text: string | number) => encodeURIComponent(text);

export const groupPath = (group: string | number) => `/groups/${part(group)}`;
export const ofGroup = (group: string | number) =>
  `${groupPath(group)}/-/virtual_registries/container`;
export const container = "/virtual_registries/container";
export const issuersPath = "/admin/oidc_issuers";
export const issuerPath = (id: number) => `${issuersPath}/${id}`;

export function findGroup(api: Api, group: string): Promise<GroupJson> {
  return api.get(shapes.group, groupPath(group));
}

/** The groups that have registries: a subgroup has none. */
export async function topGroups(api: Api, group?: string): Promise<GroupJson[]> {
  if (group !== undefined) return [await findGroup(api, group)];
  const groups = await api.all(shapes.group, "/groups");
  return groups.filter(({ parent_id: parent }) => parent === null);
}

export interface Placed<T> {
  group: string;
  item: T;
}

/** All registries, or those of one group, each with its group's path. */
export async function allRegistries(api: Api, group?: string): Promise<Placed<RegistryJson>[]> {
  const placed: Placed<RegistryJson>[] = [];
  for (const { id, full_path: path } of await topGroups(api, group)) {
    // Where they are switched off there are none to be seen.
    const list = await api.find(listOf(shapes.registry), `${ofGroup(id)}/registries`);
    placed.push(...(list ?? []).map((item) => ({ group: path, item })));
  }
  return placed;
}

export async function allUpstreams(api: Api, group?: string): Promise<Placed<UpstreamJson>[]> {
  const placed: Placed<UpstreamJson>[] = [];
  for (const { id, full_path: path } of await topGroups(api, group)) {
    const list = await allOf(api, `${ofGroup(id)}/upstreams`);
    placed.push(...list.map((item) => ({ group: path, item })));
  }
  return placed;
}

/** Nothing where a group's registries are switched off. */
async function allOf(api: Api, path: string): Promise<UpstreamJson[]> {
  try {
    return await api.all(shapes.upstream, path);
  } catch (error) {
    if (error instanceof Failure && error.code === exit.notFound) return [];
    throw error;
  }
}

/** By id, by name, or by `group/name` where a name alone could be several. */
export async function findRegistry(api: Api, named: string): Promise<number> {
  if (isId(named)) return Number(named);
  return one("registry", named, await allRegistries(api));
}

/** The same for an upstream. */
export async function findUpstream(api: Api, named: string): Promise<number> {
  if (isId(named)) return Number(named);
  return one("upstream", named, await allUpstreams(api));
}

function one(
  what: string,
  named: string,
  all: readonly Placed<{ id: number; name: string }>[],
): number {
  const found = all.filter(
    ({ group, item }) => item.name === named || `${group}/${item.name}` === named,
  );
  const [first, second] = found;
  if (first && !second) return first.item.id;
  if (first) {
    const ids = found.map(({ group, item }) => `${item.id} (${group}/${item.name})`).join(", ");
    throw new Failure(`"${named}" could be several; name the ${what} by its id: ${ids}`);
  }
  const message = `there is no ${what} "${named}" that this token may see; weir ${what} list shows them`;
  throw new Failure(message, exit.notFound);
}

/** A user by id or user name. */
export async function findUser(api: Api, named: string): Promise<UserJson> {
  if (isId(named)) return api.get(shapes.user, `/users/${named}`);
  const users = await api.all(shapes.user, "/users", { search: named });
  const found = users.find(({ username }) => username.toLowerCase() === named.toLowerCase());
  if (found) return found;
  throw new Failure(`there is no user "${named}"; weir user list shows them`, exit.notFound);
}
