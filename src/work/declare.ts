import { hashSecret } from "../lib/secret.ts";
import type {
  CleanupSettings,
  Metadata,
  Role,
  VirtualRegistrySettings,
} from "../metadata/contract.ts";
import type {
  DeclaredDependencyProxy,
  DeclaredGroup,
  DeclaredUser,
  Declaration,
} from "./contract.ts";
import { defaultGroup } from "./shapes.ts";

/**
 * Brings a declaration into the database: creates what is missing and changes what differs. Nothing that it leaves
 * out is removed, but a declared user has exactly the declared memberships, and a declared registry the declared
 * upstreams. The groups it names are declared or there already.
 */
export async function declare(metadata: Metadata, declaration: Declaration): Promise<void> {
  const { directory } = metadata;
  await declareGroups(metadata, declaration.groups);
  const saved = await directory.groups();
  const groups = new Map(saved.map(({ path, id }) => [path.toLowerCase(), id]));
  for (const group of declaration.groups) {
    const id = groups.get(group.path.toLowerCase());
    if (id !== undefined) await declareSettings(metadata, id, group);
  }
  const makeDefault = () => directory.saveGroup({ path: defaultGroup, name: defaultGroup });
  const groupId = async (path: string) => {
    // `default` need not be declared, and can have been renamed all the same.
    const id = groups.get(path.toLowerCase()) ?? (await directory.formerGroup(path))?.id;
    // It can have been deleted as well: what is declared in it brings it back.
    if (id === undefined && path.toLowerCase() === defaultGroup) return (await makeDefault()).id;
    if (id === undefined) throw new Error(`the declaration names an unknown group "${path}"`);
    return id;
  };
  for (const { group, ...upstream } of declaration.upstreams) {
    await directory.saveUpstream(await groupId(group), upstream);
  }
  for (const { group, ...registry } of declaration.registries) {
    await directory.saveRegistry(await groupId(group), registry);
  }
  for (const user of declaration.users) await declareUser(metadata, user, groupId);
  const { webhooks, prefetches } = metadata.management;
  for (const { group, secret = "", ...webhook } of declaration.webhooks) {
    await webhooks.declare(await groupId(group), { ...webhook, secret });
  }
  for (const { group, registry, ...prefetch } of declaration.prefetches) {
    const all = await metadata.management.registries.list(await groupId(group));
    const found = all.find(({ name }) => name === registry);
    if (found) await prefetches.declare(found.id, prefetch);
  }
  for (const issuer of declaration.oidcIssuers) await metadata.oidcIssuers.declare(issuer);
}

async function declareSettings(
  metadata: Metadata,
  id: number,
  { dependencyProxy, cleanupPolicy, virtualRegistries, cacheMaxBytes }: DeclaredGroup,
): Promise<void> {
  if (dependencyProxy) await declareProxy(metadata, id, dependencyProxy);
  if (cleanupPolicy) await declarePolicy(metadata, id, cleanupPolicy);
  if (virtualRegistries) await declareSwitch(metadata, id, virtualRegistries);
  if (cacheMaxBytes === undefined) return;
  const present = await metadata.space.group(id);
  if (present?.maxBytes !== cacheMaxBytes) {
    await metadata.management.groups.limit(id, cacheMaxBytes);
  }
}

/** Those above first. One that was renamed since is set back, unless its new path is declared too. */
async function declareGroups(
  { directory, management }: Metadata,
  groups: Declaration["groups"],
): Promise<void> {
  const declared = new Set(groups.map(({ path }) => path.toLowerCase()));
  const depth = ({ path }: { path: string }) => path.split("/").length;
  for (const group of groups.toSorted((a, b) => depth(a) - depth(b))) {
    const renamed = await directory.formerGroup(group.path);
    if (renamed && !declared.has(renamed.path.toLowerCase()) && depth(renamed) === depth(group)) {
      const [path] = group.path.split("/").slice(-1);
      await management.groups.change(renamed.id, { path });
    }
    await directory.saveGroup(group);
  }
}

async function declareProxy(
  { directory, management: { dependencyProxies } }: Metadata,
  groupId: number,
  { enabled, identity, secret, ttlDays }: DeclaredDependencyProxy,
): Promise<void> {
  const present = await dependencyProxies.settings(groupId);
  const ttl = { ttlEnabled: ttlDays !== undefined, ttlDays: ttlDays ?? present.ttlDays };
  const isSame =
    present.enabled === enabled &&
    present.identity === identity &&
    present.ttlEnabled === ttl.ttlEnabled &&
    present.ttlDays === ttl.ttlDays;
  if (isSame && secret === undefined) return;
  // The Dependency Proxy itself would not be told of while it is switched off.
  const upstreams = await directory.upstreams();
  const own = upstreams.find((one) => one.groupId === groupId && one.alwaysCheck);
  if (isSame && own?.password === secret) return;
  await dependencyProxies.change(groupId, { enabled, identity, secret, ...ttl });
}

async function declarePolicy(
  { management: { cleanupPolicies } }: Metadata,
  groupId: number,
  settings: CleanupSettings,
): Promise<void> {
  const present = await cleanupPolicies.get(groupId);
  if (!present) await cleanupPolicies.create(groupId, settings);
  const fields = Object.keys(settings) as (keyof CleanupSettings)[];
  // A change puts the next run off: none is made where nothing differs.
  const differs = present && fields.some((field) => present[field] !== settings[field]);
  if (differs) await cleanupPolicies.change(groupId, settings);
}

async function declareSwitch(
  { management: { virtualRegistries } }: Metadata,
  groupId: number,
  settings: VirtualRegistrySettings,
): Promise<void> {
  const { enabled } = await virtualRegistries.settings(groupId);
  if (enabled !== settings.enabled) await virtualRegistries.change(groupId, settings);
}

async function declareUser(
  { credentials, identity }: Metadata,
  { username, admin, state, memberships, tokens }: DeclaredUser,
  groupId: (path: string) => Promise<number>,
): Promise<void> {
  const roles = new Map<number, Role>();
  const ends = new Map<number, number>();
  for (const { group, role, expiresAt } of memberships) {
    const id = await groupId(group);
    roles.set(id, role);
    if (expiresAt !== undefined) ends.set(id, expiresAt);
  }
  const user = await credentials.saveUser({ username, admin }, roles, ends);
  const present = state && (await identity.users.get({ id: user.id }));
  if (present && present.state !== state) await identity.users.setState(user.id, state);
  for (const { name, secret, scopes, expiresAt } of tokens) {
    await credentials.saveToken(user.id, { name, hash: hashSecret(secret), scopes, expiresAt });
  }
}
