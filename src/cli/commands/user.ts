import type { UserJson } from "../../http/api/contract.ts";
import { type Command, exit, jsonOption, UsageError } from "../command.ts";
import { connect, connectionOptions } from "../connection.ts";
import { findUser } from "../find.ts";
import { type Columns, printItem, printList } from "../output.ts";
import { passwordOptions, readPassword } from "../upstream-fields.ts";
import { shapes } from "../shapes.ts";

const options = { ...jsonOption, ...connectionOptions };
const user = { name: "user", summary: "id or user name" } as const;

const columns: Columns<UserJson> = {
  id: ({ id }) => id,
  user: ({ username }) => username,
  name: ({ name }) => name,
  state: ({ state }) => state,
  admin: ({ is_admin: admin }) => (admin ? "yes" : ""),
  bot: ({ bot }) => (bot ? "yes" : ""),
};

const list: Command = {
  name: "user list",
  summary: "List users; for administrators.",
  arguments: [],
  options: { search: { value: "WORDS", summary: "only with all these words" }, ...options },
  examples: ["weir user list", "weir user list --search ada"],
  async run(world, given) {
    const api = await connect(world, given);
    const users = await api.all(shapes.user, "/users", { search: given.text("search") });
    return printList(world, given, users, columns);
  },
};

const show: Command = {
  name: "user show",
  summary: "Show a user; without one, whom the token stands for.",
  arguments: [{ ...user, optional: true }],
  options,
  examples: ["weir user show", "weir user show ada"],
  async run(world, given) {
    const api = await connect(world, given);
    const named = given.maybe("user");
    const found = named === undefined ? api.get(shapes.user, "/user") : findUser(api, named);
    return printItem(world, given, await found);
  },
};

const create: Command = {
  name: "user create",
  summary: "Create a user, who is in no group yet.",
  arguments: [{ name: "username", summary: "the name to log in with" }],
  options: {
    name: { value: "NAME", summary: "what he is called; else his user name" },
    email: { value: "ADDRESS", summary: "his e-mail address" },
    admin: { summary: "make him an administrator" },
    ...options,
  },
  examples: ['weir user create ada --name "Ada Lovelace" --email ada@example.com'],
  async run(world, given) {
    const api = await connect(world, given);
    const body = {
      username: given.argument("username"),
      ...(given.has("name") && { name: given.text("name") }),
      ...(given.has("email") && { email: given.text("email") }),
      ...(given.has("admin") && { admin: true }),
    };
    return printItem(world, given, await api.post(shapes.user, "/users", { body }));
  },
};

const update: Command = {
  name: "user update",
  summary: "Change a user's name or e-mail address, or whether he is an administrator.",
  arguments: [user],
  options: {
    name: { value: "NAME", summary: "what he is called" },
    email: { value: "ADDRESS", summary: "his e-mail address; the empty text clears it" },
    admin: { summary: "make him an administrator" },
    "no-admin": { summary: "make him none; the last active one stays one" },
    ...options,
  },
  examples: ["weir user update ada --admin", 'weir user update ada --email ""'],
  async run(world, given) {
    const body = {
      ...(given.has("name") && { name: given.text("name") }),
      ...(given.has("email") && { email: given.text("email") || null }),
      ...(given.has("admin") && { admin: true }),
      ...(given.has("no-admin") && { admin: false }),
    };
    if (given.has("admin") && given.has("no-admin")) {
      throw new UsageError("user update takes --admin or --no-admin, not both");
    }
    if (Object.keys(body).length === 0) {
      throw new UsageError("user update needs something to change: see its options");
    }
    const api = await connect(world, given);
    const { id } = await findUser(api, given.argument("user"));
    const { version } = await api.read(shapes.user, `/users/${id}`);
    return printItem(world, given, await api.patch(shapes.user, `/users/${id}`, { body, version }));
  },
};

const password: Command = {
  name: "user password",
  summary: "Give a user a password, which ends all his sessions.",
  arguments: [user],
  options: { ...passwordOptions, ...connectionOptions },
  examples: [
    "weir user password ada --password-file password.txt",
    "openssl rand -base64 24 | weir user password ada --password-file -",
  ],
  async run(world, given) {
    const text = await readPassword(world, given);
    if (text === undefined) {
      throw new UsageError("user password needs --password-file or --password-env");
    }
    const api = await connect(world, given);
    const { id } = await findUser(api, given.argument("user"));
    await api.set(`/users/${id}/password`, { body: { password: text } });
    return exit.ok;
  },
};

const states: [verb: string, summary: string][] = [
  ["block", "Block a user: nothing that is his counts from now on."],
  ["unblock", "Let a blocked user in again."],
  ["deactivate", "Deactivate a user, which is as blocking him."],
  ["activate", "Let a deactivated user in again."],
];

const stateCommands = states.map(([verb, summary]): Command => ({
  name: `user ${verb}`,
  summary,
  arguments: [user],
  options,
  examples: [`weir user ${verb} ada`],
  async run(world, given) {
    const api = await connect(world, given);
    const { id } = await findUser(api, given.argument("user"));
    return printItem(world, given, await api.post(shapes.user, `/users/${id}/${verb}`));
  },
}));

export const userCommands: readonly Command[] = [
  list,
  show,
  create,
  update,
  password,
  ...stateCommands,
];
