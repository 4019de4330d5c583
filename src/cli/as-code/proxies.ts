import type { DependencyProxyJson, TtlPolicyJson } from "../../http/api/contract.ts";
import type { DeclaredDependencyProxy } from "../../work/contract.ts";
import { shapes } from "../shapes.ts";
import {
  differing,
  idIn,
  meanwhile,
  type Planning,
  refuseWithout,
  type Step,
  told,
  unchanged,
} from "./planning.ts";
import { type Proxy, readProxy } from "./present.ts";

/** How they are where nobody has touched them. */
export const untouched: Proxy = { enabled: true, identity: null, ttl_days: null };

const fieldsOf = ({ enabled, identity, ttlDays }: DeclaredDependencyProxy): Proxy => {
  return { enabled, identity: identity ?? null, ttl_days: ttlDays ?? null };
};

/** Dependency Proxies that are declared; those of other groups stay as they are. */
export function planProxies(planning: Planning): Step[] {
  const { wanted, present, ids } = planning;
  return wanted.declared.groups.flatMap(({ path, dependencyProxy }, index) => {
    if (!dependencyProxy) return [];
    const id = ids.groups.get(path.toLowerCase());
    const before = (id === undefined ? undefined : present.proxies.get(id)) ?? untouched;
    const owner = `groups[${index}].dependency_proxy`;
    return planProxy(planning, { path, owner }, dependencyProxy, before);
  });
}

function planProxy(
  planning: Planning,
  { path, owner }: { path: string; owner: string },
  declared: DeclaredDependencyProxy,
  before: Proxy,
): Step[] {
  const fields = fieldsOf(declared);
  const toSet = differing(fields, before);
  const { identity, secret } = declared;
  const needsLogin = toSet.includes("identity");
  if (needsLogin && identity !== undefined && secret === undefined) {
    refuseWithout(planning, { owner, key: "secret", why: "another identity needs another" });
    return [];
  }
  const setsLogin = needsLogin || (secret !== undefined && planning.secrets);
  if (toSet.length === 0 && !setsLogin) return [];
  const what = `dependency proxy of ${path}`;
  const details = [
    ...toSet.map((field) => told(field, before[field], fields[field])),
    ...(setsLogin && secret !== undefined ? ["secret: set anew"] : []),
  ];
  return [
    {
      change: { sign: "~", what, details },
      async run(api, { groups }) {
        const id = idIn(groups, path.toLowerCase());
        const place = `/groups/${id}/dependency_proxy`;
        if (differing(await readProxy(api, id), before).length > 0) throw meanwhile(what);
        const isSame = (now: DependencyProxyJson) =>
          now.enabled === before.enabled && now.identity === before.identity;
        const settings = `${place}/settings`;
        const version = await unchanged(api, shapes.dependencyProxy, settings, what, isSame);
        const login = setsLogin ? { identity: identity ?? null, secret: secret ?? null } : {};
        const body = { enabled: fields.enabled, ...login };
        await api.put(shapes.dependencyProxy, settings, { body, version });
        if (!toSet.includes("ttl_days")) return;
        const { ttl_days: ttl } = fields;
        const policy = { enabled: ttl !== null, ...(ttl !== null && { ttl }) };
        const isSamePolicy = (now: TtlPolicyJson) =>
          (now.enabled ? now.ttl : null) === before.ttl_days;
        const ofTtl = `${place}/ttl_policy`;
        const then = await unchanged(api, shapes.ttlPolicy, ofTtl, what, isSamePolicy);
        await api.put(shapes.ttlPolicy, ofTtl, { body: policy, version: then });
      },
    },
  ];
}
