export const roles = {
  guest: 10,
  planner: 15,
  reporter: 20,
  developer: 30,
  maintainer: 40,
  owner: 50,
} as const;
export type Role = keyof typeof roles;

export interface User {
  id: number;
  username: string;
  admin: boolean;
}

/** Only an active user's credentials count. */
export type UserState = "active" | "blocked" | "deactivated";

/**
 * What one user may, as far as memberships say it: what a session or a password of his stands for. While nothing has
 * changed it is the same object each time, not to be changed by anyone; none is given out from `validUntil` on.
 */
export interface UserRights {
  user: User;
  /** Group ids and the role there, which is one in the groups below too. Memberships that have ended are none. */
  memberships: ReadonlyMap<number, Role>;
  /** Project ids and the role there. */
  projects: ReadonlyMap<number, Role>;
  /** The groups that these projects are in, directly or in a subgroup: a top-level group for each. */
  projectGroups: ReadonlySet<number>;
  /** Milliseconds since the epoch from which on this may be otherwise, since something ends then. */
  validUntil: number | undefined;
}

export type TokenKind = "personal" | "group" | "deploy" | "job";

interface TokenFacts {
  tokenId: number;
  scopes: readonly string[];
  /** Milliseconds since the epoch from which on the token is dead. */
  expiresAt: number | undefined;
}

/** A live token that stands for a user: a group's token for its bot, a job token for whoever runs the job. */
export interface UserCredential extends TokenFacts, UserRights {
  kind: "personal" | "group" | "job";
}

/** A live deploy token: it belongs to a group, and nobody stands behind it. */
export interface DeployCredential extends TokenFacts {
  kind: "deploy";
  groupId: number;
  /** Has to be given with the secret. */
  username: string;
  validUntil: number | undefined;
}

/** A live token with all that a decision needs, in one look-up. */
export type Credential = UserCredential | DeployCredential;

export interface TokenSettings {
  name: string;
  /** SHA-256 of the secret, lower-case hex: the secret itself is never stored. */
  hash: string;
  scopes: readonly string[];
  expiresAt: number | undefined;
}

/** All writes are idempotent, as in `Directory`. */
export interface Credentials {
  /**
   * By the SHA-256 of the secret. Undefined for a token that is unknown, revoked or expired, or whose owner is not active.
   * The same object each time, as `UserRights` says.
   */
  byHash(hash: string): Promise<Credential | undefined>;
  byId(tokenId: number): Promise<Credential | undefined>;
  /** The same for a user himself, whatever he proves it by; undefined where he is not active, or gone. */
  ofUser(userId: number): Promise<UserRights | undefined>;
  /** Notes that a token was used just now, without waiting for it to be written: see `lastUsedAt`. */
  noteUse(tokenId: number): void;
  /**
   * Creates or changes the user of this name; the memberships given (group id → role) replace the present ones, and end
   * when `ends` says (group id → milliseconds since the epoch), or never.
   */
  saveUser(
    user: { username: string; admin: boolean },
    memberships: ReadonlyMap<number, Role>,
    ends?: ReadonlyMap<number, number>,
  ): Promise<User>;
  /**
   * Creates or changes the declared token of this name of this user; another hash replaces the former one, and revokes
   * what came from that one by rotation. Tokens that were not made so can have the same name.
   */
  saveToken(userId: number, token: TokenSettings): Promise<void>;
  /** Whether the user has a declared token of this name. */
  hasToken(username: string, tokenName: string): Promise<boolean>;
}
