import { type Command, jsonOption } from "../command.ts";
import { connect, connectionOptions } from "../connection.ts";
import { findRegistry, findUpstream, ofGroup } from "../find.ts";
import { type Columns, printList, sizeText } from "../output.ts";
import { list as listOf, type Pull, shapes } from "../shapes.ts";

const columns: Columns<Pull> = {
  at: ({ at }) => at,
  registry: ({ registry }) => registry,
  image: ({ repository, reference }) => imageText(repository, reference),
  cache: ({ cache_status: status }) => status,
  upstream: ({ upstream }) => upstream,
  status: ({ status }) => status,
  bytes: ({ bytes }) => sizeText(bytes),
  ms: ({ duration_ms: ms }) => Math.round(ms),
  who: ({ actor }) => actor,
};

/** What went wrong is what is asked for: the numbers would leave no room for it. */
const failedColumns: Columns<Pull> = {
  at: ({ at }) => at,
  registry: ({ registry }) => registry,
  image: ({ repository, reference }) => imageText(repository, reference),
  status: ({ status }) => status,
  why: ({ error }) => error?.message,
  "what to do": ({ error }) => error?.next,
};

const imageText = (repository: string, reference: string | null) =>
  reference === null
    ? repository
    : `${repository}${reference.includes(":") ? "@" : ":"}${reference}`;

export const pulls: Command = {
  name: "pulls",
  summary: "List the latest pulls at this server, or those that failed, with why and what to do.",
  arguments: [{ name: "group", summary: "id or path; else default", optional: true }],
  options: {
    failed: { summary: "only those that failed, with the reason and what to do" },
    registry: { value: "REGISTRY", summary: "through this one alone" },
    upstream: { value: "UPSTREAM", summary: "from this one alone" },
    repository: { value: "NAME", summary: "a part of its name, or a glob such as library/**" },
    limit: { value: "COUNT", summary: "so many at most; 100 where nothing is said", from: 1 },
    ...jsonOption,
    ...connectionOptions,
  },
  examples: ["weir pulls --failed", "weir pulls platform --repository 'library/**' --limit 20"],
  async run(world, given) {
    const api = await connect(world, given);
    const [registry, upstream] = [given.text("registry"), given.text("upstream")];
    const query = {
      failed: given.has("failed") ? "true" : undefined,
      registry_id: registry === undefined ? undefined : await findRegistry(api, registry),
      upstream_id: upstream === undefined ? undefined : await findUpstream(api, upstream),
      repository: given.text("repository"),
      limit: given.number("limit"),
    };
    const path = `${ofGroup(given.maybe("group") ?? "default")}/pulls`;
    const all = await api.get(listOf(shapes.pull), path, query);
    return printList(world, given, all, given.has("failed") ? failedColumns : columns);
  },
};
