import { z } from "zod";
import { adminName } from "./declared.ts";
import { noRegistries } from "./oidc-issuers.ts";
import { defaultGroup } from "./shapes.ts";
import { isMap } from "./text.ts";

type Path = readonly PropertyKey[];

/** What is wrong with a configuration file, and at which key. */
export interface FileProblem {
  path: Path;
  message: string;
}

/** As it is written in a problem: `upstreams[1].url`. */
export function pathText(path: Path): string {
  const text = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`));
  return text.join("").replace(/^\./, "");
}

/** A name, or nothing where the schema reports another problem. */
const name = z.string().catch("");
const group = z.string().catch(defaultGroup);
const list = <S extends z.ZodRawShape>(shape: S) =>
  z.array(z.preprocess((item) => (isMap(item) ? item : {}), z.object(shape))).catch([]);

/** Only the names of a file, read in spite of whatever else is wrong with it. */
const outline = z.object({
  groups: list({
    path: name,
    cleanup_policy: z.unknown().optional(),
    virtual_registries: z.unknown().optional(),
  }),
  upstreams: list({ group, name, access: name, verified_group: name }),
  registries: list({ id: name, group, name, upstreams: z.array(name).catch([]) }),
  users: list({ username: name, memberships: list({ group }), tokens: list({ name }) }),
  oidc_issuers: list({
    name,
    issuer: name,
    rules: list({ group, pull: z.array(name).catch([]) }),
  }),
  webhooks: list({ group, name }),
  prefetches: list({ group, registry: name, name }),
});
type Outline = z.infer<typeof outline>;

/** Names that stand twice, and names of what is not declared. */
export function checkReferences(file: Record<string, unknown>): FileProblem[] {
  const names = outline.parse(file);
  return [
    ...checkNames(names),
    ...checkRegistries(names),
    ...checkUsers(names),
    ...checkIssuers(names),
    ...checkAutomation(names),
  ];
}

function checkNames({ groups, upstreams, registries, users }: Outline): FileProblem[] {
  const at = (list: string, key: string) => (index: number) => [list, index, key];
  const paths = values(groups, "path");
  const inGroup = (item: { group: string; name: string }) =>
    item.name && `${item.group}/${item.name}`;
  return [
    ...twice(
      paths.map((path) => path.toLowerCase()),
      at("groups", "path"),
    ),
    ...unknownGroups(groups, paths.map(above), at("groups", "path")),
    ...subgroups(
      groups.map((group) => (group.cleanup_policy === undefined ? "" : group.path)),
      at("groups", "cleanup_policy"),
    ),
    ...subgroups(
      groups.map((group) => (group.virtual_registries === undefined ? "" : group.path)),
      at("groups", "virtual_registries"),
    ),
    ...twice(upstreams.map(inGroup), at("upstreams", "name")),
    ...twice(values(registries, "id"), at("registries", "id")),
    ...twice(registries.map(inGroup), at("registries", "name")),
    ...twice(values(users, "username"), at("users", "username")),
    ...unknownGroups(groups, values(upstreams, "group"), at("upstreams", "group")),
    ...upstreams.flatMap((upstream, index) => checkReaders(groups, upstream, ["upstreams", index])),
    ...unknownGroups(groups, values(registries, "group"), at("registries", "group")),
    ...subgroups(values(upstreams, "group"), at("upstreams", "group")),
    ...subgroups(values(registries, "group"), at("registries", "group")),
  ];
}

type Readers = Outline["upstreams"][number];

/** Whom an upstream is for: a group, where it is not for all. */
function checkReaders(
  groups: Outline["groups"],
  { access, verified_group: verified }: Readers,
  path: Path,
): FileProblem[] {
  const at = (key: string) => [...path, key];
  if (access === "verified" && verified === "") {
    return [{ path: at("verified_group"), message: "is missing: access: verified needs one" }];
  }
  if (verified === "") return [];
  if (access !== "verified") {
    return [{ path: at("verified_group"), message: "needs access: verified beside it" }];
  }
  return unknownGroups(groups, [verified], () => at("verified_group"));
}

/** The path of the group that a subgroup is in; empty for a top-level group. */
const above = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf("/")));

function subgroups(names: readonly string[], at: At): FileProblem[] {
  const message = "must be a top-level group: subgroups have no registries and upstreams";
  return names.flatMap((name, index) => (above(name) ? [{ path: at(index), message }] : []));
}

function checkRegistries({ upstreams, registries }: Outline): FileProblem[] {
  return registries.flatMap(({ group, upstreams: names }, index) => {
    const at = (position: number) => ["registries", index, "upstreams", position];
    const known = values(
      upstreams.filter((upstream) => upstream.group === group),
      "name",
    );
    const message = (name: string) =>
      `there is no upstream "${name}" in the group "${group}"; declare it under upstreams`;
    return [...twice(names, at), ...unknown(names, known, at, message)];
  });
}

const adminTaken = `"${adminName}" is made at the first start, its token set by WEIR_ADMIN_TOKEN; choose another name`;

function checkUsers({ groups, users }: Outline): FileProblem[] {
  return users.flatMap(({ username, memberships, tokens }, index) => {
    const path = ["users", index];
    const group = (item: number) => [...path, "memberships", item, "group"];
    const token = (item: number) => [...path, "tokens", item, "name"];
    return [
      ...(username === adminName ? [{ path: [...path, "username"], message: adminTaken }] : []),
      ...twice(
        values(memberships, "group").map((path) => path.toLowerCase()),
        group,
      ),
      ...unknownGroups(groups, values(memberships, "group"), group),
      ...twice(values(tokens, "name"), token),
    ];
  });
}

function checkIssuers({ groups, oidc_issuers: issuers }: Outline): FileProblem[] {
  const message = noRegistries;
  return [
    ...twice(values(issuers, "name"), (index) => ["oidc_issuers", index, "name"]),
    ...twice(values(issuers, "issuer"), (index) => ["oidc_issuers", index, "issuer"]),
    ...issuers.flatMap(({ rules }, index) => {
      const at = (key: string) => (rule: number) => ["oidc_issuers", index, "rules", rule, key];
      const wrong = rules.map(({ group, pull }) => above(group) && pull.includes("registries"));
      return [
        ...unknownGroups(groups, values(rules, "group"), at("group")),
        ...wrong.flatMap((is, rule) => (is ? [{ path: at("pull")(rule), message }] : [])),
      ];
    }),
  ];
}

function checkAutomation({ groups, registries, webhooks, prefetches }: Outline): FileProblem[] {
  const at = (list: string, key: string) => (index: number) => [list, index, key];
  const known = new Set(registries.map(({ group, name }) => `${group}/${name}`));
  return [
    ...unknownGroups(groups, values(webhooks, "group"), at("webhooks", "group")),
    ...subgroups(values(webhooks, "group"), at("webhooks", "group")),
    ...twice(
      webhooks.map((one) => one.name && `${one.group}/${one.name}`),
      at("webhooks", "name"),
    ),
    ...prefetches.flatMap(({ group, registry }, index) => {
      if (registry === "" || known.has(`${group}/${registry}`)) return [];
      const message = `there is no registry "${registry}" in the group "${group}"; declare it under registries`;
      return [{ path: ["prefetches", index, "registry"], message }];
    }),
    ...twice(
      prefetches.map((one) => one.name && `${one.group}/${one.registry}/${one.name}`),
      at("prefetches", "name"),
    ),
  ];
}

type At = (index: number) => Path;

function values<K extends string>(items: readonly Record<K, string>[], key: K): string[] {
  return items.map((item) => item[key]);
}

function twice(names: readonly string[], at: At): FileProblem[] {
  return names.flatMap((name, index) => {
    const first = names.indexOf(name);
    if (name === "" || first === index) return [];
    const message = `"${name}" stands at ${pathText(at(first))} already; keep one of them`;
    return [{ path: at(index), message }];
  });
}

function unknown(
  names: readonly string[],
  known: readonly string[],
  at: At,
  message: (name: string) => string,
): FileProblem[] {
  return names.flatMap((name, index) =>
    name === "" || known.includes(name) ? [] : [{ path: at(index), message: message(name) }],
  );
}

function unknownGroups(groups: Outline["groups"], names: readonly string[], at: At) {
  const known = [defaultGroup, ...values(groups, "path")].map((path) => path.toLowerCase());
  return unknown(
    names.map((name) => name.toLowerCase()),
    known,
    at,
    (name) => `there is no group "${name}"; declare it under groups`,
  );
}
