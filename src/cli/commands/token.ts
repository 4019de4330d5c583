import { tokenScopes } from "../../work/contract.ts";
import type { Api } from "../client.ts";
import { type Command, exit, jsonOption, UsageError, type World } from "../command.ts";
import { connect, connectionOptions } from "../connection.ts";
import { findUser, groupPath } from "../find.ts";
import type { Given } from "../given.ts";
import { type Columns, confirm, printList, yesOption } from "../output.ts";
import { levelOf, roleNames } from "../roles.ts";
import { shapes, type Token } from "../shapes.ts";

const options = { ...jsonOption, ...connectionOptions };
const token = { name: "token", summary: "its id" } as const;
const kinds = {
  group: { value: "GROUP", summary: "a group's access token, which acts as a bot of its own" },
  deploy: { value: "GROUP", summary: "a group's deploy token, which only pulls" },
} as const;
const whose = { user: { value: "USER", summary: "of this user; for administrators" }, ...kinds };
const expires = { expires: { value: "DAY", summary: "the day from which on it does not count" } };

/** Where such tokens are: personal ones, or those of the group that is named. */
function pathOf(given: Given): string {
  const group = given.text("group");
  const deploy = given.text("deploy");
  if (group !== undefined && deploy !== undefined) {
    throw new UsageError("--deploy stands beside --group; keep one of them");
  }
  if (group !== undefined) return `${groupPath(group)}/access_tokens`;
  return deploy === undefined ? "/personal_access_tokens" : `${groupPath(deploy)}/deploy_tokens`;
}

async function userOf(api: Api, given: Given): Promise<number | undefined> {
  const named = given.text("user");
  if (named === undefined) return undefined;
  if (given.has("group") || given.has("deploy")) {
    throw new UsageError("--user is for personal tokens; keep one of --user, --group, --deploy");
  }
  return (await findUser(api, named)).id;
}

/** The secret alone on the standard output, so that a script can take it; what else there is to know beside it. */
function printSecret({ io }: World, given: Given, made: Token): number {
  if (given.has("json")) io.out(JSON.stringify(made, null, 2));
  else {
    const user = "username" in made ? `, for the user name ${made.username}` : "";
    const end = made.expires_at === null ? "has no end" : `ends ${made.expires_at}`;
    io.err(`weir: token ${made.id}${user}, ${end}; its secret is shown only this once:`);
    io.out(made.token ?? "");
  }
  return exit.ok;
}

const columns: Columns<Token> = {
  id: ({ id }) => id,
  name: ({ name }) => name,
  scopes: ({ scopes }) => scopes.join(","),
  active: (one) => (("active" in one ? one.active : !one.revoked && !one.expired) ? "yes" : "no"),
  expires: ({ expires_at: at }) => at,
  "last used": ({ last_used_at: at }) => at,
};

const create: Command = {
  name: "token create",
  summary: "Create an access token for oneself, a user or a group; its secret is printed once.",
  arguments: [{ name: "name", summary: "what it is for" }],
  options: {
    ...whose,
    scope: {
      value: "SCOPE",
      summary: "what it opens; read_virtual_registry where nothing is said",
      choices: tokenScopes,
      many: true,
    },
    role: {
      value: "ROLE",
      summary: "of a group's access token; else maintainer",
      choices: roleNames,
    },
    username: { value: "NAME", summary: "of a deploy token" },
    ...expires,
    ...options,
  },
  examples: [
    "weir token create pipelines --scope read_virtual_registry --expires 2027-10-31",
    "weir token create terraform --group platform --scope api --role maintainer",
    "weir token create nodes --deploy platform --username nodes",
  ],
  async run(world, given) {
    const path = pathOf(given);
    if (given.has("role") && !given.has("group")) throw new UsageError("--role needs --group");
    if (given.has("username") && !given.has("deploy"))
      throw new UsageError("--username needs --deploy");
    const api = await connect(world, given);
    const user = await userOf(api, given);
    const scopes = given.list("scope");
    const role = given.text("role");
    const body = {
      name: given.argument("name"),
      scopes: scopes.length > 0 ? scopes : ["read_virtual_registry"],
      ...(role !== undefined && { access_level: levelOf(role) }),
      ...(given.has("username") && { username: given.text("username") }),
      ...(given.has("expires") && { expires_at: given.text("expires") }),
    };
    const place = user === undefined ? path : `/users/${user}${path}`;
    return printSecret(world, given, await api.post(shapes.token, place, { body }));
  },
};

const list: Command = {
  name: "token list",
  summary: "List tokens: one's own, a user's or a group's.",
  arguments: [],
  options: { ...whose, all: { summary: "with those that count no longer" }, ...options },
  examples: ["weir token list", "weir token list --deploy platform --all"],
  async run(world, given) {
    const path = pathOf(given);
    const api = await connect(world, given);
    const tokens = await api.all(shapes.token, path, { user_id: await userOf(api, given) });
    const isLive = columns["active"];
    const shown = given.has("all") ? tokens : tokens.filter((one) => isLive?.(one) === "yes");
    return printList(world, given, shown, columns);
  },
};

const revoke: Command = {
  name: "token revoke",
  summary: "Revoke a token, for ever; what was issued for it ends with it.",
  arguments: [token],
  options: { ...kinds, ...yesOption, ...connectionOptions },
  examples: ["weir token revoke 17 --yes", "weir token revoke 21 --deploy platform --yes"],
  async run(world, given) {
    const path = `${pathOf(given)}/${tokenId(given)}`;
    const api = await connect(world, given);
    await confirm(world, given, `Revoke the token ${tokenId(given)} for ever?`);
    await api.delete(path);
    return exit.ok;
  },
};

const rotate: Command = {
  name: "token rotate",
  summary:
    "Revoke a token and create one like it, which ends when it would; prints its secret once.",
  arguments: [token],
  details:
    "The former secret ends at once, also where it is the one that this command is given. A deploy token keeps its user name. A token without an end stays without one, unless the token that is used here ends.",
  options: { ...kinds, ...expires, ...yesOption, ...options },
  examples: [
    "weir token rotate 17",
    "weir token rotate 21 --group platform --expires 2027-06-30 --yes",
    "weir token rotate 24 --deploy platform",
  ],
  async run(world, given) {
    const id = tokenId(given);
    const path = `${pathOf(given)}/${id}/rotate`;
    const api = await connect(world, given);
    await confirm(
      world,
      given,
      `Rotate the token ${id}? Its present secret ends at once for all that use it, this command too if it is the one.`,
    );
    const body = { ...(given.has("expires") && { expires_at: given.text("expires") }) };
    return printSecret(world, given, await api.post(shapes.token, path, { body }));
  },
};

/** A name could be that of several tokens, and what is revoked is so for ever. */
function tokenId(given: Given): number {
  const text = given.argument("token");
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError("token must be the id of a token, as weir token list prints it");
}

export const tokenCommands: readonly Command[] = [create, list, revoke, rotate];
