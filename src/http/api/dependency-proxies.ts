import type { DependencyProxySettings } from "../../metadata/contract.ts";
import { atLeastOne, removed } from "./changes.ts";
import { tagged } from "./conditions.ts";
import { type Api, endpoint } from "./endpoint.ts";
import { badRequest } from "./errors.ts";
import {
  dependencyProxyChanges,
  dependencyProxySettings,
  ttlPolicy,
  ttlPolicyChanges,
} from "./group-fields.ts";
import { findGroup, groupParams } from "./groups.ts";
import type { ApiOptions } from "./options.ts";

const ofGroup = "/groups/{id}/dependency_proxy";

/** Endpoints 25 to 29. */
export function dependencyProxyEndpoints(api: Api, options: ApiOptions): void {
  purge(api, options);
  settings(api, options);
  policy(api, options);
}

/** The group, unless there are no Dependency Proxies. */
async function proxyGroup(
  { management, hasDependencyProxies }: ApiOptions,
  params: { id: string },
): Promise<Awaited<ReturnType<typeof findGroup>>> {
  return hasDependencyProxies ? findGroup(management, params) : undefined;
}

function purge(api: Api, options: ApiOptions): void {
  const { management, runner } = options;
  endpoint(
    api,
    {
      method: "delete",
      conditional: true,
      path: `${ofGroup}/cache`,
      summary: "Empty the cache of a group's Dependency Proxy",
      action: "change_dependency_proxy",
      params: groupParams,
      status: 202,
    },
    async ({ params, granted, condition, author }) => {
      const { id } = granted(await proxyGroup(options, params));
      const removal = await management.by(author).dependencyProxies.purge(id, condition());
      await runner.wake("purges");
      return removed(removal);
    },
  );
}

/** Without the secret, which nobody gets to see. */
const settingsJson = ({ enabled, identity }: DependencyProxySettings) => ({
  enabled,
  identity: identity ?? null,
});

function settings(api: Api, options: ApiOptions): void {
  const { management } = options;
  const path = `${ofGroup}/settings`;
  const common = { path, params: groupParams } as const;
  const read = { ...common, method: "get", action: "read_dependency_proxy" } as const;
  const answer = { answer: dependencyProxySettings, tagged: true, status: 200 } as const;
  const summary = "Get the settings of a group's Dependency Proxy";
  endpoint(api, { ...read, summary, ...answer }, async ({ params, granted }) => {
    const { id } = granted(await proxyGroup(options, params));
    const found = await management.dependencyProxies.settings(id);
    return { body: settingsJson(found), headers: tagged(found) };
  });
  endpoint(
    api,
    {
      method: "put",
      conditional: true,
      summary: "Change the settings of a group's Dependency Proxy; what is not given stays",
      ...common,
      action: "change_dependency_proxy",
      body: dependencyProxyChanges,
      ...answer,
    },
    async ({ params, granted, body, condition, author }) => {
      const { id } = granted(await proxyGroup(options, params));
      const changes = atLeastOne(dependencyProxyChanges, await body());
      if ("identity" in changes !== "secret" in changes) {
        throw badRequest("identity, secret provide all or none of parameters");
      }
      const { dependencyProxies } = management.by(author);
      const changed = await dependencyProxies.change(id, changes, condition());
      return { body: settingsJson(changed), headers: tagged(changed) };
    },
  );
}

const policyJson = ({ ttlEnabled, ttlDays }: DependencyProxySettings) => ({
  enabled: ttlEnabled,
  ttl: ttlDays,
});

function policy(api: Api, options: ApiOptions): void {
  const { management } = options;
  const path = `${ofGroup}/ttl_policy`;
  const common = { path, params: groupParams } as const;
  const read = { ...common, method: "get", action: "read_dependency_proxy" } as const;
  const answer = { answer: ttlPolicy, tagged: true, status: 200 } as const;
  const summary = "Get when a group's Dependency Proxy gives up what is not pulled any more";
  endpoint(api, { ...read, summary, ...answer }, async ({ params, granted }) => {
    const { id } = granted(await proxyGroup(options, params));
    const found = await management.dependencyProxies.settings(id);
    return { body: policyJson(found), headers: tagged(found) };
  });
  endpoint(
    api,
    {
      method: "put",
      conditional: true,
      summary: "Change when a group's Dependency Proxy gives up what is not pulled any more",
      ...common,
      action: "change_dependency_proxy",
      body: ttlPolicyChanges,
      ...answer,
    },
    async ({ params, granted, body, condition, author }) => {
      const { id } = granted(await proxyGroup(options, params));
      const { enabled: ttlEnabled, ttl: ttlDays } = atLeastOne(ttlPolicyChanges, await body());
      const changes = { ttlEnabled, ttlDays };
      const { dependencyProxies } = management.by(author);
      const changed = await dependencyProxies.change(id, changes, condition());
      return { body: policyJson(changed), headers: tagged(changed) };
    },
  );
}
