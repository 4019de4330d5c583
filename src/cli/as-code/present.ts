import type {
  GroupJson,
  MemberJson,
  OidcIssuerJson,
  RegistryDetailJson,
  UpstreamJson,
  UserJson,
} from "../../http/api/contract.ts";
import type { Api } from "../client.ts";
import { container, issuersPath, ofGroup } from "../find.ts";
import { readLimit } from "./limits.ts";
import { type Policy, readPolicy } from "./policies.ts";
import { readPrefetches } from "./prefetches.ts";
import { list as listOf, type Prefetch, shapes, type Webhook } from "../shapes.ts";
import { readWebhooks } from "./webhooks.ts";

/** What is there, as the token may see it. */
export interface Present {
  groups: GroupJson[];
  registries: RegistryDetailJson[];
  upstreams: UpstreamJson[];
  /** Paths of groups whose registries are not to be seen, being switched off. */
  off: string[];
  /** By group, of those that were asked for. */
  proxies: ReadonlyMap<number, Proxy>;
  /** The same, of those that have one. */
  policies: ReadonlyMap<number, Policy>;
  /** Bytes that may be cached, of those that have such a limit. */
  limits: ReadonlyMap<number, number>;
  /** Undefined: not asked for. Without bots, which go with their tokens. */
  people: People | undefined;
  /** Undefined: not asked for. */
  issuers: OidcIssuerJson[] | undefined;
  /** Empty where not asked for. */
  webhooks: Webhook[];
  prefetches: Prefetch[];
}

/** The settings of a Dependency Proxy, without the secret. */
export interface Proxy {
  enabled: boolean;
  identity: string | null;
  /** Null: nothing is given up for its age. */
  ttl_days: number | null;
}

export interface Asked {
  /** Users and memberships, which are for administrators. */
  people: boolean;
  /** The same for issuers of id tokens. */
  issuers: boolean;
  /** Of which groups Dependency Proxies and cleanup policies are wanted, by path; they are for owners. */
  proxies: (path: string) => boolean;
  policies: (path: string) => boolean;
  limits: (path: string) => boolean;
  /** The same for webhooks, of all groups. */
  webhooks: boolean;
  prefetches: boolean;
}

export interface People {
  users: UserJson[];
  /** By group. */
  members: ReadonlyMap<number, MemberJson[]>;
}

/** Reads all that is there, and of what not everybody may see what is asked for. */
export async function readPresent(api: Api, asked: Asked): Promise<Present> {
  const groups = await api.all(shapes.group, "/groups");
  const registries: RegistryDetailJson[] = [];
  const upstreams: UpstreamJson[] = [];
  const off: string[] = [];
  for (const { id, full_path: path, parent_id: parent } of groups) {
    if (parent !== null) continue;
    const own = await api.find(listOf(shapes.registry), `${ofGroup(id)}/registries`);
    if (own === undefined) {
      off.push(path);
      continue;
    }
    for (const registry of own) {
      const path = `${container}/registries/${registry.id}`;
      registries.push(await api.get(shapes.registryDetail, path));
    }
    upstreams.push(...(await api.all(shapes.upstream, `${ofGroup(id)}/upstreams`)));
  }
  const people = asked.people ? await readPeople(api, groups) : undefined;
  const proxies = new Map<number, Proxy>();
  for (const { id, full_path: path } of groups) {
    if (asked.proxies(path)) proxies.set(id, await readProxy(api, id));
  }
  const policies = new Map<number, Policy>();
  for (const { id, full_path: path, parent_id: parent } of groups) {
    const policy = parent === null && asked.policies(path) ? await readPolicy(api, id) : undefined;
    if (policy) policies.set(id, policy);
  }
  const limits = new Map<number, number>();
  for (const { id, full_path: path } of groups) {
    const limit = asked.limits(path) ? await readLimit(api, id) : undefined;
    if (limit !== undefined) limits.set(id, limit);
  }
  const webhooks: Webhook[] = [];
  for (const { id, parent_id: parent } of groups) {
    if (asked.webhooks && parent === null) webhooks.push(...(await readWebhooks(api, id)));
  }
  const prefetches: Prefetch[] = [];
  for (const { id } of asked.prefetches ? registries : []) {
    prefetches.push(...(await readPrefetches(api, id)));
  }
  const issuers = asked.issuers ? await api.all(shapes.oidcIssuer, issuersPath) : undefined;
  const ofGroups = { proxies, policies, limits, webhooks };
  return { groups, registries, upstreams, off, ...ofGroups, prefetches, people, issuers };
}

export async function readProxy(api: Api, group: number): Promise<Proxy> {
  const path = `/groups/${group}/dependency_proxy`;
  const { enabled, identity } = await api.get(shapes.dependencyProxy, `${path}/settings`);
  const ttl = await api.get(shapes.ttlPolicy, `${path}/ttl_policy`);
  return { enabled, identity, ttl_days: ttl.enabled ? ttl.ttl : null };
}

async function readPeople(api: Api, groups: readonly GroupJson[]): Promise<People> {
  const users = await api.all(shapes.user, "/users");
  const members = new Map<number, MemberJson[]>();
  for (const { id } of groups)
    members.set(id, await api.all(shapes.member, `/groups/${id}/members`));
  return { users: users.filter(({ bot }) => !bot), members };
}
