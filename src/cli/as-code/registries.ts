import type { RegistryDetailJson, RegistryJson } from "../../http/api/contract.ts";
import type { Declaration } from "../../work/contract.ts";
import { container, ofGroup } from "../find.ts";
import { arrange, idsOf, type Place, takeOut } from "./order.ts";
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
      run: (api, made) => arrange(api, made, { group, name, upstreams, what, planned: places }),
    },
  };
}

function clear(what: string, there: RegistryDetailJson, surplus: readonly Place[]): Step {
  return {
    change: undefined,
    run: (api) =>
      takeOut(api, { what, registryId: there.id, planned: there.registry_upstreams }, surplus),
  };
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
          const { id: registryId, registry_upstreams: planned } = registry;
          const staying = planned.filter(({ upstream_id: upstream }) => needed.has(upstream));
          await takeOut(api, { what, registryId, planned }, staying);
          const going = planned.filter((place) => !staying.includes(place));
          const isLeft = (now: RegistryDetailJson) =>
            differing(presentFields(now), presentFields(registry)).length === 0 &&
            idsOf(now.registry_upstreams).join() === idsOf(going).join();
          const version = await unchanged(api, shapes.registryDetail, path, what, isLeft);
          await api.delete(path, { version });
        },
      },
    ];
  });
}
