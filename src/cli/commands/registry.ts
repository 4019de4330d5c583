import type { PlacedUpstreamJson, RegistryJson } from "../../http/api/contract.ts";
import { type Command, exit, jsonOption, UsageError } from "../command.ts";
import { connect, connectionOptions } from "../connection.ts";
import { allRegistries, container, findRegistry, ofGroup } from "../find.ts";
import type { Given } from "../given.ts";
import { confirm, type Columns, printItem, printList, tableText, yesOption } from "../output.ts";
import { upstreamColumns } from "./upstream.ts";
import { list as listOf, shapes } from "../shapes.ts";

const options = { ...jsonOption, ...connectionOptions };
const registry = { name: "registry", summary: "id, name, or group/name" } as const;

/** `/virtual_registries/container/registries/:id` */
export const registryPath = (id: number) => `${container}/registries/${id}`;

const settings = {
  description: { value: "TEXT", summary: "what it is for; the empty text clears it" },
  "on-unsure": {
    value: "WHAT",
    summary: "what a pull does where an upstream gives no definite answer",
    choices: ["stop", "continue"],
  },
  ask: {
    value: "HOW",
    summary: "how upstreams are asked",
    choices: ["in_order", "parallel"],
  },
} as const;

/** What is given of a registry's fields, as the API calls them. */
const fieldsGiven = (given: Given) => ({
  ...(given.has("description") && { description: given.text("description") }),
  ...(given.has("on-unsure") && { on_unsure: given.text("on-unsure") }),
  ...(given.has("ask") && { ask: given.text("ask") }),
});

const columns: Columns<RegistryJson & { group: string }> = {
  id: ({ id }) => id,
  group: ({ group }) => group,
  name: ({ name }) => name,
  "on unsure": ({ on_unsure: onUnsure }) => onUnsure,
  ask: ({ ask }) => ask,
  description: ({ description }) => description,
};

const list: Command = {
  name: "registry list",
  summary: "List registries.",
  arguments: [],
  options: { group: { value: "GROUP", summary: "only of this group" }, ...options },
  examples: ["weir registry list", "weir registry list --group platform --json"],
  async run(world, given) {
    const placed = await allRegistries(await connect(world, given), given.text("group"));
    const items = placed.map(({ group, item }) => ({ group, ...item }));
    return printList(world, given, items, columns);
  },
};

const show: Command = {
  name: "registry show",
  summary: "Show a registry and its upstreams, in the order in which they are asked.",
  arguments: [registry],
  options,
  examples: ["weir registry show 1", "weir registry show platform/everything"],
  async run(world, given) {
    const api = await connect(world, given);
    const path = registryPath(await findRegistry(api, given.argument("registry")));
    const { registry_upstreams: places, ...own } = await api.get(shapes.registryDetail, path);
    const upstreams = await api.get(listOf(shapes.placedUpstream), `${path}/upstreams`);
    if (given.has("json")) return printItem(world, given, { ...own, upstreams });
    printItem(world, given, own);
    const positioned: Columns<PlacedUpstreamJson> = {
      position: ({ registry_upstream: { position } }) => position,
      ...upstreamColumns,
    };
    if (places.length > 0) world.io.out(`\n${tableText(upstreams, positioned)}`);
    return exit.ok;
  },
};

const create: Command = {
  name: "registry create",
  summary: "Create a registry, without upstreams.",
  arguments: [{ name: "name", summary: "its name in its group" }],
  options: {
    group: { value: "GROUP", summary: "that it is for; the group default where none is named" },
    ...settings,
    ...options,
  },
  examples: ["weir registry create everything --group platform --on-unsure stop"],
  async run(world, given) {
    const api = await connect(world, given);
    const body = { name: given.argument("name"), ...fieldsGiven(given) };
    const path = `${ofGroup(given.text("group") ?? "default")}/registries`;
    const made = await api.post(shapes.registry, path, { body });
    return printItem(world, given, made);
  },
};

const update: Command = {
  name: "registry update",
  summary: "Change a registry.",
  arguments: [registry],
  options: { name: { value: "NAME", summary: "another name" }, ...settings, ...options },
  examples: ["weir registry update 1 --on-unsure continue"],
  async run(world, given) {
    const changes = {
      ...(given.has("name") && { name: given.text("name") }),
      ...fieldsGiven(given),
    };
    if (Object.keys(changes).length === 0) {
      throw new UsageError("registry update needs something to change: see its options");
    }
    const api = await connect(world, given);
    const path = registryPath(await findRegistry(api, given.argument("registry")));
    const { version } = await api.read(shapes.registry, path);
    const changed = await api.patch(shapes.registry, path, { body: changes, version });
    return printItem(world, given, changed);
  },
};

const remove: Command = {
  name: "registry delete",
  summary: "Delete a registry, and those of its upstreams that no other registry has.",
  arguments: [registry],
  options: { ...yesOption, ...connectionOptions },
  examples: ["weir registry delete platform/old --yes"],
  async run(world, given) {
    const api = await connect(world, given);
    const path = registryPath(await findRegistry(api, given.argument("registry")));
    const { body, version } = await api.read(shapes.registryDetail, path);
    const upstreams = body.registry_upstreams.length;
    const question = `Delete registry ${body.id} "${body.name}" with what is cached for it alone (it has ${upstreams} ${upstreams === 1 ? "upstream" : "upstreams"})?`;
    await confirm(world, given, question);
    await api.delete(path, { version });
    return exit.ok;
  },
};

export const registryCommands: readonly Command[] = [list, show, create, update, remove];
