import { type Role, roles, type UserRights } from "../metadata/contract.ts";
import { type Authority, type Door, opens } from "./doors.ts";

/**
 * Who may do what: the one place where it is decided. The table below and that of `doors.ts` are the matrices of
 * docs/permissions.md, which is made from them; what is not in them is refused.
 */

/** How somebody stands to something, from the least to the most. `project`: by a project below the group, without a role in it. */
export const standings = [
  "stranger",
  "project",
  ...(Object.keys(roles) as Role[]),
  "administrator",
] as const;
export type Standing = (typeof standings)[number];

/** What something is done to. */
export type Subject =
  /** A registry and all that belongs to it: of a top-level group. */
  | { kind: "registry"; groupId: number }
  /** `lineage`: see `Group`. */
  | { kind: "group"; lineage: readonly number[] }
  /** `lineage` is that of the group that it is in. */
  | { kind: "project"; projectId: number; lineage: readonly number[] }
  /** What belongs to one user. */
  | { kind: "user"; userId: number }
  /** The server as a whole. */
  | { kind: "server" };

interface Permission {
  door: Door;
  subject: Subject["kind"];
  /** Who may. To a `user` he himself stands as owner; to the `server` everybody who is known as guest. */
  least: Standing;
  /** For the page that is made of this. */
  text: string;
}

/** To whom it shows that something is there: others see what they would see if it were not. */
export const visibleTo: Record<Subject["kind"], Standing> = {
  registry: "project",
  group: "project",
  project: "guest",
  user: "owner",
  server: "guest",
};

const permissions = {
  pull_registry: row("pull_registry", "registry", "project", "pull through a registry"),
  pull_verified_upstream: row(
    "pull_registry",
    "group",
    "guest",
    "pull from an upstream with `access: verified`, which names the group",
  ),
  read_verified_upstream: row(
    "read",
    "group",
    "guest",
    "see what is cached of an upstream with `access: verified`, which names the group",
  ),
  read_registry: row(
    "read",
    "registry",
    "project",
    "list and get registries, upstreams and cache entries; `explain`, statistics; see pulls, fills and the health of upstreams",
  ),
  read_pullers: row(
    "read",
    "registry",
    "maintainer",
    "see who has pulled, in the list of the latest pulls",
  ),
  change_registry: row("write", "registry", "maintainer", "create, change, delete a registry"),
  change_upstream: row(
    "write",
    "registry",
    "maintainer",
    "create, change, delete an upstream and its rules; add it to a registry, move it, take it out",
  ),
  test_upstream: row("write", "registry", "maintainer", "test an upstream"),
  import_images: row(
    "write",
    "registry",
    "maintainer",
    "import images from an archive into the cache of an upstream",
  ),
  export_images: row(
    "write",
    "registry",
    "project",
    "export images as an archive, as one would pull them",
  ),
  purge_registry: row(
    "write",
    "registry",
    "maintainer",
    "empty the cache of a registry or upstream, delete or pin an entry, `refresh`",
  ),
  prefetch_registry: row(
    "write",
    "registry",
    "maintainer",
    "prefetch images into a registry's cache, delete a prefetch",
  ),
  read_registry_settings: row(
    "read",
    "group",
    "owner",
    "see whether a group's registries are switched on",
  ),
  change_registry_settings: row(
    "write",
    "group",
    "owner",
    "switch a group's registries on and off",
  ),
  pull_dependency_proxy: row(
    "pull_dependency_proxy",
    "group",
    "guest",
    "pull through the Dependency Proxy of a group",
  ),
  read_dependency_proxy: row(
    "read",
    "group",
    "owner",
    "get the settings and TTL policy of a group's Dependency Proxy",
  ),
  change_dependency_proxy: row(
    "write",
    "group",
    "owner",
    "change settings and TTL policy of a group's Dependency Proxy, empty its cache",
  ),
  read_cleanup_policy: row("read", "group", "owner", "get a group's cleanup policy"),
  change_cleanup_policy: row(
    "write",
    "group",
    "owner",
    "create, change, delete a group's cleanup policy",
  ),
  read_group_space: row("read", "group", "owner", "see how much a group caches, and may cache"),
  read_webhooks: row(
    "read",
    "group",
    "owner",
    "list and get a group's webhooks and their deliveries",
  ),
  change_webhooks: row(
    "write",
    "group",
    "owner",
    "create, change, delete, test a group's webhooks",
  ),
  read_group: row("read", "group", "project", "get a group"),
  change_group: row("write", "group", "owner", "rename a group, create a subgroup, delete a group"),
  read_members: row("read", "group", "guest", "list and get members of a group"),
  change_members: row("write", "group", "owner", "add, change, remove members of a group"),
  read_group_tokens: row("read", "group", "owner", "list a group's access and deploy tokens"),
  revoke_group_tokens: row("write", "group", "owner", "revoke a group's access and deploy tokens"),
  create_group_tokens: row(
    "mint",
    "group",
    "owner",
    "create and rotate a group's access and deploy tokens",
  ),
  read_group_audit: row("read", "group", "owner", "list a group's audit events"),
  create_project: row("write", "group", "maintainer", "create a project in a group"),
  read_project: row("read", "project", "guest", "get a project, list and get its members"),
  change_project_members: row(
    "write",
    "project",
    "maintainer",
    "add, change, remove members of a project, up to the own role",
  ),
  delete_project: row("write", "project", "owner", "delete a project"),
  read_own: row("read", "user", "owner", "see oneself and one's own personal access tokens"),
  revoke_own_tokens: row("write", "user", "owner", "revoke one's own personal access tokens"),
  end_own_sessions: row("write", "user", "owner", "sign out, end one's own sessions"),
  change_own_password: row("write", "user", "owner", "change one's own password, knowing it"),
  create_own_tokens: row(
    "mint",
    "user",
    "owner",
    "create and rotate one's own personal access tokens",
  ),
  list_visible: row("read", "server", "guest", "list those groups and projects that one may get"),
  read_users: row("read", "server", "administrator", "list and get users"),
  read_audit: row("read", "server", "administrator", "list the server's audit events"),
  read_version: row("read", "server", "guest", "see which version of Weir the server is"),
  read_arrival: row("read", "server", "administrator", "see how a request has come"),
  read_work: row("read", "server", "administrator", "list the server's background work"),
  read_space: row(
    "read",
    "server",
    "administrator",
    "see how much is stored, its limits, and what would be evicted",
  ),
  evict: row("write", "server", "administrator", "evict now what is over a limit"),
  change_group_space: row("write", "server", "administrator", "limit how much a group may cache"),
  change_users: row("write", "server", "administrator", "create, block, deactivate users"),
  // With either, whoever it was would log in for longer than his own credential lasts.
  change_users_passwords: row("mint", "server", "administrator", "give users passwords"),
  change_administrators: row(
    "mint",
    "server",
    "administrator",
    "change a user's name and e-mail address, make him an administrator or not",
  ),
  change_identities: row(
    "mint",
    "server",
    "administrator",
    "say who users are at identity providers",
  ),
  create_users_tokens: row(
    "mint",
    "server",
    "administrator",
    "create personal access tokens of other users",
  ),
  read_oidc_issuers: row(
    "read",
    "server",
    "administrator",
    "list and get the issuers of id tokens that are trusted",
  ),
  // Whoever has an issuer of his own can log in by it for as long as it is trusted.
  change_oidc_issuers: row(
    "mint",
    "server",
    "administrator",
    "say whose id tokens count, and what they open",
  ),
  verify_store: row(
    "write",
    "server",
    "administrator",
    "verify what is stored, and fetch anew what is damaged",
  ),
  create_group: row("write", "server", "administrator", "create a top-level group"),
  choose_registry_id: row("write", "server", "administrator", "choose the id of a new registry"),
  create_job_tokens: row("mint", "server", "administrator", "create job tokens"),
  end_job_tokens: row("write", "server", "administrator", "end job tokens"),
} as const satisfies Record<string, Permission>;

export type Action = keyof typeof permissions;
export const actions = permissions as Readonly<Record<Action, Permission>>;

function row(door: Door, subject: Subject["kind"], least: Standing, text: string): Permission {
  return { door, subject, least, text };
}

/** `hidden`: nothing may tell that it is there. `shut`: the credential, by its kind or scopes, is not for such things. */
export type Verdict = "allowed" | "forbidden" | "hidden" | "shut";

/** Whether the actor may do this to the subject now. */
export function judge(authority: Authority, action: Action, subject: Subject): Verdict {
  const { door, least, subject: kind } = actions[action];
  if (subject.kind !== kind) throw new Error(`${action} is nothing that is done to a ${kind}`);
  if (!opens(authority, door)) return "shut";
  const standing = standingOf(authority, subject);
  if (reaches(standing, least)) return "allowed";
  return reaches(standing, visibleTo[kind]) ? "forbidden" : "hidden";
}

/** Where somebody stands who holds this credential, whatever its scopes. */
export function standingOf(authority: Authority, subject: Subject): Standing {
  if ("groupId" in authority) return groupsStanding(authority.groupId, subject);
  const { rights } = authority;
  if (rights.user.admin) return "administrator";
  switch (subject.kind) {
    case "registry":
      return standingIn(rights, [subject.groupId]);
    case "group":
      return standingIn(rights, subject.lineage);
    case "project":
      return highest([rights.projects.get(subject.projectId), ...groupRoles(rights, subject)]);
    case "user":
      return rights.user.id === subject.userId ? "owner" : "stranger";
    case "server":
      return "guest";
  }
}

/** Belongs to its group: to registries of that alone, to the Dependency Proxies of those below too. */
function groupsStanding(groupId: number, subject: Subject): Standing {
  if (subject.kind === "registry") return subject.groupId === groupId ? "guest" : "stranger";
  const isWithin = subject.kind === "group" && subject.lineage.includes(groupId);
  return isWithin ? "guest" : "stranger";
}

function standingIn(rights: UserRights, lineage: readonly number[]): Standing {
  const role = highest(groupRoles(rights, { lineage }));
  if (role !== "stranger") return role;
  const [groupId] = lineage;
  return groupId !== undefined && rights.projectGroups.has(groupId) ? "project" : "stranger";
}

function groupRoles({ memberships }: UserRights, { lineage }: { lineage: readonly number[] }) {
  return lineage.map((groupId) => memberships.get(groupId));
}

function highest(held: readonly (Role | undefined)[]): Standing {
  return held.reduce<Standing>(
    (best, role) => (role && !reaches(best, role) ? role : best),
    "stranger",
  );
}

export function reaches(standing: Standing, least: Standing): boolean {
  return standings.indexOf(standing) >= standings.indexOf(least);
}
