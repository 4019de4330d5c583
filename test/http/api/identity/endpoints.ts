import { base } from "../world.ts";
import { automation } from "./automation.ts";
import type { Population } from "./population.ts";

/** A good call of an endpoint; `path` with the ids of one population. */
export interface Sample {
  path: string | ((population: Population) => string);
  body?: object | ((population: Population) => object);
  /** Makes what it is about, where it is not there. */
  before?: (population: Population) => Promise<unknown>;
  ok: number;
}

/** Group 1 has a cleanup policy. */
async function withPolicy({ world }: Population): Promise<void> {
  const { cleanupPolicies } = world.metadata.management;
  const notify = { notifyOnSuccess: false, notifyOnFailure: false };
  if (await cleanupPolicies.get(1)) return;
  await cleanupPolicies.create(1, { enabled: true, keepDays: 30, cadence: 7, ...notify });
}

/** Upstream 1 has a rule. */
async function withRule({ world }: Population): Promise<void> {
  const { rules } = world.metadata.management;
  if (await rules.get(1, 1)) return;
  await rules.create(1, { target: "repository", effect: "deny", pattern: "library/**" });
}

const v4 = "/api/v4";
const groups = `${v4}/groups`;
const registries = "-/virtual_registries/container/registries";
const upstreams = "-/virtual_registries/container/upstreams";
const statistics = "-/virtual_registries/container/statistics";
const settings = "-/virtual_registries/settings";
const policy = "-/virtual_registries/cleanup/policy";
const token = { name: "new", scopes: ["api"] };
const deploy = { name: "new", scopes: ["read_virtual_registry"] };
const newcomer = { access_level: 10 };

/** Each endpoint of the document, by method and path. */
export const samples: Record<string, Sample> = {
  ...automation,
  [`GET ${groups}/{id}/${registries}`]: { path: `${groups}/1/${registries}`, ok: 200 },
  [`POST ${groups}/{id}/${registries}`]: {
    path: `${groups}/1/${registries}`,
    body: { name: "new" },
    ok: 201,
  },
  [`GET ${base}/registries/{id}`]: { path: `${base}/registries/1`, ok: 200 },
  [`PATCH ${base}/registries/{id}`]: {
    path: `${base}/registries/1`,
    body: { name: "renamed" },
    ok: 200,
  },
  [`DELETE ${base}/registries/{id}`]: { path: `${base}/registries/1`, ok: 204 },
  [`DELETE ${base}/registries/{id}/cache`]: { path: `${base}/registries/1/cache`, ok: 204 },
  [`GET ${base}/registries/{id}/upstreams`]: { path: `${base}/registries/1/upstreams`, ok: 200 },
  [`POST ${base}/registries/{id}/upstreams`]: {
    path: `${base}/registries/1/upstreams`,
    body: { name: "n", url: "https://new.example.com" },
    ok: 201,
  },
  [`POST ${base}/registries/{id}/refresh`]: {
    path: `${base}/registries/1/refresh?image=a:b`,
    ok: 200,
  },
  [`POST ${base}/registries/{id}/export`]: {
    path: `${base}/registries/1/export`,
    body: { images: ["a:b"] },
    ok: 200,
  },
  [`POST ${base}/upstreams/{id}/import`]: { path: `${base}/upstreams/1/import`, ok: 201 },
  [`POST ${v4}/verify`]: { path: `${v4}/verify`, body: { repair: true }, ok: 200 },
  [`GET ${base}/registries/{id}/explain`]: {
    path: `${base}/registries/1/explain?image=a`,
    ok: 200,
  },
  [`GET ${v4}/version`]: { path: `${v4}/version`, ok: 200 },
  [`GET ${v4}/arrival`]: { path: `${v4}/arrival`, ok: 200 },
  [`GET ${v4}/audit_events`]: { path: `${v4}/audit_events`, ok: 200 },
  [`GET ${groups}/{id}/${policy}/preview`]: { path: `${groups}/1/${policy}/preview`, ok: 200 },
  [`GET ${groups}/{id}/${policy}`]: { path: `${groups}/1/${policy}`, before: withPolicy, ok: 200 },
  [`POST ${groups}/{id}/${policy}`]: {
    path: `${groups}/1/${policy}`,
    body: { enabled: true },
    ok: 201,
  },
  [`PATCH ${groups}/{id}/${policy}`]: {
    path: `${groups}/1/${policy}`,
    body: { cadence: 30 },
    before: withPolicy,
    ok: 200,
  },
  [`DELETE ${groups}/{id}/${policy}`]: {
    path: `${groups}/1/${policy}`,
    before: withPolicy,
    ok: 204,
  },
  [`GET ${v4}/space`]: { path: `${v4}/space`, ok: 200 },
  [`GET ${v4}/space/evictions`]: { path: `${v4}/space/evictions`, ok: 200 },
  [`POST ${v4}/space/evictions`]: { path: `${v4}/space/evictions`, ok: 202 },
  [`GET ${groups}/{id}/-/virtual_registries/space`]: {
    path: `${groups}/1/-/virtual_registries/space`,
    ok: 200,
  },
  [`PUT ${groups}/{id}/-/virtual_registries/space`]: {
    path: `${groups}/1/-/virtual_registries/space`,
    body: { cache_max_bytes: 1000 },
    ok: 200,
  },
  ...Object.fromEntries(
    ["", "/history", "/repositories"].map((part) => [
      `GET ${groups}/{id}/${statistics}${part}`,
      { path: `${groups}/1/${statistics}${part}`, ok: 200 },
    ]),
  ),
  ...Object.fromEntries(
    ["events", "pulls", "health"].map((part) => [
      `GET ${groups}/{id}/-/virtual_registries/container/${part}`,
      { path: `${groups}/1/-/virtual_registries/container/${part}`, ok: 200 },
    ]),
  ),
  [`GET ${groups}/{id}/${settings}`]: { path: `${groups}/1/${settings}`, ok: 200 },
  [`PUT ${groups}/{id}/${settings}`]: {
    path: `${groups}/1/${settings}`,
    body: { enabled: true },
    ok: 200,
  },
  [`GET ${v4}/work`]: { path: `${v4}/work`, ok: 200 },
  [`GET ${groups}/{id}/audit_events`]: { path: `${groups}/1/audit_events`, ok: 200 },
  [`GET ${groups}/{id}/${upstreams}`]: { path: `${groups}/1/${upstreams}`, ok: 200 },
  [`POST ${groups}/{id}/${upstreams}/test`]: {
    path: `${groups}/1/${upstreams}/test`,
    body: { url: "https://new.example.com" },
    ok: 200,
  },
  [`POST ${groups}/{id}/${upstreams}`]: {
    path: `${groups}/1/${upstreams}`,
    body: { name: "n", url: "https://new.example.com" },
    ok: 201,
  },
  [`GET ${base}/upstreams/{id}/rules`]: { path: `${base}/upstreams/1/rules`, ok: 200 },
  [`POST ${base}/upstreams/{id}/rules`]: {
    path: `${base}/upstreams/1/rules`,
    body: { target: "tag", effect: "deny", pattern: "latest" },
    ok: 201,
  },
  [`GET ${base}/upstreams/{id}/rules/{rule_id}`]: {
    path: `${base}/upstreams/1/rules/1`,
    before: withRule,
    ok: 200,
  },
  [`PATCH ${base}/upstreams/{id}/rules/{rule_id}`]: {
    path: `${base}/upstreams/1/rules/1`,
    body: { effect: "allow" },
    before: withRule,
    ok: 200,
  },
  [`DELETE ${base}/upstreams/{id}/rules/{rule_id}`]: {
    path: `${base}/upstreams/1/rules/1`,
    before: withRule,
    ok: 204,
  },
  [`GET ${base}/upstreams/{id}`]: { path: `${base}/upstreams/1`, ok: 200 },
  [`PATCH ${base}/upstreams/{id}`]: {
    path: `${base}/upstreams/1`,
    body: { name: "renamed" },
    ok: 200,
  },
  [`DELETE ${base}/upstreams/{id}`]: { path: `${base}/upstreams/1`, ok: 204 },
  [`DELETE ${base}/upstreams/{id}/cache`]: { path: `${base}/upstreams/1/cache`, ok: 204 },
  [`POST ${base}/upstreams/{id}/test`]: { path: `${base}/upstreams/1/test`, ok: 200 },
  [`GET ${base}/upstreams/{id}/cache_entries`]: {
    path: `${base}/upstreams/1/cache_entries`,
    ok: 200,
  },
  [`GET ${base}/upstreams/{id}/repositories`]: {
    path: `${base}/upstreams/1/repositories`,
    ok: 200,
  },
  [`GET ${base}/cache_entries/{id}`]: {
    path: `${base}/cache_entries/${btoa("1 1")}`,
    ok: 200,
  },
  [`DELETE ${base}/cache_entries/{id}`]: {
    path: `${base}/cache_entries/${btoa("1 1")}`,
    ok: 204,
  },
  [`POST ${base}/cache_entries/{id}/pin`]: {
    path: `${base}/cache_entries/${btoa("1 1")}/pin`,
    ok: 200,
  },
  [`DELETE ${base}/cache_entries/{id}/pin`]: {
    path: `${base}/cache_entries/${btoa("1 1")}/pin`,
    ok: 204,
  },
  [`GET ${base}/upstreams/{id}/cache`]: { path: `${base}/upstreams/1/cache`, ok: 200 },
  [`GET ${base}/registries/{id}/cache`]: { path: `${base}/registries/1/cache`, ok: 200 },
  [`POST ${base}/registry_upstreams`]: {
    path: `${base}/registry_upstreams`,
    body: { registry_id: 3, upstream_id: 1 },
    ok: 201,
  },
  [`GET ${base}/registry_upstreams/{id}`]: { path: `${base}/registry_upstreams/1`, ok: 200 },
  [`PATCH ${base}/registry_upstreams/{id}`]: {
    path: `${base}/registry_upstreams/1`,
    body: { position: 2 },
    ok: 200,
  },
  [`DELETE ${base}/registry_upstreams/{id}`]: { path: `${base}/registry_upstreams/1`, ok: 204 },

  [`DELETE ${groups}/{id}/dependency_proxy/cache`]: {
    path: `${groups}/1/dependency_proxy/cache`,
    ok: 202,
  },
  [`GET ${groups}/{id}/dependency_proxy/settings`]: {
    path: `${groups}/1/dependency_proxy/settings`,
    ok: 200,
  },
  [`PUT ${groups}/{id}/dependency_proxy/settings`]: {
    path: `${groups}/1/dependency_proxy/settings`,
    body: { enabled: false },
    ok: 200,
  },
  [`GET ${groups}/{id}/dependency_proxy/ttl_policy`]: {
    path: `${groups}/1/dependency_proxy/ttl_policy`,
    ok: 200,
  },
  [`PUT ${groups}/{id}/dependency_proxy/ttl_policy`]: {
    path: `${groups}/1/dependency_proxy/ttl_policy`,
    body: { ttl: 5 },
    ok: 200,
  },

  [`GET ${groups}`]: { path: groups, ok: 200 },
  [`POST ${groups}`]: { path: groups, body: { name: "n", path: "n", parent_id: 1 }, ok: 201 },
  [`GET ${groups}/{id}`]: { path: `${groups}/default`, ok: 200 },
  [`PUT ${groups}/{id}`]: { path: `${groups}/1`, body: { name: "renamed" }, ok: 200 },
  [`DELETE ${groups}/{id}`]: { path: `${groups}/1`, ok: 204 },
  [`GET ${groups}/{id}/members`]: { path: `${groups}/1/members`, ok: 200 },
  [`GET ${groups}/{id}/members/{user_id}`]: {
    path: ({ users }) => `${groups}/1/members/${users["guest"]}`,
    ok: 200,
  },
  [`POST ${groups}/{id}/members`]: {
    path: `${groups}/1/members`,
    body: { ...newcomer, username: "reading" },
    ok: 201,
  },
  [`PUT ${groups}/{id}/members/{user_id}`]: {
    path: ({ users }) => `${groups}/1/members/${users["guest"]}`,
    body: { access_level: 20 },
    ok: 200,
  },
  [`DELETE ${groups}/{id}/members/{user_id}`]: {
    path: ({ users }) => `${groups}/1/members/${users["planner"]}`,
    ok: 204,
  },

  [`GET ${v4}/projects`]: { path: `${v4}/projects`, ok: 200 },
  [`POST ${v4}/projects`]: {
    path: `${v4}/projects`,
    body: { namespace_id: 1, path: "new" },
    ok: 201,
  },
  [`GET ${v4}/projects/{id}`]: { path: `${v4}/projects/1`, ok: 200 },
  [`DELETE ${v4}/projects/{id}`]: { path: `${v4}/projects/default%2Ftools%2Fapp`, ok: 204 },
  [`GET ${v4}/projects/{id}/members`]: { path: `${v4}/projects/1/members`, ok: 200 },
  [`GET ${v4}/projects/{id}/members/{user_id}`]: {
    path: ({ users }) => `${v4}/projects/1/members/${users["project"]}`,
    ok: 200,
  },
  [`POST ${v4}/projects/{id}/members`]: {
    path: `${v4}/projects/1/members`,
    body: { ...newcomer, username: "reading" },
    ok: 201,
  },
  [`PUT ${v4}/projects/{id}/members/{user_id}`]: {
    path: ({ users }) => `${v4}/projects/1/members/${users["project"]}`,
    body: { expires_at: "2027-01-01" },
    ok: 200,
  },
  [`DELETE ${v4}/projects/{id}/members/{user_id}`]: {
    path: ({ users }) => `${v4}/projects/1/members/${users["project"]}`,
    ok: 204,
  },

  [`GET ${groups}/{id}/access_tokens`]: { path: `${groups}/1/access_tokens`, ok: 200 },
  [`POST ${groups}/{id}/access_tokens`]: {
    path: `${groups}/1/access_tokens`,
    body: token,
    ok: 201,
  },
  [`GET ${groups}/{id}/access_tokens/{token_id}`]: {
    path: ({ tokens }) => `${groups}/1/access_tokens/${tokens.group}`,
    ok: 200,
  },
  [`DELETE ${groups}/{id}/access_tokens/{token_id}`]: {
    path: ({ tokens }) => `${groups}/1/access_tokens/${tokens.group}`,
    ok: 204,
  },
  [`POST ${groups}/{id}/access_tokens/{token_id}/rotate`]: {
    path: ({ tokens }) => `${groups}/1/access_tokens/${tokens.group}/rotate`,
    ok: 200,
  },
  [`GET ${groups}/{id}/deploy_tokens`]: { path: `${groups}/1/deploy_tokens`, ok: 200 },
  [`POST ${groups}/{id}/deploy_tokens`]: {
    path: `${groups}/1/deploy_tokens`,
    body: deploy,
    ok: 201,
  },
  [`GET ${groups}/{id}/deploy_tokens/{token_id}`]: {
    path: ({ tokens }) => `${groups}/1/deploy_tokens/${tokens.deploy}`,
    ok: 200,
  },
  [`POST ${groups}/{id}/deploy_tokens/{token_id}/rotate`]: {
    path: ({ tokens }) => `${groups}/1/deploy_tokens/${tokens.deploy}/rotate`,
    ok: 200,
  },
  [`DELETE ${groups}/{id}/deploy_tokens/{token_id}`]: {
    path: ({ tokens }) => `${groups}/1/deploy_tokens/${tokens.deploy}`,
    ok: 204,
  },

  [`GET ${v4}/user`]: { path: `${v4}/user`, ok: 200 },
  [`GET ${v4}/users`]: { path: `${v4}/users`, ok: 200 },
  [`POST ${v4}/users`]: { path: `${v4}/users`, body: { username: "new" }, ok: 201 },
  [`GET ${v4}/users/{id}`]: { path: `${v4}/users/2`, ok: 200 },
  [`PATCH ${v4}/users/{id}`]: {
    path: ({ users }) => `${v4}/users/${users["guest"]}`,
    body: { admin: true },
    ok: 200,
  },
  ...Object.fromEntries(
    ["block", "unblock", "deactivate", "activate"].map((verb) => [
      `POST ${v4}/users/{id}/${verb}`,
      { path: ({ users }: Population) => `${v4}/users/${users["guest"]}/${verb}`, ok: 201 },
    ]),
  ),
  [`POST ${v4}/users/{id}/personal_access_tokens`]: {
    path: ({ users }) => `${v4}/users/${users["guest"]}/personal_access_tokens`,
    body: token,
    ok: 201,
  },
  [`POST ${v4}/admin/job_tokens`]: {
    path: `${v4}/admin/job_tokens`,
    body: ({ users }) => ({ user_id: users["guest"], project_id: 1 }),
    ok: 201,
  },
  [`DELETE ${v4}/admin/job_tokens/{id}`]: {
    path: ({ tokens }) => `${v4}/admin/job_tokens/${tokens.job}`,
    ok: 204,
  },

  // With a token there is no session, and nobody here has a password: it is said to all alike.
  [`GET ${v4}/session`]: { path: `${v4}/session`, ok: 200 },
  [`DELETE ${v4}/session`]: { path: `${v4}/session`, ok: 400 },
  [`GET ${v4}/user/sessions`]: { path: `${v4}/user/sessions`, ok: 200 },
  [`DELETE ${v4}/user/sessions/{id}`]: { path: `${v4}/user/sessions/1`, ok: 404 },
  [`PUT ${v4}/user/password`]: {
    path: `${v4}/user/password`,
    body: { current_password: "the former one", password: "a good password" },
    ok: 400,
  },
  [`GET ${v4}/users/{id}/password`]: {
    path: ({ users }) => `${v4}/users/${users["guest"]}/password`,
    ok: 200,
  },
  [`PUT ${v4}/users/{id}/password`]: {
    path: ({ users }) => `${v4}/users/${users["guest"]}/password`,
    body: { password: "a good password" },
    ok: 204,
  },
  [`GET ${v4}/users/{id}/identities`]: {
    path: ({ users }) => `${v4}/users/${users["guest"]}/identities`,
    ok: 200,
  },
  [`PUT ${v4}/users/{id}/identities/{provider}`]: {
    path: ({ users }) => `${v4}/users/${users["guest"]}/identities/company`,
    body: { subject: "4711" },
    ok: 204,
  },
  // He has none.
  [`GET ${v4}/users/{id}/identities/{provider}`]: {
    path: ({ users }) => `${v4}/users/${users["guest"]}/identities/company`,
    ok: 404,
  },
  [`DELETE ${v4}/users/{id}/identities/{provider}`]: {
    path: ({ users }) => `${v4}/users/${users["guest"]}/identities/company`,
    ok: 404,
  },

  // The developer's own.
  [`GET ${v4}/personal_access_tokens`]: {
    path: ({ users }) => `${v4}/personal_access_tokens?user_id=${users["developer"]}`,
    ok: 200,
  },
  [`POST ${v4}/personal_access_tokens`]: {
    path: `${v4}/personal_access_tokens`,
    body: token,
    ok: 201,
  },
  [`GET ${v4}/personal_access_tokens/{id}`]: {
    path: ({ tokens }) => `${v4}/personal_access_tokens/${tokens.personal}`,
    ok: 200,
  },
  [`DELETE ${v4}/personal_access_tokens/{id}`]: {
    path: ({ tokens }) => `${v4}/personal_access_tokens/${tokens.personal}`,
    ok: 204,
  },
  [`POST ${v4}/personal_access_tokens/{id}/rotate`]: {
    path: ({ tokens }) => `${v4}/personal_access_tokens/${tokens.personal}/rotate`,
    ok: 200,
  },
};
