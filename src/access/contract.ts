import type { DependencyProxy, Registry, Role } from "../metadata/contract.ts";

import type { Action, Subject, Verdict } from "./permissions.ts";

export { type Action, actions, type Subject } from "./permissions.ts";
export { isJobs } from "./visitors.ts";

/** Who a credential stands for. */
export interface Actor {
  kind: "user" | "deploy_token" | "ci" | "anonymous";
  /** For logs: the user name, that of a deploy token, `ci:<issuer>:<project>` for a job, or `anonymous`. */
  name: string;
}

/** `by_project`: only as a member of a project in the group, which is to be logged. */
export type PullRight = "granted" | "by_project";

/** What a verified pull token allows, decided anew at each use. */
export interface Grant {
  actor: Actor;
  /** Repository names (with our prefix) that the token was asked for; undefined for a bare anonymous request. */
  repositories: ReadonlySet<string> | undefined;
  /** Whether the actor may pull through this registry or Dependency Proxy now, and by what. */
  mayPull(registry: Registry | DependencyProxy): PullRight | undefined;
  /** Whether the actor may pull from upstreams that are for members of a group: see `Group.lineage`. */
  mayPullVerified(lineage: readonly number[]): boolean;
}

/** The answer of the token endpoint (Docker token specification, "Requesting a Token"). */
export interface IssuedToken {
  token: string;
  access_token: string;
  expires_in: number;
  issued_at: string;
}

export interface BasicCredentials {
  username: string;
  password: string;
}

/** Somebody tries to prove who he is. */
export interface Attempt {
  /** Where from; undefined where that cannot be told: all such attempts count as those of one client. */
  address: string | undefined;
  /** The name that goes with the secret; undefined where the secret says it all, as a token of ours does. */
  account: string | undefined;
  requestId: string | undefined;
  /** Whether the secret is, or was, a job's: nobody guesses one, and they end while clients still have them. */
  ofJob?: boolean;
}

/** Who has logged in, for the record. */
export interface LoggedIn {
  actor: Actor;
  /** The credential's kind and id, never a secret. */
  credential: string;
  /** Whether it opens anything here. */
  isOfUse: boolean;
}

/**
 * Whoever takes secrets says so here: before it hashes anything, and again after having waited for its turn, and afterwards
 * how it went. This counts failures, bans, and keeps the record.
 */
export interface Logins {
  /** Throws `RegistryError` (`banned`) while this attempt may not be made. */
  mayTry(attempt: Attempt): void;
  failed(attempt: Attempt): void;
  /**
   * Whether failures by any of this user's names have closed him to where the attempt comes from. The answer is that of a
   * wrong password: who was told of it could find out which names are one user's, and which are nobody's.
   */
  isShut(attempt: Attempt, userId: number): boolean;
  /** Counts how it went for whom the name was found to be, beside `failed` and `succeeded`. */
  known(attempt: Attempt, userId: number, isRight: boolean): void;
  /** The secret was good. */
  succeeded(attempt: Attempt, who: LoggedIn): void;
  /**
   * For credentials that are not needed and were probably meant for another registry: whether they are to be tried at all.
   * Who guesses in this way is not refused anything, but learns nothing either.
   */
  mayBeOurs(attempt: Attempt): boolean;
  /** They were not: no failure, and not on record. */
  wasForeign(attempt: Attempt): void;
}

/** Something to be on record that changes nothing; the same again soon after is counted, not written. */
export interface Incident {
  action: string;
  result: "success" | "failure" | "refused";
  /** Undefined: nobody knows. */
  actor: { kind: string; id?: number | undefined; name: string } | undefined;
  /** The name that somebody has given of himself: it is on record if a user has it, as it could be anything, secrets too. */
  claimed?: string | undefined;
  groupId?: number | undefined;
  address: string | undefined;
  requestId: string | undefined;
  /** Facts, no secrets; of the same action, result, actor and address those of the first count. */
  details?: Readonly<Record<string, string | number>>;
}

/** The record of what was tried. */
export interface Incidents {
  /** Takes no time: it is written within a minute. */
  note(incident: Incident): void;
  /** Resolves when all that was noted is written. */
  flush(): Promise<void>;
}

/** Somebody without a credential of ours, as far as it decides what is open to him. */
export interface Visitor {
  /** What he asks for: something of a registry, or what a mirror gives; `either` where both rights will do. */
  readonly as: "registry" | "mirror" | "either";
  /** Whether his connection has shown the certificate of a mirror's client. */
  readonly certified: boolean;
  /** Where he comes from; undefined where that cannot be told. */
  address(): string | undefined;
  /** Of the request that he sends. */
  readonly requestId?: string;
}

/** Who may do what. */
export interface Access {
  /** The value of the `service` parameter: the external URL's host with port. */
  readonly service: string;
  /** Where tokens are to be had. */
  readonly realm: string;
  /**
   * A pull token for those of the scopes that ask for pulling repositories. Throws `RegistryError`: `unauthorized` for no or wrong
   * credentials, `denied` for proven ones whose scopes do not allow pulling. A client that takes us for the registry that
   * we mirror sends the credentials that it has there: where the visitor may pull `mirror` names without any, these
   * count as none, and nothing is kept of them.
   */
  issue(
    credentials: BasicCredentials | undefined,
    scopes: readonly string[],
    visitor: Visitor,
  ): Promise<IssuedToken>;
  /**
   * The grant behind an `Authorization` header; undefined where there is none that counts (absent, malformed, expired,
   * revoked), which the caller answers with a challenge. Who has no credential is judged as the visitor that `visitor` gives.
   */
  verify(authorization: string | undefined, visitor: () => Visitor): Promise<Grant | undefined>;
}

/** Somebody with a credential for the management API, and what it allows there now. */
export interface Caller {
  actor: Actor;
  userId: number;
  isAdministrator: boolean;
  /** What is made with the credential ends with it: milliseconds since the epoch, undefined where it has no end. */
  expiresAt: number | undefined;
  /**
   * Why it opens nothing of that sort, whatever is asked for: its scopes are others, or its kind is; undefined where it
   * does.
   */
  shutTo(action: Action): "scope" | "kind" | undefined;
  /** Whether he may do this to that. */
  judge(action: Action, subject: Subject): Verdict;
  /** Whether his own role there is as high as this one. */
  reaches(role: Role, subject: Subject): boolean;
}

/** Headers in which a credential can come. */
export interface ApiCredentials {
  privateToken: string | undefined;
  jobToken: string | undefined;
  authorization: string | undefined;
}

/** Who may manage what. */
export interface ApiAccess {
  /**
   * The owner of the access token in `PRIVATE-TOKEN` or `Authorization: Bearer`, or of the job token in `JOB-TOKEN`, the first
   * that is given; undefined for none, for one that is unknown, expired or revoked, and for kinds that do not belong
   * there. Pull tokens and deploy tokens are none.
   */
  caller(headers: ApiCredentials): Promise<Caller | undefined>;
}
