import type { GroupJson, MemberJson } from "../../http/api/contract.ts";
import { type Command, exit, jsonOption, UsageError } from "../command.ts";
import { connect, connectionOptions } from "../connection.ts";
import { findGroup, findUser, groupPath } from "../find.ts";
import { type Columns, confirm, printItem, printList, yesOption } from "../output.ts";
import { levelOf, roleNames, roleOf } from "../roles.ts";
import { shapes } from "../shapes.ts";

const options = { ...jsonOption, ...connectionOptions };
const group = { name: "group", summary: "id or path" } as const;
const user = { name: "user", summary: "id or user name" } as const;
const expires = { expires: { value: "DAY", summary: "the day from which on it is none" } } as const;

const columns: Columns<GroupJson> = {
  id: ({ id }) => id,
  path: ({ full_path: path }) => path,
  name: ({ name }) => name,
};

const memberColumns: Columns<MemberJson> = {
  id: ({ id }) => id,
  user: ({ username }) => username,
  role: ({ access_level: level }) => roleOf(level),
  state: ({ state }) => state,
  expires: ({ expires_at: at }) => at,
};

const list: Command = {
  name: "group list",
  summary: "List groups.",
  arguments: [],
  options: { search: { value: "WORDS", summary: "only with all these words" }, ...options },
  examples: ["weir group list", "weir group list --search platform"],
  async run(world, given) {
    const api = await connect(world, given);
    const groups = await api.all(shapes.group, "/groups", { search: given.text("search") });
    return printList(world, given, groups, columns);
  },
};

const show: Command = {
  name: "group show",
  summary: "Show a group.",
  arguments: [group],
  options,
  examples: ["weir group show platform/tools"],
  async run(world, given) {
    const api = await connect(world, given);
    return printItem(world, given, await findGroup(api, given.argument("group")));
  },
};

const create: Command = {
  name: "group create",
  summary: "Create a group; a subgroup has the path of its group and a slash before.",
  arguments: [{ name: "path", summary: "such as platform or platform/tools" }],
  options: { name: { value: "NAME", summary: "its name; else its path" }, ...options },
  examples: [
    'weir group create platform --name "Platform team"',
    "weir group create platform/tools",
  ],
  async run(world, given) {
    const api = await connect(world, given);
    const whole = given.argument("path");
    const above = whole.slice(0, Math.max(0, whole.lastIndexOf("/")));
    const path = whole.slice(above === "" ? 0 : above.length + 1);
    const parent = above === "" ? undefined : await findGroup(api, above);
    const name = given.text("name") ?? path;
    const body = { path, name, ...(parent && { parent_id: parent.id }) };
    return printItem(world, given, await api.post(shapes.group, "/groups", { body }));
  },
};

const update: Command = {
  name: "group update",
  summary: "Give a group another name or path; its Dependency Proxy is found by the former too.",
  arguments: [group],
  options: {
    name: { value: "NAME", summary: "another name" },
    path: { value: "PART", summary: "another last part of its path" },
    ...options,
  },
  examples: ["weir group update platform --path infrastructure"],
  async run(world, given) {
    const body = {
      ...(given.has("name") && { name: given.text("name") }),
      ...(given.has("path") && { path: given.text("path") }),
    };
    if (Object.keys(body).length === 0) throw new UsageError("group update needs --name or --path");
    const api = await connect(world, given);
    const path = groupPath(given.argument("group"));
    const { version } = await api.read(shapes.group, path);
    return printItem(world, given, await api.put(shapes.group, path, { body, version }));
  },
};

const remove: Command = {
  name: "group delete",
  summary: "Delete a group with everything in it.",
  details:
    "Groups below it, registries, upstreams and what is cached of them, projects, tokens and their bots go with it.",
  arguments: [group],
  options: { ...yesOption, ...connectionOptions },
  examples: ["weir group delete platform/tools --yes"],
  async run(world, given) {
    const api = await connect(world, given);
    const path = groupPath(given.argument("group"));
    const { body, version } = await api.read(shapes.group, path);
    await confirm(world, given, `Delete the group ${body.full_path} with everything in it?`);
    await api.delete(path, { version });
    return exit.ok;
  },
};

const members: Command = {
  name: "group members",
  summary: "List the members of a group, not those of groups above.",
  arguments: [group],
  options,
  examples: ["weir group members platform"],
  async run(world, given) {
    const api = await connect(world, given);
    const path = `${groupPath(given.argument("group"))}/members`;
    return printList(world, given, await api.all(shapes.member, path), memberColumns);
  },
};

const addMember: Command = {
  name: "group add-member",
  summary: "Make a user a member of a group, or change his role there.",
  arguments: [group, user, { name: "role", summary: "what he may do", choices: roleNames }],
  options: { ...expires, ...options },
  examples: ["weir group add-member platform ci guest --expires 2030-12-31"],
  async run(world, given) {
    const api = await connect(world, given);
    const path = `${groupPath(given.argument("group"))}/members`;
    const named = given.argument("user");
    const level = levelOf(given.argument("role"));
    const end = given.has("expires") ? { expires_at: given.text("expires") || null } : {};
    const body = { access_level: level, ...end };
    const present = (await api.all(shapes.member, path)).find(
      ({ id, username }) => String(id) === named || username === named,
    );
    if (present) {
      const place = `${path}/${present.id}`;
      const { version } = await api.read(shapes.member, place);
      const changed = await api.put(shapes.member, place, { body, version });
      return printItem(world, given, changed);
    }
    const who = /^\d+$/.test(named) ? { user_id: Number(named) } : { username: named };
    return printItem(
      world,
      given,
      await api.post(shapes.member, path, { body: { ...who, ...body } }),
    );
  },
};

const removeMember: Command = {
  name: "group remove-member",
  summary: "Take a user out of a group.",
  arguments: [group, user],
  options: connectionOptions,
  examples: ["weir group remove-member platform ci"],
  async run(world, given) {
    const api = await connect(world, given);
    const path = `${groupPath(given.argument("group"))}/members`;
    const named = given.argument("user");
    const all = await api.all(shapes.member, path);
    const member = all.find(({ id, username }) => String(id) === named || username === named);
    const id = member?.id ?? (await findUser(api, named)).id;
    await api.delete(`${path}/${id}`);
    return exit.ok;
  },
};

export const groupCommands: readonly Command[] = [
  list,
  show,
  create,
  update,
  remove,
  members,
  addMember,
  removeMember,
];
