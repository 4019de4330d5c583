import type { Api } from "../client.ts";
import { type Command, exit, Failure, jsonOption, UsageError, type World } from "../command.ts";
import { connect, connectionOptions } from "../connection.ts";
import { container, findRegistry, part } from "../find.ts";
import type { Given } from "../given.ts";
import { type Columns, plain, printItem, printList, showProgress, tableText } from "../output.ts";
import { type Prefetch, shapes } from "../shapes.ts";
import { registryPath } from "./registry.ts";

const options = { ...jsonOption, ...connectionOptions };
const registry = { name: "registry", summary: "id, name, or group/name" } as const;
const prefetch = { name: "prefetch", summary: "its id" } as const;
const prefetchPath = (id: string | number) => `${container}/prefetches/${part(id)}`;

const ended = ({ status }: Prefetch) => status === "finished" || status === "failed";

const columns: Columns<Prefetch> = {
  id: ({ id }) => id,
  name: ({ name }) => name,
  status: ({ status }) => status,
  images: ({ images }) =>
    `${images.filter(({ status }) => status === "done").length}/${images.length}`,
  objects: ({ progress: { objects } }) => `${objects.done}/${objects.total}`,
  "every hours": ({ every_hours: hours }) => hours,
  "last run": ({ last_run_at: at }) => at,
  "next run": ({ next_run_at: at }) => at,
};

const imageColumns: Columns<Prefetch["images"][number]> = {
  image: ({ image }) => image,
  status: ({ status }) => status,
  objects: ({ objects }) => `${objects.done}/${objects.total}`,
  reason: ({ reason }) => reason,
};

const add: Command = {
  name: "prefetch add",
  summary: "Bring images into a registry's cache before anybody asks for them.",
  arguments: [registry],
  options: {
    image: {
      value: "IMAGE",
      summary: "as the registry calls it, such as library/alpine:3.20",
      many: true,
    },
    platform: {
      value: "PLATFORM",
      summary: "such as linux/arm64, or all; linux/amd64 where none is named",
      many: true,
    },
    name: { value: "NAME", summary: "by which weir apply finds it; for one that runs again" },
    every: { value: "HOURS", summary: "again each so many hours", from: 1 },
    wait: { summary: "until the run is over; exit code 1 where not all images came" },
    timeout: {
      value: "SECONDS",
      summary: "with --wait: wait so long at most; the run goes on, and the exit code is 1",
      from: 1,
    },
    ...options,
  },
  examples: [
    "weir prefetch add 1 --image library/alpine:3.20 --wait",
    "weir prefetch add 1 --image library/node:22 --platform linux/amd64 --platform linux/arm64 --every 24",
  ],
  async run(world, given) {
    const images = given.list("image");
    if (images.length === 0) throw new UsageError("prefetch add needs an --image");
    const timeout = given.number("timeout");
    if (timeout !== undefined && !given.has("wait")) {
      throw new UsageError("--timeout is for --wait; without it nobody waits");
    }
    const platforms = given.list("platform");
    const body = {
      images,
      ...(given.has("name") && { name: given.text("name") }),
      ...(platforms.length > 0 && { platforms }),
      ...(given.has("every") && { every_hours: given.number("every") }),
    };
    const api = await connect(world, given);
    const path = registryPath(await findRegistry(api, given.argument("registry")));
    const made = await api.post(shapes.prefetch, `${path}/prefetches`, { body });
    if (!given.has("wait")) return printMade(world, given, made);
    const run = await follow(world, api, made.id, timeout);
    const failed = run.images.filter(({ status }) => status === "failed");
    if (given.has("json")) printItem(world, given, run);
    else world.io.out(tableText(run.images, imageColumns));
    if (failed.length === 0) return exit.ok;
    throw new Failure(`${failed.length} of ${run.images.length} images were not brought`);
  },
};

/** The images in a table of their own: within the fields they would be JSON. */
function printMade(world: World, given: Given, made: Prefetch): number {
  if (given.has("json")) return printItem(world, given, made);
  const { images, progress: _, platforms, ...fields } = made;
  printItem(world, given, { ...fields, platforms: platforms.join(" ") });
  world.io.out(`\n${tableText(images, imageColumns)}`);
  return exit.ok;
}

const lookMs = 1000;

/** Looks each second how far it is, until the run is over. Throws a `Failure` where that takes longer than `seconds`. */
async function follow(
  world: World,
  api: Api,
  id: number,
  seconds = Number.POSITIVE_INFINITY,
): Promise<Prefetch> {
  const told = new Map<string, string>();
  const late = world.clock.elapsed() + seconds * 1000;
  for (;;) {
    const seen = await api.get(shapes.prefetch, prefetchPath(id));
    const { objects } = seen.progress;
    for (const { image, status, reason } of seen.images) {
      const now = `${plain(image)} ${status}${reason === null ? "" : `: ${plain(reason)}`}`;
      if (told.get(image) !== now && (reason !== null || status === "done")) {
        world.io.status("");
        world.io.err(`weir: ${now}`);
      }
      told.set(image, now);
    }
    showProgress(world, objects.done, objects.total, "objects");
    if (ended(seen)) {
      world.io.status("");
      return seen;
    }
    const left = late - world.clock.elapsed();
    if (left <= 0) {
      world.io.status("");
      const next = `weir prefetch show ${id} tells how far it is`;
      throw new Failure(`prefetch ${id} is not over after ${seconds} s and goes on; ${next}`);
    }
    const wait = Math.min(lookMs, left);
    await new Promise<void>((resolve) => void world.clock.after(wait, resolve));
  }
}

const list: Command = {
  name: "prefetch list",
  summary: "List what is prefetched into a registry, and how many of its images are there.",
  arguments: [registry],
  options,
  examples: ["weir prefetch list 1"],
  async run(world, given) {
    const api = await connect(world, given);
    const path = registryPath(await findRegistry(api, given.argument("registry")));
    const all = await api.all(shapes.prefetch, `${path}/prefetches`);
    return printList(world, given, all, columns);
  },
};

const show: Command = {
  name: "prefetch show",
  summary: "Show what became of each image of a prefetch.",
  arguments: [prefetch],
  options,
  examples: ["weir prefetch show 7"],
  async run(world, given) {
    const api = await connect(world, given);
    const found = await api.get(shapes.prefetch, prefetchPath(given.argument("prefetch")));
    if (given.has("json")) return printItem(world, given, found);
    return printList(world, given, found.images, imageColumns);
  },
};

const remove: Command = {
  name: "prefetch delete",
  summary: "Delete a prefetch; a run under way ends, and what it has brought stays.",
  arguments: [prefetch],
  options: connectionOptions,
  examples: ["weir prefetch delete 7"],
  async run(world, given) {
    const api = await connect(world, given);
    await api.delete(prefetchPath(given.argument("prefetch")));
    return exit.ok;
  },
};

export const prefetchCommands = [add, list, show, remove];
