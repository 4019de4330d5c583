import type { RegistryDetailJson } from "../../http/api/contract.ts";
import type { Api, Versioned } from "../client.ts";
import { container } from "../find.ts";
import { list as listOf, shapes } from "../shapes.ts";
import { idIn, type Ids, keyOf, meanwhile } from "./planning.ts";

/** The upstreams of a registry and their order. */
export type Place = RegistryDetailJson["registry_upstreams"][number];
const ordered = (places: readonly Place[]) => places.toSorted((a, b) => a.position - b.position);
export const idsOf = (places: readonly Place[]) =>
  ordered(places).map((place) => place.upstream_id);

const pathOf = (id: number) => `${container}/registries/${id}`;

interface Arranged {
  what: string;
  registryId: number;
  /** As the plan has found them. */
  planned: readonly Place[];
}

/** The list as it is, and the version of its order. */
async function readOrder(api: Api, registryId: number): Promise<Versioned<Place[]>> {
  const path = `${pathOf(registryId)}/upstreams`;
  const { body, version } = await api.read(listOf(shapes.placedUpstream), path);
  return {
    body: body.map(({ id: upstream_id, registry_upstream: { id, position } }) => {
      return { id, upstream_id, position };
    }),
    version,
  };
}

/** Whether the list has these places in this order, those not counted that one of them does not have. */
const isSameOrder = (now: readonly Place[], then: readonly Place[]) =>
  idsOf(now.filter(({ id }) => then.some((one) => one.id === id))).join() ===
  idsOf(then.filter(({ id }) => now.some((one) => one.id === id))).join();

/** Takes places out of a list that is as it was planned for; those that a step before has deleted are gone already. */
export async function takeOut(
  api: Api,
  { what, registryId, planned }: Arranged,
  surplus: readonly Place[],
): Promise<void> {
  let { body: left, version } = await readOrder(api, registryId);
  const isPlanned = (now: readonly Place[]) =>
    now.every(({ id }) => planned.some((one) => one.id === id)) && isSameOrder(now, planned);
  if (!isPlanned(left)) throw meanwhile(what);
  for (const { id } of left.filter((place) => surplus.some((one) => one.id === place.id))) {
    await api.delete(`${container}/registry_upstreams/${id}`, { version });
    const rest = left.length - 1;
    ({ body: left, version } = await readOrder(api, registryId));
    if (left.length !== rest || !isPlanned(left)) throw meanwhile(what);
  }
}

interface Listed {
  group: string;
  name: string;
  upstreams: readonly string[];
  what: string;
  planned: readonly Place[];
}

/** Adds what is not yet in the list and moves each to its place. */
export async function arrange(
  api: Api,
  ids: Ids,
  { group, name, upstreams, what, planned }: Listed,
): Promise<void> {
  const registryId = idIn(ids.registries, keyOf(group, name));
  const wanted = upstreams.map((upstream) => idIn(ids.upstreams, keyOf(group, upstream)));
  const { body: list, version: seen } = await readOrder(api, registryId);
  const isOther = list.some((place) => !wanted.includes(place.upstream_id));
  if (isOther || !isSameOrder(list, planned)) throw meanwhile(what);
  let version = seen;
  for (const upstreamId of wanted) {
    if (list.some((place) => place.upstream_id === upstreamId)) continue;
    const body = { registry_id: registryId, upstream_id: upstreamId };
    const path = `${container}/registry_upstreams`;
    const added = await api.change("POST", shapes.association, path, { body });
    // Whoever has added or moved another one has put it at another place than the next.
    if (added.body.position !== list.length + 1) throw meanwhile(what);
    list.push(added.body);
    version = added.version;
  }
  for (const [index, upstreamId] of wanted.entries()) {
    const from = list.findIndex((place) => place.upstream_id === upstreamId);
    if (from === index) continue;
    const [place] = list.splice(from, 1);
    if (!place) throw new Error("a place of a list is not in it");
    list.splice(index, 0, place);
    const path = `${container}/registry_upstreams/${place.id}`;
    const change = { body: { position: index + 1 }, version };
    ({ version } = await api.change("PATCH", shapes.association, path, change));
  }
}
