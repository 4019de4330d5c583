import { hashSecret } from "../../../../src/lib/secret.ts";
import type { Role } from "../../../../src/metadata/contract.ts";
import { fetched } from "../../../fakes/metadata-samples.ts";
import { ApiWorld, type Reply } from "../world.ts";

/** Somebody for each way to stand to group 1, from the least to the most. */
export const people = [
  "stranger",
  "project",
  "guest",
  "planner",
  "reporter",
  "developer",
  "maintainer",
  "owner",
  "admin",
] as const;
export type Person = (typeof people)[number];

export interface Population {
  world: ApiWorld;
  /** Ids of users by name. */
  users: Record<string, number>;
  tokens: Record<"personal" | "group" | "deploy" | "job" | "foreignGroup", number>;
  /** Secrets of tokens beside those of the world. */
  secrets: Record<string, string>;
  call(who: string, method: string, path: string, body?: object): Promise<Reply>;
  /** With another header than an access token's. */
  with(
    headers: Record<string, string>,
    method: string,
    path: string,
    body?: object,
  ): Promise<Reply>;
  /** A new secret for a token, and its fields. */
  fields(
    name: string,
    scopes?: string[],
  ): {
    name: string;
    hash: string;
    scopes: string[];
    expiresAt: number | undefined;
    createdBy: number;
  };
}

/**
 * The world of the API with a subgroup `default/tools` (3), registry 3 of group 1, which is empty, projects `default/tools/app`,
 * `default/site` and `other/theirs`, somebody for each standing, and a token of each kind.
 */
export async function populate(): Promise<Population> {
  const world = await ApiWorld.open();
  const { directory, credentials, identity, management, cache } = world.metadata;
  await directory.saveGroup({ path: "default/tools", name: "Tools" });
  const fields = { name: "empty", description: undefined };
  await management.registries.create(1, { ...fields, onUnsure: "stop", ask: "in_order" });
  const upstream = await management.upstreams.get(1);
  if (upstream) await cache.storeManifest(fetched(upstream, "one"));
  for (const [groupId, path] of [
    [3, "app"],
    [1, "site"],
    [2, "theirs"],
  ] as const) {
    await identity.projects.create(groupId, { path, name: path });
  }
  for (const name of ["project", "planner", "reporter"] as const) {
    const roles = new Map<number, Role>(name === "project" ? [] : [[1, name]]);
    const { id } = await credentials.saveUser({ username: name, admin: false }, roles);
    await credentials.saveToken(id, {
      name: "t",
      hash: hashSecret(`secret-of-${name}`),
      scopes: ["api"],
      expiresAt: undefined,
    });
  }
  const all = await identity.users.list({ words: [], page: 1, perPage: 100 });
  const users = Object.fromEntries(all.items.map(({ username, id }) => [username, id]));
  const guest = { role: "guest", expiresAt: undefined } as const;
  await identity.members.add({ projectId: 1 }, users["project"] ?? 0, guest);
  return { ...(await addTokens(world, users)), world, users };
}

async function addTokens(
  world: ApiWorld,
  users: Record<string, number>,
): Promise<Omit<Population, "world" | "users">> {
  const { identity } = world.metadata;
  const own: Record<string, string> = {
    admin: "secret-of-an-administrator",
    owner: "secret-of-an-owner",
  };
  const secretOf = (who: string) =>
    own[who] ?? (/^(?:maintainer|developer|guest|stranger)$/.test(who) ? `secret-of-a-${who}` : "");
  const fields: Population["fields"] = (name, scopes = ["api"]) => ({
    name,
    hash: hashSecret(`secret-of-${name}`),
    scopes,
    expiresAt: undefined,
    createdBy: users["admin"] ?? 0,
  });
  const developer = users["developer"] ?? 0;
  const personal = await identity.tokens.createPersonal(developer, fields("personal"));
  const group = await identity.tokens.createGroups(1, fields("group"), "owner");
  const deployed = fields("deploy", ["read_virtual_registry", "write_virtual_registry"]);
  const deploy = await identity.tokens.createDeploy(1, deployed, undefined);
  const job = await identity.tokens.createJob(users["maintainer"] ?? 0, 1, fields("job", []));
  const foreign = await identity.tokens.createGroups(2, fields("foreign"), "owner");
  const call: Population["with"] = (headers, method, path, body) =>
    world.call(undefined, method, path, { headers, ...(body && { body }) });
  return {
    tokens: {
      personal: personal.id,
      group: group.id,
      deploy: deploy.id,
      job: job.id,
      foreignGroup: foreign.id,
    },
    secrets: own,
    fields,
    with: call,
    call: (who, method, path, body) =>
      call({ "PRIVATE-TOKEN": secretOf(who) || `secret-of-${who}` }, method, path, body),
  };
}
