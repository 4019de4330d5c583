import type { Author, Condition, Role, User } from "../contract.ts";

/** How people sign in, and who has. */
export interface People {
  readonly passwords: UserPasswords;
  readonly sessions: Sessions;
  readonly identities: Identities;
}

export interface UserPassword {
  userId: number;
  /** Argon2id, in the form of the PHC. */
  hash: string;
  /** Another one for each password that the user had. */
  changedAt: number;
}

export interface UserPasswords {
  /** While nothing has changed it is the same object each time. */
  of(userId: number): Promise<UserPassword | undefined>;
  /** That of the active person with this user name or, in whatever case, e-mail address. */
  ofLogin(login: string): Promise<UserPassword | undefined>;
  /**
   * Gives the user this password, and ends all his sessions but the one to `keep`. Where the hash `before` is given, only
   * if it still stands. False where it does not, or where there is no such person. On record as done by the author.
   */
  set(userId: number, hash: string, change: PasswordChange): Promise<boolean>;
}

export interface PasswordChange {
  before: string | undefined;
  keep: number | undefined;
  author: Author;
  /** Of `userId` and `changedAt`, for that is all that is to be seen of a password. */
  condition?: Condition;
}

/** How a session was begun; a token's or a provider's sessions are known by it. */
export type SignedInBy =
  | { method: "password" }
  | { method: "token"; tokenId: number }
  | { method: "provider"; provider: string };

export interface NewSession {
  userId: number;
  /** SHA-256 of the secret, lower-case hex: the secret itself is never stored. */
  hash: string;
  by: SignedInBy;
  /** Milliseconds since the epoch: it ends then, whatever happens. */
  expiresAt: number;
}

export interface Session extends NewSession {
  id: number;
  createdAt: number;
  /** As far as it has been noted. */
  lastSeenAt: number;
}

/** They never raise the generation. */
export interface Sessions {
  /**
   * Adds one, and removes those that were over at `now`: behind their end, or not seen since `idleSince`. A user with
   * `most` of them loses the one that was not seen for longest.
   */
  begin(
    session: NewSession,
    limits: { now: number; idleSince: number; most: number },
  ): Promise<Session>;
  /** Over or not: that is for the caller to judge. */
  byHash(hash: string): Promise<Session | undefined>;
  /** In the order in which they were begun. */
  ofUser(userId: number): Promise<Session[]>;
  seen(id: number, at: number): Promise<void>;
  /** False where the user has no such session. On record as done by the author. */
  end(userId: number, id: number, author: Author): Promise<boolean>;
}

/** Who somebody is at an identity provider. */
export interface ProviderIdentity {
  issuer: string;
  subject: string;
}

/** What a provider says of somebody who has no user here yet. */
export interface NewPerson {
  username: string;
  name: string;
  /** Verified by the provider. */
  email: string | undefined;
}

/** What changes is on record: as done by the author, or by what the provider says. */
export interface Identities {
  /** Id of the user whom the identity belongs to. */
  userOf(identity: ProviderIdentity): Promise<number | undefined>;
  /** The user's identities, in order of issuer. */
  ofUser(userId: number): Promise<ProviderIdentity[]>;
  /**
   * A new user with this identity; an e-mail address that another user has is left out. Undefined where the user name is
   * another's, or the identity has become somebody's meanwhile.
   */
  createUser(identity: ProviderIdentity, person: NewPerson): Promise<User | undefined>;
  /**
   * Lets the identity be this user's, instead of the one that he has at that issuer. False where there is no such person.
   * Throws a `MetadataError` (`refused`) where it belongs to another user. The condition is of the one that he has.
   */
  link(
    userId: number,
    identity: ProviderIdentity,
    author: Author,
    condition?: Condition,
  ): Promise<boolean>;
  /** False where the user has none at this issuer. What the provider gave him, and sessions begun at providers, go with it. */
  unlink(userId: number, issuer: string, author: Author, condition?: Condition): Promise<boolean>;
  /**
   * Makes the user's memberships that come from this issuer these (path of a group → role). Memberships that were given
   * otherwise stay as they are, and one that was changed since is no provider's any more. Paths of no group are passed over.
   * A group's last owner goes like others, which the record says: whom his provider no longer calls one is none.
   */
  provide(userId: number, issuer: string, roles: ReadonlyMap<string, Role>): Promise<void>;
}
