import type { DependencyProxy, Registry, Role } from "../metadata/contract.ts";

import type { Action, Subject, Verdict } from "./permissions.ts";

export { type Action, actions, type Subject } from "./permissions.ts";

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

/** Somebody without a credential of ours, as far as it decides what is open to him. */
export interface Visitor {
  /** What he asks for: something of a registry, or what a mirror gives; `either` where both rights will do. */
  readonly as: "registry" | "mirror" | "either";
  /** Whether his connection has shown the certificate of a mirror's client. */
  readonly certified: boolean;
  /** Where he comes from; undefined where that cannot be told. */
  address(): string | undefined;
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
