import type { DeclaredPrefetch } from "../../work/contract.ts";
import type { Api } from "../client.ts";
import { container, part } from "../find.ts";
import { type Prefetch, shapes } from "../shapes.ts";
import {
  differing,
  idIn,
  keyOf,
  type Planning,
  type Step,
  told,
  toldNew,
  unchanged,
} from "./planning.ts";
import { spokenOf } from "./upstreams.ts";
import { hasName } from "./webhooks.ts";

/** One that a file can speak of: it has a name, and runs again and again. */
export type Scheduled = Prefetch & { name: string; every_hours: number };

export const isScheduled = (one: Prefetch): one is Scheduled =>
  hasName(one) && one.every_hours !== null;

const listPath = (registry: number) => `${container}/registries/${registry}/prefetches`;
const placeOf = (id: number) => `${container}/prefetches/${part(id)}`;

export const readPrefetches = (api: Api, registry: number): Promise<Prefetch[]> =>
  api.all(shapes.prefetch, listPath(registry));

const fieldsOf = ({ name, images, platforms, everyHours }: DeclaredPrefetch) => {
  return { name, images, platforms, every_hours: everyHours as number | null };
};
type Fields = Omit<ReturnType<typeof fieldsOf>, "name"> & { name: string | null };

export const prefetchFields = ({ name, images, platforms, every_hours }: Prefetch): Fields => {
  return { name, images: images.map(({ image }) => image), platforms, every_hours };
};

/** Prefetches to begin with, and those that are another now, which are made anew: what they have brought stays. */
export function planPrefetches({ wanted, present, ids }: Planning): Step[] {
  return wanted.declared.prefetches.flatMap((declared): Step[] => {
    const { group, registry, name } = declared;
    const id = ids.registries.get(keyOf(group, registry));
    const before = present.prefetches.find((one) => one.registry_id === id && one.name === name);
    const fields = fieldsOf(declared);
    const what = `prefetch ${keyOf(group, registry)}/${name}`;
    const make = async (api: Api, registryId: number) => {
      await api.post(shapes.prefetch, listPath(registryId), { body: fields });
    };
    if (!before) {
      const { name: _, ...rest } = fields;
      const details = Object.entries(rest).map(([field, value]) => toldNew(field, value));
      return [
        {
          change: { sign: "+", what, details },
          run: (api, { registries }) => make(api, idIn(registries, keyOf(group, registry))),
        },
      ];
    }
    const seen = prefetchFields(before);
    const toSet = differing(fields, seen);
    if (toSet.length === 0) return [];
    const details = toSet.map((field) => told(field, seen[field], fields[field]));
    return [
      {
        change: { sign: "~", what, details },
        async run(api) {
          await remove(api, what, before);
          await make(api, before.registry_id);
        },
      },
    ];
  });
}

async function remove(api: Api, what: string, { id, ...rest }: Prefetch): Promise<void> {
  const seen = prefetchFields({ id, ...rest });
  const isSame = (now: Prefetch) => differing(prefetchFields(now), seen).length === 0;
  const version = await unchanged(api, shapes.prefetch, placeOf(id), what, isSame);
  await api.delete(placeOf(id), { version });
}

/** Those on a schedule with a name that the file does not have, though it speaks of prefetches, in the groups that it speaks of. */
export function removePrefetches({ wanted, present, ids }: Planning): Step[] {
  if (!wanted.keys.has("prefetches")) return [];
  const spoken = spokenOf(wanted.declared);
  const paths = new Map(present.groups.map(({ id, full_path: path }) => [id, path]));
  const registries = new Map(present.registries.map(({ id, name }) => [id, name]));
  const kept = new Set(
    wanted.declared.prefetches.map(({ group, registry, name }) =>
      keyOf(String(ids.registries.get(keyOf(group, registry))), name),
    ),
  );
  return present.prefetches.filter(isScheduled).flatMap((prefetch): Step[] => {
    const { id, name, registry_id: registryId } = prefetch;
    const group = paths.get(prefetch.group_id) ?? "";
    if (kept.has(keyOf(String(registryId), name)) || !spoken.has(group.toLowerCase())) return [];
    const what = `prefetch ${keyOf(group, registries.get(registryId) ?? "")}/${name}`;
    return [
      {
        change: { sign: "-", what, details: [toldNew("images", prefetchFields(prefetch).images)] },
        async run(api) {
          // With its registry it can have gone already.
          if ((await api.find(shapes.prefetch, placeOf(id))) === undefined) return;
          await remove(api, what, prefetch);
        },
      },
    ];
  });
}
