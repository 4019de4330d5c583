import { size } from "../../work/contract.ts";
import { type Command, exit, jsonOption, UsageError } from "../command.ts";
import { connect, connectionOptions } from "../connection.ts";
import { groupPath } from "../find.ts";
import { printItem } from "../output.ts";
import { shapes } from "../shapes.ts";

const options = { ...jsonOption, ...connectionOptions };
const spacePath = (group: string) => `${groupPath(group)}/-/virtual_registries/space`;

const show: Command = {
  name: "space show",
  summary: "Show how many bytes are stored, or how many a group's entries need, and the limits.",
  arguments: [
    {
      name: "group",
      summary: "id or path; the server as a whole where none is named",
      optional: true,
    },
  ],
  options,
  examples: ["weir space show", "weir space show platform"],
  async run(world, given) {
    const group = given.maybe("group");
    const api = await connect(world, given);
    const found =
      group === undefined
        ? await api.get(shapes.space, "/space")
        : await api.get(shapes.groupSpace, spacePath(group));
    return printItem(world, given, found);
  },
};

const limit: Command = {
  name: "space limit",
  summary: "Limit how many bytes the entries of a group may need.",
  details:
    "Entries of its subgroups do not count. What is over a limit goes within a minute, what was not pulled for the longest time first; weir evict --dry-run says what.",
  arguments: [
    { name: "group", summary: "id or path" },
    { name: "size", summary: "such as 500MB or 50GiB, or none" },
  ],
  options,
  examples: ["weir space limit platform 50GiB", "weir space limit platform none"],
  async run(world, given) {
    const bytes = bytesGiven(given.argument("size"));
    const api = await connect(world, given);
    const path = spacePath(given.argument("group"));
    const { version } = await api.read(shapes.groupSpace, path);
    const body = { cache_max_bytes: bytes };
    return printItem(world, given, await api.put(shapes.groupSpace, path, { body, version }));
  },
};

function bytesGiven(text: string): number | null {
  if (text === "none") return null;
  const { data, error } = size(1).safeParse(text);
  if (data !== undefined) return data;
  throw new UsageError(`size ${error?.issues[0]?.message ?? "is none"}, or none`);
}

const policyPath = (group: string) => `${groupPath(group)}/-/virtual_registries/cleanup/policy`;
const ofGroup = { name: "group", summary: "id or path" } as const;
const flag = (summary: string) =>
  ({ value: "WHETHER", summary, choices: ["true", "false"] }) as const;

const showPolicy: Command = {
  name: "cleanup show",
  summary: "Show a group's cleanup policy, and how its last run has ended.",
  arguments: [ofGroup],
  options,
  examples: ["weir cleanup show platform"],
  async run(world, given) {
    const api = await connect(world, given);
    const path = policyPath(given.argument("group"));
    return printItem(world, given, await api.get(shapes.policy, path));
  },
};

const setPolicy: Command = {
  name: "cleanup set",
  summary: "Give a group a cleanup policy, or change the one that it has.",
  details:
    "A new one is switched on unless --enabled false is given. Its next run is a cadence from now.",
  arguments: [ofGroup],
  options: {
    enabled: flag("whether it runs"),
    "keep-days": {
      value: "DAYS",
      summary: "days without a pull after which an entry goes",
      from: 1,
    },
    cadence: {
      value: "DAYS",
      summary: "from one run to the next",
      choices: ["1", "7", "14", "30", "90"],
    },
    "notify-on-success": flag("whether its owners are to hear of a run"),
    "notify-on-failure": flag("whether they are to hear of one that fails"),
    ...options,
  },
  examples: ["weir cleanup set platform --keep-days 90 --cadence 7"],
  async run(world, given) {
    const flags = ["enabled", "notify-on-success", "notify-on-failure"].flatMap((option) =>
      given.has(option)
        ? [[option.replaceAll("-", "_"), given.text(option) === "true"] as const]
        : [],
    );
    const fields = {
      ...Object.fromEntries(flags),
      ...(given.has("keep-days") && { keep_n_days_after_download: given.number("keep-days") }),
      ...(given.has("cadence") && { cadence: given.number("cadence") }),
    };
    const api = await connect(world, given);
    const path = policyPath(given.argument("group"));
    if ((await api.find(shapes.policy, path)) === undefined) {
      const body = { enabled: true, ...fields };
      return printItem(world, given, await api.post(shapes.policy, path, { body }));
    }
    if (Object.keys(fields).length === 0) {
      throw new UsageError("cleanup set needs something to change: see its options");
    }
    const { version } = await api.read(shapes.policy, path);
    return printItem(world, given, await api.patch(shapes.policy, path, { body: fields, version }));
  },
};

const removePolicy: Command = {
  name: "cleanup delete",
  summary: "Delete a group's cleanup policy; what it has given up does not come back.",
  arguments: [ofGroup],
  options: connectionOptions,
  examples: ["weir cleanup delete platform"],
  async run(world, given) {
    const api = await connect(world, given);
    await api.delete(policyPath(given.argument("group")));
    return exit.ok;
  },
};

export const spaceCommands = [show, limit, showPolicy, setPolicy, removePolicy];
