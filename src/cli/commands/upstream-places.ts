import type { Api } from "../client.ts";
import { type Command, exit, Failure, jsonOption, UsageError } from "../command.ts";
import { connect, connectionOptions } from "../connection.ts";
import { container, findRegistry, findUpstream } from "../find.ts";
import type { Given } from "../given.ts";
import { printItem } from "../output.ts";
import { shapes } from "../shapes.ts";

const options = { ...jsonOption, ...connectionOptions };
const upstream = { name: "upstream", summary: "id, name, or group/name" } as const;
const registry = { name: "registry", summary: "id, name, or group/name" } as const;

const move: Command = {
  name: "upstream move",
  summary: "Move an upstream within a registry's list; the others close up.",
  arguments: [upstream, { name: "position", summary: "from 1; beyond the last is the last" }],
  options: {
    registry: { value: "REGISTRY", summary: "in which; can be left out where it has only one" },
    ...options,
  },
  examples: ["weir upstream move github 1", "weir upstream move github 2 --registry everything"],
  async run(world, given) {
    const position = Number(given.argument("position"));
    if (!Number.isInteger(position) || position < 1) {
      throw new UsageError("position must be a whole number from 1 on");
    }
    const api = await connect(world, given);
    const place = await placeOf(api, given, given.text("registry"));
    const path = `${container}/registry_upstreams/${place}`;
    const moved = await api.patch(shapes.association, path, { body: { position } });
    return printItem(world, given, moved);
  },
};

const link: Command = {
  name: "upstream link",
  summary: "Add an upstream that is there already to the end of another registry of its group.",
  arguments: [upstream, registry],
  options,
  examples: ["weir upstream link github everything"],
  async run(world, given) {
    const api = await connect(world, given);
    const body = {
      registry_id: await findRegistry(api, given.argument("registry")),
      upstream_id: await findUpstream(api, given.argument("upstream")),
    };
    const path = `${container}/registry_upstreams`;
    return printItem(world, given, await api.post(shapes.association, path, { body }));
  },
};

const unlink: Command = {
  name: "upstream unlink",
  summary: "Take an upstream out of a registry; it stays, with its cache.",
  arguments: [upstream, registry],
  options: connectionOptions,
  examples: ["weir upstream unlink github everything"],
  async run(world, given) {
    const api = await connect(world, given);
    const place = await placeOf(api, given, given.argument("registry"));
    await api.delete(`${container}/registry_upstreams/${place}`);
    return exit.ok;
  },
};

/** The id of an upstream's place in a registry, or in the only one that has it. */
async function placeOf(api: Api, given: Given, named: string | undefined): Promise<number> {
  const id = await findUpstream(api, given.argument("upstream"));
  const { registry_upstreams: places } = await api.get(
    shapes.upstreamDetail,
    `${container}/upstreams/${id}`,
  );
  const wanted = named === undefined ? undefined : await findRegistry(api, named);
  const [place, second] = places.filter(
    ({ registry_id: registryId }) => wanted === undefined || registryId === wanted,
  );
  if (place && !second) return place.id;
  if (place) {
    const ids = places.map(({ registry_id: registryId }) => registryId).join(", ");
    throw new Failure(`the upstream is in several registries: say --registry, one of ${ids}`);
  }
  throw new Failure("the upstream is not in that registry", exit.notFound);
}

export const placeCommands: readonly Command[] = [move, link, unlink];
