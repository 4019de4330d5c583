import type { Author, Role, TokenKind, User, UserState } from "../contract.ts";
import type { Condition, Page, PageOptions, Removal } from "../management/contract.ts";

/**
 * Users, projects, memberships and tokens as people manage them: as `Management`. What takes rights away raises the
 * generation; a new token does not, for nobody can have remembered that it was not there.
 */
export interface Identity {
  /** As `Management.by`. */
  by(author: Author): Identity;
  readonly users: ManagedUsers;
  readonly projects: ManagedProjects;
  readonly members: ManagedMembers;
  readonly tokens: ManagedTokens;
}

export interface UserRecord extends User {
  name: string;
  email: string | undefined;
  state: UserState;
  /** A bot is whoever acts with a group's access token. */
  kind: "human" | "bot";
  createdAt: number;
}

export interface UserFields {
  username: string;
  name: string;
  email: string | undefined;
  admin: boolean;
}

export interface ManagedUsers {
  /** In order of id; searched by user name, name and e-mail address. */
  list(options: PageOptions): Promise<Page<UserRecord>>;
  get(by: { id: number } | { username: string }): Promise<UserRecord | undefined>;
  /** A human. User names that differ in case only are the same, and so are addresses. */
  create(fields: UserFields): Promise<UserRecord>;
  /**
   * Of a human. The last active administrator stays one (`refused`); a sign-in provider can say otherwise of its own users at
   * their next sign-in.
   */
  change(
    id: number,
    changes: Partial<Pick<UserFields, "name" | "email" | "admin">>,
    condition?: Condition,
  ): Promise<UserRecord | undefined>;
  /** While a user is not active, nothing that is his counts. */
  setState(id: number, state: UserState, condition?: Condition): Promise<UserRecord | undefined>;
}

export interface Project {
  id: number;
  groupId: number;
  name: string;
  /** With that of its group before it. */
  fullPath: string;
  /** Of its group: see `Group`. */
  lineage: readonly number[];
}

export interface ManagedProjects {
  /** All, in order of id. */
  list(): Promise<Project[]>;
  /** By id, or by the whole path, in whatever case. */
  get(by: { id: number } | { path: string }): Promise<Project | undefined>;
  /** `path` is the last part. */
  create(groupId: number, fields: { path: string; name: string }): Promise<Project>;
  /** Its memberships and job tokens go with it. */
  remove(id: number, condition?: Condition): Promise<Removal>;
}

/** What somebody is a member of. */
export type Membered = { groupId: number } | { projectId: number };

export interface Membership {
  role: Role;
  /** Milliseconds since the epoch from which on it is none. */
  expiresAt: number | undefined;
}

export interface Member extends Membership {
  user: UserRecord;
}

/**
 * Only memberships of the group or project itself, and none that has ended. A top-level group that has a human owner without
 * end keeps one: what would take away the last is refused.
 */
export interface ManagedMembers {
  /** In order of user id. */
  list(of: Membered): Promise<Member[]>;
  get(of: Membered, userId: number): Promise<Member | undefined>;
  /** Undefined where the user is a member already. A bot is a member where it was made, and nowhere else (`refused`). */
  add(of: Membered, userId: number, membership: Membership): Promise<Member | undefined>;
  /** `judge` throws where this may not be done to the member, as he is now: whoever changes him at the same time has done so. */
  change(
    of: Membered,
    userId: number,
    changes: Partial<Membership>,
    judge: (present: Member) => void,
    condition?: Condition,
  ): Promise<Member | undefined>;
  remove(
    of: Membered,
    userId: number,
    judge: (present: Member) => void,
    condition?: Condition,
  ): Promise<Removal>;
}

export interface TokenRecord {
  id: number;
  kind: TokenKind;
  /** Whom it stands for; undefined of a deploy token. */
  userId: number | undefined;
  groupId: number | undefined;
  projectId: number | undefined;
  /** Of a deploy token: what has to be given as the user name. */
  username: string | undefined;
  /** Of a group's access token: its bot's role there. */
  role: Role | undefined;
  name: string;
  scopes: readonly string[];
  createdAt: number;
  expiresAt: number | undefined;
  revokedAt: number | undefined;
  /** To within ten minutes. */
  lastUsedAt: number | undefined;
}

/** Of a new token. */
export interface TokenFields {
  name: string;
  /** SHA-256 of the secret, lower-case hex. */
  hash: string;
  scopes: readonly string[];
  expiresAt: number | undefined;
  /** Who has made it. */
  createdBy: number;
}

/** Which tokens are meant. */
export type TokenFilter =
  | { kind: "personal"; userId: number | undefined }
  | { kind: "group" | "deploy"; groupId: number }
  | { kind: "job" };

export interface ManagedTokens {
  /** In order of id, with those that are revoked or expired. */
  list(filter: TokenFilter): Promise<TokenRecord[]>;
  get(filter: TokenFilter, id: number): Promise<TokenRecord | undefined>;
  createPersonal(userId: number, fields: TokenFields): Promise<TokenRecord>;
  /** With a bot of its own, which has this role in the group. */
  createGroups(groupId: number, fields: TokenFields, role: Role): Promise<TokenRecord>;
  /** The user name that is not given is made of the token's id. */
  createDeploy(
    groupId: number,
    fields: TokenFields,
    username: string | undefined,
  ): Promise<TokenRecord>;
  createJob(userId: number, projectId: number, fields: TokenFields): Promise<TokenRecord>;
  /** For ever. A bot goes with its last token. `absent` for one that is revoked already. */
  revoke(id: number, condition?: Condition): Promise<Removal>;
  /** Revokes it and makes another of the same kind, name and scopes; undefined for one that is revoked or expired. */
  rotate(
    id: number,
    fields: Omit<TokenFields, "name" | "scopes">,
    condition?: Condition,
  ): Promise<TokenRecord | undefined>;
  /** Forgets bots without a live token, job tokens that ended a day ago, and others that did so ninety days ago, but for declared ones. */
  sweep(): Promise<void>;
}
