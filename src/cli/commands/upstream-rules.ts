import type { UpstreamRuleJson } from "../../http/api/contract.ts";
import { type Command, exit, jsonOption, UsageError } from "../command.ts";
import { connect, connectionOptions } from "../connection.ts";
import { container, findUpstream } from "../find.ts";
import { type Columns, printItem, printList } from "../output.ts";
import { list as listOf, shapes } from "../shapes.ts";
import { readRule } from "../upstream-fields.ts";

const options = { ...jsonOption, ...connectionOptions };
const upstream = { name: "upstream", summary: "id, name, or group/name" } as const;

const rulesOf = (id: number) => `${container}/upstreams/${id}/rules`;

const columns: Columns<UpstreamRuleJson> = {
  id: ({ id }) => id,
  effect: ({ effect }) => effect,
  target: ({ target }) => target,
  pattern: ({ pattern }) => pattern,
};

const list: Command = {
  name: "upstream rules",
  summary: "List the rules that say which names an upstream is asked for.",
  arguments: [upstream],
  options,
  examples: ["weir upstream rules docker-hub"],
  async run(world, given) {
    const api = await connect(world, given);
    const id = await findUpstream(api, given.argument("upstream"));
    return printList(world, given, await api.get(listOf(shapes.rule), rulesOf(id)), columns);
  },
};

const add: Command = {
  name: "upstream add-rule",
  summary: "Add a rule to an upstream.",
  details: "weir upstream update --rule replaces all of its rules instead.",
  arguments: [
    upstream,
    { name: "rule", summary: 'such as "allow repository library/**" or "deny tag latest"' },
  ],
  options,
  examples: ['weir upstream add-rule docker-hub "deny repository bitnami/**"'],
  async run(world, given) {
    const body = readRule(given.argument("rule"), "the rule");
    const api = await connect(world, given);
    const id = await findUpstream(api, given.argument("upstream"));
    return printItem(world, given, await api.post(shapes.rule, rulesOf(id), { body }));
  },
};

const remove: Command = {
  name: "upstream drop-rule",
  summary: "Take a rule from an upstream.",
  arguments: [upstream, { name: "rule", summary: "its id, as upstream rules shows it" }],
  options: connectionOptions,
  examples: ["weir upstream drop-rule docker-hub 2"],
  async run(world, given) {
    const rule = given.argument("rule");
    if (!/^[1-9]\d{0,14}$/.test(rule)) throw new UsageError("rule must be the id of one");
    const api = await connect(world, given);
    const id = await findUpstream(api, given.argument("upstream"));
    await api.delete(`${rulesOf(id)}/${rule}`);
    return exit.ok;
  },
};

export const ruleCommands: readonly Command[] = [list, add, remove];
