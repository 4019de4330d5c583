import type { UpstreamDetailJson, UpstreamJson } from "../../http/api/contract.ts";
import { type Command, exit, jsonOption, UsageError } from "../command.ts";
import { connect, connectionOptions } from "../connection.ts";
import { allUpstreams, container, findRegistry, findUpstream } from "../find.ts";
import { type Columns, confirm, printItem, printList, yesOption } from "../output.ts";
import { upstreamFieldsGiven, upstreamSettings } from "../upstream-fields.ts";
import { placeCommands } from "./upstream-places.ts";
import { ruleCommands } from "./upstream-rules.ts";
import { testUpstream } from "./upstream-test.ts";
import { list as listOf, shapes } from "../shapes.ts";

const options = { ...jsonOption, ...connectionOptions };
const upstream = { name: "upstream", summary: "id, name, or group/name" } as const;

/** `/virtual_registries/container/upstreams/:id` */
export const upstreamPath = (id: number) => `${container}/upstreams/${id}`;

export const upstreamColumns: Columns<UpstreamJson> = {
  id: ({ id }) => id,
  name: ({ name }) => name,
  url: ({ url }) => url,
  username: ({ username }) => username,
  "valid (h)": ({ cache_validity_hours: hours }) => hours,
  rules: ({ rules }) => rules.length,
};

const list: Command = {
  name: "upstream list",
  summary: "List upstreams.",
  arguments: [],
  options: {
    group: { value: "GROUP", summary: "only of this group" },
    registry: { value: "REGISTRY", summary: "only of this registry, in the order of asking" },
    ...options,
  },
  examples: ["weir upstream list", "weir upstream list --registry 1"],
  async run(world, given) {
    const api = await connect(world, given);
    const registry = given.text("registry");
    if (registry !== undefined) {
      const path = `${container}/registries/${await findRegistry(api, registry)}/upstreams`;
      const upstreams = await api.get(listOf(shapes.placedUpstream), path);
      return printList(world, given, upstreams, {
        position: ({ registry_upstream: { position } }) => position,
        ...upstreamColumns,
      });
    }
    const placed = await allUpstreams(api, given.text("group"));
    const items = placed.map(({ group, item }) => ({ group, ...item }));
    return printList(world, given, items, { group: ({ group }) => group, ...upstreamColumns });
  },
};

const show: Command = {
  name: "upstream show",
  summary: "Show an upstream, its places in registries and how it is doing.",
  arguments: [upstream],
  options,
  examples: ["weir upstream show docker-hub", "weir upstream show 12 --json"],
  async run(world, given) {
    const api = await connect(world, given);
    const id = await findUpstream(api, given.argument("upstream"));
    const found = await api.get(shapes.upstreamDetail, upstreamPath(id));
    return printItem(world, given, given.has("json") ? found : inWords(found));
  },
};

/** Without lists and maps, which a line of text would have as JSON. */
function inWords({ rules, registry_upstreams: places, health, ...own }: UpstreamDetailJson) {
  const ofHealth = Object.entries(health).map(([field, value]) => [`health ${field}`, value]);
  return {
    ...own,
    rules: rules.map((rule) => `${rule.effect} ${rule.target} ${rule.pattern}`).join(", ") || null,
    registries:
      places.map((place) => `${place.registry_id} (place ${place.position})`).join(", ") || null,
    ...(Object.fromEntries(ofHealth) as Record<string, unknown>),
  };
}

const add: Command = {
  name: "upstream add",
  summary: "Create an upstream, at the end of a registry's list.",
  details:
    "What is not said is as is known of the registry at that address. weir upstream link puts one that is there already into another registry.",
  arguments: [
    { name: "registry", summary: "id, name, or group/name" },
    { name: "url", summary: "such as https://ghcr.io; docker.io is Docker Hub" },
  ],
  options: {
    name: { value: "NAME", summary: "its name; else its host" },
    ...upstreamSettings,
    ...options,
  },
  examples: [
    "weir upstream add 1 https://ghcr.io --name github",
    "weir upstream add 1 https://registry.example.com --username weir --password-file password.txt",
    'weir upstream add 1 docker.io --rule "allow repository library/**"',
  ],
  async run(world, given) {
    const fields = await upstreamFieldsGiven(world, given);
    const api = await connect(world, given);
    const id = await findRegistry(api, given.argument("registry"));
    const url = given.argument("url");
    const name = given.text("name") ?? URL.parse(url)?.host ?? url;
    const path = `${container}/registries/${id}/upstreams`;
    const made = await api.post(shapes.placedUpstream, path, { body: { url, name, ...fields } });
    return printItem(world, given, made);
  },
};

const update: Command = {
  name: "upstream update",
  summary: "Change an upstream; with another URL its login goes, unless it is given anew.",
  arguments: [upstream],
  options: {
    name: { value: "NAME", summary: "another name" },
    "upstream-url": { value: "URL", summary: "another address" },
    ...upstreamSettings,
    ...options,
  },
  examples: [
    "weir upstream update docker-hub --cache-validity-hours 1",
    "weir upstream update partner --password-env PARTNER_PASSWORD",
  ],
  async run(world, given) {
    const fields = await upstreamFieldsGiven(world, given);
    const body = {
      ...(given.has("name") && { name: given.text("name") }),
      ...(given.has("upstream-url") && { url: given.text("upstream-url") }),
      ...fields,
    };
    if (Object.keys(body).length === 0) {
      throw new UsageError("upstream update needs something to change: see its options");
    }
    const api = await connect(world, given);
    const path = upstreamPath(await findUpstream(api, given.argument("upstream")));
    const { version } = await api.read(shapes.upstreamDetail, path);
    return printItem(world, given, await api.patch(shapes.upstreamDetail, path, { body, version }));
  },
};

const remove: Command = {
  name: "upstream delete",
  summary: "Delete an upstream from every registry, with its cache.",
  arguments: [upstream],
  options: { ...yesOption, ...connectionOptions },
  examples: ["weir upstream delete github", "weir upstream delete 12 --yes"],
  async run(world, given) {
    const api = await connect(world, given);
    const path = upstreamPath(await findUpstream(api, given.argument("upstream")));
    const { body, version } = await api.read(shapes.upstreamDetail, path);
    const places = body.registry_upstreams.length;
    const question = `Delete upstream ${body.id} "${body.name}" from ${places} ${places === 1 ? "registry" : "registries"}, with its cache?`;
    await confirm(world, given, question);
    await api.delete(path, { version });
    return exit.ok;
  },
};

export const upstreamCommands: readonly Command[] = [
  list,
  show,
  add,
  update,
  remove,
  testUpstream,
  ...placeCommands,
  ...ruleCommands,
];
