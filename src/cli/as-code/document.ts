import { Document, isCollection, visit } from "yaml";
import type {
  GroupJson,
  MemberJson,
  RegistryDetailJson,
  UpstreamJson,
  UserJson,
} from "../../http/api/contract.ts";
import { adminName } from "../../work/contract.ts";
import { Failure } from "../command.ts";
import { roleOf } from "../roles.ts";
import { issuerItem } from "./issuers.ts";
import { untouched } from "./proxies.ts";
import { differing } from "./planning.ts";
import type { People, Present } from "./present.ts";
import { isScheduled, prefetchFields } from "./prefetches.ts";
import { presentFields } from "./upstreams.ts";
import { hasName, webhookFields } from "./webhooks.ts";

const head = ` Written by weir export. docs/configuration.md explains it; weir apply brings a server to it.
 Passwords are not in it: set the variables that password_env names where something new needs them.`;

/** What is there, as a configuration file says it: the same text for the same things, in order of their names. */
export function documentText(present: Present): string {
  const paths = new Map(present.groups.map(({ id, full_path: path }) => [id, path]));
  const groupOf = ({ group_id: id }: { group_id: number }) => paths.get(id) ?? "";
  const upstreams = sorted(present.upstreams, (one) => `${groupOf(one)}/${one.name}`);
  refuseTwins(upstreams, groupOf);
  const names = new Map(upstreams.map(({ id, name }) => [id, name]));
  const variables = new Variables();
  const document = new Document({
    groups: sorted(present.groups, ({ full_path: path }) => path).map((group) =>
      groupItem(group, present, variables),
    ),
    upstreams: upstreams.map((one) => upstreamItem(groupOf(one), one, variables)),
    registries: sorted(present.registries, (one) => `${groupOf(one)}/${one.name}`).map((one) =>
      registryItem(groupOf(one), one, names),
    ),
    ...(present.people && { users: userItems(present.people, paths) }),
    ...(present.issuers && {
      oidc_issuers: sorted(present.issuers, ({ name }) => name).map(issuerItem),
    }),
    ...automationLists(present, groupOf, variables),
  });
  document.commentBefore = head;
  // A rule is read best in one line.
  visit(document, {
    Map(_, node) {
      if (node.has("effect") && isCollection(node)) node.flow = true;
    },
  });
  return document.toString({ lineWidth: 0 });
}

/** By text as it is, whatever the language of the machine. */
function sorted<T>(items: readonly T[], text: (item: T) => string): T[] {
  return items.toSorted((a, b) => (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0));
}

/** In a file an upstream is found by its name. */
function refuseTwins(upstreams: readonly UpstreamJson[], groupOf: GroupOf): void {
  const problems = upstreams.flatMap((one) => {
    const twins = upstreams.filter(
      (other) => other.name === one.name && other.group_id === one.group_id,
    );
    if (twins[0] !== one || twins.length === 1) return [];
    const ids = twins.map(({ id }) => id).join(", ");
    return [
      `upstreams ${ids} of ${groupOf(one)} all have the name "${one.name}": give them different ones (weir upstream update ID --name NAME)`,
    ];
  });
  if (problems.length > 0) throw new Failure(problems.join("\n"));
}

type GroupOf = (one: { group_id: number }) => string;

/** Webhooks and scheduled prefetches that have names; keys only where there are some. */
function automationLists(present: Present, groupOf: GroupOf, variables: Variables) {
  const registries = new Map(present.registries.map(({ id, name }) => [id, name]));
  const webhooks = sorted(
    present.webhooks.filter(hasName),
    (one) => `${groupOf(one)}/${one.name}`,
  ).map((one) => {
    const secret = variables.of(groupOf(one), one.name, "WEBHOOK_SECRET");
    const { name, url, ...rest } = webhookFields(one);
    return given({ group: groupOf(one), name, url, secret_env: secret, ...rest });
  });
  const prefetches = present.prefetches.filter(isScheduled).map((one) => {
    const registry = registries.get(one.registry_id) ?? "";
    return { group: groupOf(one), registry, ...prefetchFields(one) };
  });
  const inOrder = sorted(prefetches, (one) => `${one.group}/${one.registry}/${one.name}`);
  return {
    ...(webhooks.length > 0 && { webhooks }),
    ...(inOrder.length > 0 && { prefetches: inOrder }),
  };
}

/** A field that is not set is left out. */
function given(fields: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined),
  );
}

function groupItem(
  { id, full_path: path, name }: GroupJson,
  { proxies, policies, limits, off }: Present,
  variables: Variables,
) {
  const proxy = proxies.get(id);
  // As they are where nobody has touched them, there is nothing to say of them.
  const isTouched = proxy && differing(proxy, untouched).length > 0;
  const variable = proxy?.identity ? variables.of(path, "dependency_proxy") : undefined;
  return given({
    path,
    name,
    dependency_proxy: isTouched ? given({ ...proxy, secret_env: variable }) : undefined,
    cleanup_policy: policies.get(id),
    cache_max_bytes: limits.get(id),
    virtual_registries: off.includes(path) ? { enabled: false } : undefined,
  });
}

function upstreamItem(group: string, upstream: UpstreamJson, variables: Variables) {
  const { url, description, username, access, rules, ...rest } = presentFields(upstream);
  const { name } = upstream;
  return given({
    group,
    name,
    url,
    description,
    username,
    password_env: username === null ? undefined : variables.of(group, name),
    ...rest,
    rules: rules.length > 0 ? rules : undefined,
    access: access === "verified" ? access : undefined,
  });
}

function registryItem(
  group: string,
  registry: RegistryDetailJson,
  names: ReadonlyMap<number, string>,
) {
  const { id, name, description, on_unsure, ask } = registry;
  const places = registry.registry_upstreams.toSorted((a, b) => a.position - b.position);
  const upstreams = places.map((place) => names.get(place.upstream_id) ?? "");
  return given({ id, group, name, description, on_unsure, ask, upstreams });
}

/** All but the administrator who is there by himself. */
function userItems({ users, members }: People, paths: ReadonlyMap<number, string>) {
  const declarable = users.filter(({ username }) => username !== adminName);
  return sorted(declarable, ({ username }) => username).map(
    ({ id, username, is_admin: admin, state }: UserJson) => {
      const memberships = [...members].flatMap(([group, list]) =>
        list
          .filter((member) => member.id === id)
          .map((member) => membershipItem(paths.get(group) ?? "", member)),
      );
      return {
        username,
        admin,
        ...(state !== "active" && { state }),
        memberships: sorted(memberships, ({ group }) => group),
      };
    },
  );
}

const membershipItem = (group: string, { access_level: level, expires_at: end }: MemberJson) => {
  return { group, role: roleOf(level), ...(end !== null && { expires_at: end }) };
};

/** A variable for each password, made of the upstream's name; those that would be the same are numbered. */
class Variables {
  readonly #taken = new Set<string>();

  of(group: string, name: string, kind = "PASSWORD"): string {
    const word = `${group}_${name}`.toUpperCase().replace(/[^A-Z0-9]+/g, "_");
    const base = `${word.replace(/^_+|_+$/g, "") || "UPSTREAM"}_${kind}`;
    const first = /^\d/.test(base) ? `_${base}` : base;
    let variable = first;
    for (let number = 2; this.#taken.has(variable); number++) variable = `${first}_${number}`;
    this.#taken.add(variable);
    return variable;
  }
}
