import type { UpstreamJson } from "../../http/api/contract.ts";
import type { Declaration } from "../../work/contract.ts";
import { container, ofGroup } from "../find.ts";
import {
  differing,
  idIn,
  keyOf,
  type Planning,
  refuseWithout,
  type Step,
  told,
  toldNew,
  unchanged,
} from "./planning.ts";
import { shapes } from "../shapes.ts";

type DeclaredUpstream = Declaration["upstreams"][number];

/** What is declared of an upstream, as the API has it; without its password, which nobody can read. */
export function upstreamFields(upstream: DeclaredUpstream) {
  return {
    url: upstream.url,
    description: upstream.description ?? null,
    username: upstream.username ?? null,
    token_realm: upstream.tokenRealm ?? null,
    cache_validity_hours: upstream.cacheValidityHours,
    denied_means: upstream.deniedMeans,
    library_prefix: upstream.libraryPrefix,
    stale_if_absent_hours: upstream.staleIfAbsentHours,
    stale_while_revalidate: upstream.staleWhileRevalidate,
    cache_max_bytes: upstream.cacheMaxBytes ?? null,
    ca: upstream.ca ?? null,
    rules: upstream.rules,
    access: upstream.verifiedGroup === undefined ? "shared" : "verified",
    verified_group: upstream.verifiedGroup ?? null,
  };
}
type Fields = ReturnType<typeof upstreamFields>;

/** The same of one that is there. */
export function presentFields(upstream: UpstreamJson): Fields {
  return {
    url: upstream.url,
    description: upstream.description,
    username: upstream.username,
    token_realm: upstream.token_realm,
    cache_validity_hours: upstream.cache_validity_hours,
    denied_means: upstream.denied_means,
    library_prefix: upstream.library_prefix,
    stale_if_absent_hours: upstream.stale_if_absent_hours,
    stale_while_revalidate: upstream.stale_while_revalidate,
    cache_max_bytes: upstream.cache_max_bytes,
    ca: upstream.ca,
    rules: upstream.rules.map(({ target, effect, pattern }) => ({ target, effect, pattern })),
    access: upstream.access,
    verified_group: upstream.verified_group,
  };
}

/** Those to change, and those to make, which is done in the list of a registry if one has them. */
export function planUpstreams(planning: Planning): { changed: Step[]; made: Step[] } {
  const { wanted, present, ids } = planning;
  const changed: Step[] = [];
  const made: Step[] = [];
  for (const [index, upstream] of wanted.declared.upstreams.entries()) {
    const id = ids.upstreams.get(keyOf(upstream.group, upstream.name));
    const there = present.upstreams.find((one) => one.id === id);
    if (there) changed.push(...changeUpstream(planning, index, upstream, there));
    else made.push(...makeUpstream(planning, index, upstream));
  }
  return { changed, made };
}

function makeUpstream(planning: Planning, index: number, upstream: DeclaredUpstream): Step[] {
  const { group, name, username, password } = upstream;
  const registry = planning.wanted.declared.registries.find(
    (one) => one.group === group && one.upstreams.includes(name),
  );
  if (username !== undefined && password === undefined) {
    const why = "a new upstream gets its password with it";
    refuseWithout(planning, { owner: `upstreams[${index}]`, key: "password", why });
    return [];
  }
  const fields = upstreamFields(upstream);
  const details = Object.entries(fields)
    .filter(([, value]) => value !== null && JSON.stringify(value) !== "[]")
    .map(([field, value]) => toldNew(field, value));
  const secret = password === undefined ? [] : ["password: as given"];
  const change = { sign: "+" as const, what: `upstream ${group}/${name}`, details };
  return [
    {
      change: { ...change, details: [...details, ...secret] },
      async run(api, ids) {
        const login = username === undefined ? {} : { username, password };
        const { username: _, ...rest } = fields;
        const body = { name, ...rest, ...login };
        const place = registry
          ? `${container}/registries/${idIn(ids.registries, keyOf(group, registry.name))}`
          : ofGroup(idIn(ids.groups, group.toLowerCase()));
        const upstream = await api.post(shapes.upstream, `${place}/upstreams`, { body });
        ids.upstreams.set(keyOf(group, name), upstream.id);
      },
    },
  ];
}

function changeUpstream(
  planning: Planning,
  index: number,
  upstream: DeclaredUpstream,
  there: UpstreamJson,
): Step[] {
  const { group, name, username, password } = upstream;
  const before = presentFields(there);
  const fields = { ...upstreamFields(upstream), ...sameGroup(upstream, before) };
  const fieldsToSet = differing(fields, before);
  const isMoved = fieldsToSet.includes("url");
  const needsLogin = isMoved || fieldsToSet.includes("username");
  if (needsLogin && username !== undefined && password === undefined) {
    const why = "with another url or username it has to be given anew";
    refuseWithout(planning, { owner: `upstreams[${index}]`, key: "password", why });
    return [];
  }
  const setsPassword = password !== undefined && (needsLogin || planning.secrets);
  if (fieldsToSet.length === 0 && !setsPassword) return [];
  const body: Record<string, unknown> = Object.fromEntries(
    fieldsToSet.map((field) => [field, fields[field]]),
  );
  if (needsLogin) Object.assign(body, { username: username ?? null, password: password ?? null });
  else if (setsPassword) body["password"] = password;
  // What was meant for one host does not follow to another by itself.
  if (isMoved) body["token_realm"] = fields.token_realm;
  if ("access" in body || "verified_group" in body) {
    Object.assign(body, { access: fields.access, verified_group: fields.verified_group });
  }
  const what = `upstream ${group}/${name}`;
  const details = [
    ...fieldsToSet.map((field) => told(field, before[field], fields[field])),
    ...(setsPassword ? ["password: set anew"] : []),
    ...(isMoved ? ["what is cached of it goes"] : []),
  ];
  return [
    {
      change: { sign: "~", what, details },
      async run(api) {
        const path = `${container}/upstreams/${there.id}`;
        const isSame = sameAs(there);
        const version = await unchanged(api, shapes.upstream, path, what, isSame);
        await api.patch(shapes.upstream, path, { body, version });
      },
    },
  ];
}

const sameAs = (planned: UpstreamJson) => (now: UpstreamJson) =>
  now.name === planned.name &&
  now.updated_at === planned.updated_at &&
  differing(presentFields(now), presentFields(planned)).length === 0;

/** Paths that differ in case only are the same. */
function sameGroup({ verifiedGroup }: DeclaredUpstream, { verified_group: present }: Fields) {
  const isSame = verifiedGroup?.toLowerCase() === present?.toLowerCase();
  return isSame ? { verified_group: present } : {};
}

/** Upstreams that the file does not have, in the groups that it speaks of. */
export function removeUpstreams({ wanted, present, ids }: Planning): Step[] {
  if (!wanted.keys.has("upstreams")) return [];
  const groups = spokenOf(wanted.declared);
  const keys = wanted.declared.upstreams.map(({ group, name }) => keyOf(group, name));
  const kept = new Set(keys.map((key) => ids.upstreams.get(key)));
  const paths = new Map(present.groups.map(({ id, full_path: path }) => [id, path]));
  return present.upstreams.flatMap((upstream): Step[] => {
    const group = paths.get(upstream.group_id) ?? "";
    if (kept.has(upstream.id) || !groups.has(group.toLowerCase())) return [];
    const what = `upstream ${group}/${upstream.name}`;
    const details = [toldNew("url", upstream.url), "with what is cached of it"];
    return [
      {
        change: { sign: "-", what, details },
        async run(api) {
          const path = `${container}/upstreams/${upstream.id}`;
          // With its registry it can have gone already.
          if ((await api.find(shapes.upstream, path)) === undefined) return;
          const version = await unchanged(api, shapes.upstream, path, what, sameAs(upstream));
          await api.delete(path, { version });
        },
      },
    ];
  });
}

/** Paths of the groups that the file has, or has something of, in lower case. */
export function spokenOf(declared: Declaration): Set<string> {
  const { groups, upstreams, registries, webhooks, prefetches } = declared;
  const paths = [
    ...groups.map(({ path }) => path),
    ...[...upstreams, ...registries, ...webhooks, ...prefetches].map(({ group }) => group),
  ];
  return new Set(paths.map((path) => path.toLowerCase()));
}
