import type { Api } from "../client.ts";
import { type Command, exit, Failure, jsonOption, UsageError, type World } from "../command.ts";
import { connect, connectionOptions } from "../connection.ts";
import { container, findRegistry, findUpstream, groupPath, part } from "../find.ts";
import type { Given } from "../given.ts";
import {
  type Columns,
  confirm,
  plain,
  printItem,
  printList,
  sizeText,
  yesOption,
} from "../output.ts";
import { type Entry, shapes } from "../shapes.ts";
import { repositories, show } from "./cache-contents.ts";

const options = { ...jsonOption, ...connectionOptions };
const entry = { name: "entry", summary: "its id, as weir cache ls prints it" } as const;

const columns: Columns<Entry> = {
  id: ({ id }) => id,
  path: ({ relative_path: path }) => path,
  size: ({ size }) => sizeText(size),
  downloads: ({ downloads_count: count }) => count,
  "last pulled": ({ downloaded_at: at }) => at,
  pinned: ({ pinned }) => (pinned ? "yes" : ""),
};

const ls: Command = {
  name: "cache ls",
  summary: "List what is cached of an upstream, the newest first.",
  arguments: [{ name: "upstream", summary: "id, name, or group/name" }],
  options: {
    search: { value: "WORDS", summary: "only entries whose path has all these words" },
    limit: { value: "N", summary: "at most so many; 100 where nothing is said, 0: all", from: 0 },
    ...options,
  },
  examples: ["weir cache ls docker-hub", 'weir cache ls docker-hub --search "alpine 3.20"'],
  async run(world, given) {
    const api = await connect(world, given);
    const id = await findUpstream(api, given.argument("upstream"));
    const limit = given.number("limit") ?? 100;
    const entries: Entry[] = [];
    const path = `${container}/upstreams/${id}/cache_entries`;
    for await (const found of api.pages(shapes.entry, path, { search: given.text("search") })) {
      if (limit > 0 && entries.length === limit) {
        world.io.err(`weir: there are more than ${limit}: --limit 0 lists all`);
        break;
      }
      entries.push(found);
      world.io.status(entries.length % 100 === 0 ? `${entries.length} entries` : "");
    }
    world.io.status("");
    return printList(world, given, entries, columns);
  },
};

const refresh: Command = {
  name: "cache refresh",
  summary: "Read a tag anew from its upstream, however fresh the cached copy is.",
  details: "Ends with 1 where the upstream gives no answer, and the cached copy stays as it was.",
  arguments: [
    { name: "registry", summary: "id, name, or group/name" },
    { name: "image", summary: "repository:tag" },
  ],
  options,
  examples: ["weir cache refresh 1 library/alpine:3.20"],
  async run(world, given) {
    const api = await connect(world, given);
    const id = await findRegistry(api, given.argument("registry"));
    const query = { image: given.argument("image") };
    const path = `${container}/registries/${id}/refresh`;
    const { cache, ...object } = await api.post(shapes.refreshed, path, { query });
    if (given.has("json")) printItem(world, given, { ...object, cache });
    else printItem(world, given, { ...object, ...cache });
    if (cache.status !== "stale") return exit.ok;
    const why = cache.reason === null ? "" : ` (${plain(cache.reason)})`;
    throw new Failure(
      `nothing was refreshed: ${plain(cache.upstream)} gives no answer${why}; the cached copy stays as it was`,
    );
  },
};

const purge: Command = {
  name: "cache purge",
  summary: "Give up what is cached, of an upstream, a registry or a Dependency Proxy.",
  details:
    "It is done behind the answer, in steps between pulls; weir work tells how far it has come. What is pulled meanwhile is fetched anew. Of a registry, only the upstreams that no other registry has are emptied.",
  arguments: [{ name: "upstream", summary: "id, name, or group/name", optional: true }],
  options: {
    registry: { value: "REGISTRY", summary: "instead of an upstream" },
    "dependency-proxy": { value: "GROUP", summary: "instead of an upstream; all of it" },
    pattern: { value: "GLOB", summary: "only these, such as library/alpine or library/alpine:3.*" },
    "include-pinned": { summary: "pinned entries too, and what they need" },
    "dry-run": { summary: "only say what would go" },
    ...yesOption,
    ...options,
  },
  examples: [
    'weir cache purge docker-hub --pattern "library/alpine:3.*" --dry-run',
    "weir cache purge docker-hub --yes",
    "weir cache purge --registry 1 --yes",
  ],
  async run(world, given) {
    const { upstream, registry, proxy } = purgeTarget(given);
    const api = await connect(world, given);
    if (proxy !== undefined) {
      await confirm(world, given, "Give up all that is cached there?");
      await api.delete(`${groupPath(proxy)}/dependency_proxy/cache`);
      return begun(world, given);
    }
    const place =
      registry === undefined
        ? `upstreams/${await findUpstream(api, upstream)}`
        : `registries/${await findRegistry(api, registry)}`;
    const path = `${container}/${place}/cache`;
    const query = {
      pattern: given.text("pattern"),
      include_pinned: given.has("include-pinned") ? "true" : undefined,
    };
    if (given.has("dry-run")) {
      const preview = await api.get(shapes.preview, path, query);
      if (!given.has("include-pinned") && preview.entries === 0) world.io.err(pinnedStay);
      return printItem(world, given, preview);
    }
    if (!given.has("yes")) await confirm(world, given, await questionOf(api, path, query));
    await api.delete(path, { query });
    return begun(world, given);
  },
};

const pinnedStay = "weir: pinned entries stay, and what they need; --include-pinned takes them too";

function begun({ io }: World, given: Given): number {
  if (!given.has("json")) io.out("it is done from now on; weir work tells how far it has come");
  return exit.ok;
}

async function questionOf(
  api: Api,
  path: string,
  query: Record<string, string | undefined>,
): Promise<string> {
  const { entries, size, repositories, partial } = await api.get(shapes.preview, path, query);
  const few = repositories.map(plain).join(", ");
  const least = partial ? "at least " : "";
  return `Give up ${least}${entries} entries (${sizeText(size)})${few === "" ? "" : `, of ${few}`}?`;
}

/** The one thing to empty. */
function purgeTarget(given: Given) {
  const upstream = given.maybe("upstream");
  const registry = given.text("registry");
  const proxy = given.text("dependency-proxy");
  if ([upstream, registry, proxy].filter((one) => one !== undefined).length !== 1) {
    throw new UsageError("cache purge needs an upstream, --registry or --dependency-proxy");
  }
  const some = ["pattern", "include-pinned", "dry-run"].find((option) => given.has(option));
  if (proxy !== undefined && some !== undefined) {
    throw new UsageError(`--${some} is for an upstream or a registry`);
  }
  return { upstream: upstream ?? "", registry, proxy };
}

const entryPath = (given: Given) => `${container}/cache_entries/${part(given.argument("entry"))}`;

const drop: Command = {
  name: "cache delete",
  summary: "Give up one entry.",
  arguments: [entry],
  options: connectionOptions,
  examples: ["weir cache delete MSAxNTE3"],
  async run(world, given) {
    const api = await connect(world, given);
    await api.delete(entryPath(given));
    return exit.ok;
  },
};

const pin: Command = {
  name: "cache pin",
  summary: "Keep an entry, whatever cleans up.",
  arguments: [entry],
  options,
  examples: ["weir cache pin MSAxNTE3"],
  async run(world, given) {
    const api = await connect(world, given);
    return printItem(world, given, await api.post(shapes.entry, `${entryPath(given)}/pin`));
  },
};

const unpin: Command = {
  name: "cache unpin",
  summary: "Let an entry go as others do.",
  arguments: [entry],
  options: connectionOptions,
  examples: ["weir cache unpin MSAxNTE3"],
  async run(world, given) {
    const api = await connect(world, given);
    await api.delete(`${entryPath(given)}/pin`);
    world.io.out("it is no longer pinned");
    return exit.ok;
  },
};

export const cacheCommands: readonly Command[] = [
  ls,
  repositories,
  show,
  refresh,
  purge,
  drop,
  pin,
  unpin,
];
