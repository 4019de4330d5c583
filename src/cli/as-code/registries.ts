import type { RegistryDetailJson, RegistryJson } from "../../http/api/contract.ts";
import type { Declaration } from "../../work/contract.ts";
import { container, ofGroup } from "../find.ts";
import {
  differing,
  idIn,
  keyOf,
  meanwhile,
  type Planning,
  type Step,
  told,
  toldNew,
  unchanged,
} from "./planning.ts";
import { spokenOf } from "./upstreams.ts";
import { shapes } from "../shapes.ts";

type DeclaredRegistry = Declaration["registries"][number];

function registryFields({ name, description, onUnsure, ask }: DeclaredRegistry) {
  return { name, description: description ?? null, on_unsure: onUnsure, ask };
}

type Fields = ReturnType<typeof registryFields>;

const presentFields = ({ name, description, on_unsure, ask }: RegistryJson): Fields => {
  return { name, description, on_unsure, ask };
};

const pathOf = (id: number) => `${container}/registries/${id}`;

interface RegistrySteps {
  /** Made, or changed in their settings. */
  made: Step[];
  /** Without the upstreams that they are not to have, which makes room. */
  cleared: Step[];
  /** With the upstreams that they are to have, in their order. */
  listed: Step[];
}

export function planRegistries(planning: Planning): RegistrySteps {
  const steps: RegistrySteps = { made: [], cleared: [], listed: [] };
  for (const [index, registry] of planning.wanted.declared.registries.entries()) {
    const there = presentRegistry(planning, index, registry);
    if (there === "refused") continue;
    if (there) planning.ids.registries.set(keyOf(registry.group, registry.name), there.id);
    const made = there ? changeRegistry(registry, there) : makeRegistry(registry);
    if (made) steps.made.push(made);
    const listed = listUpstreams(planning, registry, there);
    if (!listed) continue;
    steps.cleared.push(...listed.cleared);
    // Of one registry there is one thing to tell.
    if (made?.change) made.change.details.push(listed.told);
    steps.listed.push(made ? { ...listed.listed, change: undefined } : listed.listed);
  }
  return steps;
}

/** The one of this id, or else of this name. */
function presentRegistry(
  { present, ids, refuse }: Planning,
  index: number,
  { id, group, name }: DeclaredRegistry,
): RegistryDetailJson | "refused" | undefined {
  const namedId = ids.registries.get(keyOf(group, name));
  const named = present.registries.find((one) => one.id === namedId);
  if (id === undefined || named?.id === id) return named;
  const of = present.registries.find((one) => one.id === id);
  if (named) {
    refuse(
      `registries[${index}].id: the registry ${group}/${name} has the id ${named.id} there; write that, or leave it out`,
    );
    return "refused";
  }
  if (of && of.group_id !== ids.groups.get(group.toLowerCase())) {
    refuse(`registries[${index}].id: belongs to a registry of another group; choose another`);
    return "refused";
  }
  return of;
}

function makeRegistry(registry: DeclaredRegistry): Step {
  const { id, group, name } = registry;
  const fields = registryFields(registry);
  const details = [
    ...(id === undefined ? [] : [toldNew("id", id)]),
    ...Object.entries(fields)
      .filter(([field, value]) => field !== "name" && value !== null)
      .map(([field, value]) => toldNew(field, value)),
  ];
  return {
    change: { sign: "+", what: `registry ${group}/${name}`, details },
    async run(api, ids) {
      const path = `${ofGroup(idIn(ids.groups, group.toLowerCase()))}/registries`;
      const body = { ...fields, ...(id !== undefined && { id }) };
      const made = await api.post(shapes.registry, path, { body });
      ids.registries.set(keyOf(group, name), made.id);
    },
  };
}

/** Undefined where all is as it is to be. */
function changeRegistry(registry: DeclaredRegistry, there: RegistryDetailJson): Step | undefined {
  const fields = registryFields(registry);
  const before = presentFields(there);
  const toSet = differing(fields, before);
  if (toSet.length === 0) return undefined;
  const what = `registry ${registry.group}/${there.name}`;
  const body = Object.fromEntries(toSet.map((field) => [field, fields[field]]));
  return {
    change: {
      sign: "~",
      what,
      details: toSet.map((field) => told(field, before[field], fields[field])),
    },
    async run(api) {
      const isSame = (now: RegistryJson) => differing(presentFields(now), before).length === 0;
      const version = await unchanged(api, shapes.registryDetail, pathOf(there.id), what, isSame);
      await api.patch(shapes.registry, pathOf(there.id), { body, version });
    },
  };
}

type Place = RegistryDetailJson["registry_upstreams"][number];
const ordered = (places: readonly Place[]) => places.toSorted((a, b) => a.position - b.position);
const idsOf = (places: readonly Place[]) => ordered(places).map((place) => place.upstream_id);

/** Undefined where the list is as it is to be. */
function listUpstreams(
  { present, ids }: Planning,
  { group, name, upstreams }: DeclaredRegistry,
  there: RegistryDetailJson | undefined,
): { told: string; cleared: Step[]; listed: Step } | undefined {
  const names = new Map(present.upstreams.map((one) => [one.id, one.name]));
  const places = there?.registry_upstreams ?? [];
  const before = idsOf(places);
  const wanted = upstreams.map((upstream) => ids.upstreams.get(keyOf(group, upstream)));
  if (JSON.stringify(before) === JSON.stringify(wanted)) return undefined;
  const was = before.map((id) => names.get(id) ?? String(id));
  const what = `registry ${group}/${name}`;
  const list = `upstreams: ${there ? `${was.join(", ") || "none"} → ` : ""}${upstreams.join(", ") || "none"}`;
  const surplus = places.filter((place) => !wanted.includes(place.upstream_id));
  return {
    told: list,
    cleared: there && surplus.length > 0 ? [clear(what, there, surplus)] : [],
    listed: {
      change: { sign: "~", what, details: [list] },
      run: (api, made) => arrange(api, made, { group, name, upstreams, what }),
    },
  };
}

function clear(what: string, there: RegistryDetailJson, surplus: readonly Place[]): Step {
  return {
    change: undefined,
    async run(api) {
      const planned = JSON.stringify(idsOf(there.registry_upstreams));
      const now = await api.find(shapes.registryDetail, pathOf(there.id));
      const gone = new Set(surplus.map((place) => place.id));
      // Those that were deleted by a step before are gone from the list by now.
      const left = now?.registry_upstreams ?? [];
      const isPlanned = left.every((place) =>
        there.registry_upstreams.some((one) => one.id === place.id),
      );
      if (!now || !isPlanned) throw meanwhile(`${what} (${planned})`);
      for (const { id } of left.filter((place) => gone.has(place.id))) {
        await api.delete(`${container}/registry_upstreams/${id}`);
      }
    },
  };
}

interface Listed {
  group: string;
  name: string;
  upstreams: readonly string[];
  what: string;
}

/** Adds what is not yet in the list and moves each to its place. */
async function arrange(
  api: Parameters<Step["run"]>[0],
  ids: Parameters<Step["run"]>[1],
  { group, name, upstreams, what }: Listed,
): Promise<void> {
  const registryId = idIn(ids.registries, keyOf(group, name));
  const wanted = upstreams.map((upstream) => idIn(ids.upstreams, keyOf(group, upstream)));
  const { registry_upstreams: places } = await api.get(shapes.registryDetail, pathOf(registryId));
  const list = ordered(places);
  if (list.some((place) => !wanted.includes(place.upstream_id))) throw meanwhile(what);
  for (const upstreamId of wanted) {
    if (list.some((place) => place.upstream_id === upstreamId)) continue;
    const body = { registry_id: registryId, upstream_id: upstreamId };
    list.push(await api.post(shapes.association, `${container}/registry_upstreams`, { body }));
  }
  for (const [index, upstreamId] of wanted.entries()) {
    const from = list.findIndex((place) => place.upstream_id === upstreamId);
    if (from === index) continue;
    const [place] = list.splice(from, 1);
    if (!place) throw new Error("a place of a list is not in it");
    list.splice(index, 0, place);
    const path = `${container}/registry_upstreams/${place.id}`;
    await api.patch(shapes.association, path, { body: { position: index + 1 } });
  }
}

const alone = "with those of its upstreams that no other registry has, unless the file has them";

/** Registries that the file does not have, in the groups that it speaks of. What it does have of their upstreams stays. */
export function removeRegistries({ wanted, present, ids }: Planning): Step[] {
  if (!wanted.keys.has("registries")) return [];
  const { registries, upstreams } = wanted.declared;
  const groups = spokenOf(wanted.declared);
  const kept = new Set(registries.map(({ group, name }) => ids.registries.get(keyOf(group, name))));
  const needed = new Set(upstreams.map(({ group, name }) => ids.upstreams.get(keyOf(group, name))));
  const paths = new Map(present.groups.map(({ id, full_path: path }) => [id, path]));
  return present.registries.flatMap((registry): Step[] => {
    const group = paths.get(registry.group_id) ?? "";
    if (kept.has(registry.id) || !groups.has(group.toLowerCase())) return [];
    const what = `registry ${group}/${registry.name}`;
    const details = [toldNew("id", registry.id), alone];
    return [
      {
        change: { sign: "-", what, details },
        async run(api) {
          const path = pathOf(registry.id);
          const isSame = (now: RegistryDetailJson) =>
            differing(presentFields(now), presentFields(registry)).length === 0 &&
            JSON.stringify(idsOf(now.registry_upstreams)) ===
              JSON.stringify(idsOf(registry.registry_upstreams));
          await unchanged(api, shapes.registryDetail, path, what, isSame);
          for (const { id, upstream_id: upstreamId } of registry.registry_upstreams) {
            if (!needed.has(upstreamId)) continue;
            await api.delete(`${container}/registry_upstreams/${id}`);
          }
          const { version } = await api.read(shapes.registryDetail, path);
          await api.delete(path, { version });
        },
      },
    ];
  });
}
