import { type Command, exit, jsonOption } from "../command.ts";
import { connect, connectionOptions } from "../connection.ts";
import { container, findUpstream, part } from "../find.ts";
import { type Columns, printItem, printList, sizeText, tableText } from "../output.ts";
import { type EntryDetail, type Repository, shapes } from "../shapes.ts";

const options = { ...jsonOption, ...connectionOptions };

const columns: Columns<Repository> = {
  repository: ({ repository }) => repository,
  tags: ({ tags_count: count }) => count,
  entries: ({ entries_count: count }) => count,
  size: ({ size }) => sizeText(size),
  "last pulled": ({ last_downloaded_at: at }) => at,
};

export const repositories: Command = {
  name: "cache repositories",
  summary: "List the repositories of an upstream of which something is cached.",
  arguments: [{ name: "upstream", summary: "id, name, or group/name" }],
  options: {
    search: { value: "WORDS", summary: "only those whose name has all these words" },
    limit: { value: "N", summary: "at most so many; 100 where nothing is said, 0: all", from: 0 },
    ...options,
  },
  examples: ["weir cache repositories docker-hub --search alpine"],
  async run(world, given) {
    const api = await connect(world, given);
    const id = await findUpstream(api, given.argument("upstream"));
    const limit = given.number("limit") ?? 100;
    const found: Repository[] = [];
    const path = `${container}/upstreams/${id}/repositories`;
    for await (const one of api.pages(shapes.repository, path, { search: given.text("search") })) {
      if (limit > 0 && found.length === limit) {
        world.io.err(`weir: there are more than ${limit}: --limit 0 lists all`);
        break;
      }
      found.push(one);
    }
    return printList(world, given, found, columns);
  },
};

export const show: Command = {
  name: "cache show",
  summary: "Show an entry, what its manifest leads to, and what is known to refer to it.",
  arguments: [{ name: "entry", summary: "its id, as weir cache ls prints it" }],
  options,
  examples: ["weir cache show MSAxNTE3"],
  async run(world, given) {
    const api = await connect(world, given);
    const path = `${container}/cache_entries/${part(given.argument("entry"))}`;
    const { manifest, ...entry } = await api.get(shapes.entryDetail, path);
    if (given.has("json")) return printItem(world, given, { ...entry, manifest });
    printItem(world, given, entry);
    if (manifest) world.io.out(manifestText(manifest));
    return exit.ok;
  },
};

type Manifest = NonNullable<EntryDetail["manifest"]>;

/** One line for each thing that it leads to, or that refers to it. */
function manifestText(manifest: Manifest): string {
  const { config, layers, platforms, subject, referrers } = manifest;
  const things = [
    ...platforms.map((one) => ({ ...one, what: one.platform ?? "manifest" })),
    ...(config ? [{ ...config, what: "config" }] : []),
    ...layers.map((one) => ({ ...one, what: "layer" })),
    ...(subject ? [{ ...subject, what: "subject" }] : []),
    ...referrers.map((one) => ({ ...one, what: `referrer ${one.artifact_type ?? one.tag ?? ""}` })),
  ];
  const table = tableText(things, {
    what: ({ what }) => what,
    digest: ({ digest }) => digest,
    size: ({ size }) => sizeText(size),
    cached: ({ cached }) => (cached ? "yes" : ""),
  });
  const more = manifest.truncated ? "\nthere is more than this" : "";
  return `\n${table}${more}`;
}
