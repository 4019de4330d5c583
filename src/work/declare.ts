import { hashSecret } from "../lib/secret.ts";
import type { Metadata } from "../metadata/contract.ts";
import type { DeclaredUser, Declaration } from "./contract.ts";

/**
 * Brings a declaration into the database: creates what is missing and changes what differs. Nothing that it leaves
 * out is removed, but a declared user has exactly the declared memberships, and a declared registry the declared
 * upstreams. The groups it names are declared or there already.
 */
export async function declare(metadata: Metadata, declaration: Declaration): Promise<void> {
  const { directory } = metadata;
  for (const group of declaration.groups) await directory.saveGroup(group);
  const groups = new Map((await directory.groups()).map(({ path, id }) => [path, id]));
  const groupId = (path: string) => {
    const id = groups.get(path);
    if (id === undefined) throw new Error(`the declaration names an unknown group "${path}"`);
    return id;
  };
  for (const { group, ...upstream } of declaration.upstreams) {
    await directory.saveUpstream(groupId(group), upstream);
  }
  for (const { group, ...registry } of declaration.registries) {
    await directory.saveRegistry(groupId(group), registry);
  }
  for (const user of declaration.users) await declareUser(metadata, user, groupId);
}

async function declareUser(
  { credentials }: Metadata,
  { username, admin, memberships, tokens }: DeclaredUser,
  groupId: (path: string) => number,
): Promise<void> {
  const roles = new Map(memberships.map(({ group, role }) => [groupId(group), role]));
  const user = await credentials.saveUser({ username, admin }, roles);
  for (const { name, secret, scopes, expiresAt } of tokens) {
    await credentials.saveToken(user.id, { name, hash: hashSecret(secret), scopes, expiresAt });
  }
}
