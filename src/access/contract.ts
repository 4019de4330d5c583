import type { DependencyProxy, Registry } from "../metadata/contract.ts";

/** Who a credential stands for. */
export interface Actor {
  kind: "user" | "ci" | "anonymous";
  /** For logs: the user name, `ci:<issuer>:<project>` for a job, or `anonymous`. */
  name: string;
}

/** What a verified pull token allows, decided anew at each use. */
export interface Grant {
  actor: Actor;
  /** Repository names (with our prefix) that the token was asked for; undefined for a bare anonymous request. */
  repositories: ReadonlySet<string> | undefined;
  /** Whether the actor may pull through this registry or Dependency Proxy now. */
  mayPull(registry: Registry | DependencyProxy): boolean;
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

/** To administer is for a group's owners. */
export type Action = "read" | "write" | "administer";

/** Somebody with an access token, and what it allows in the management API now. */
export interface Caller {
  actor: Actor;
  userId: number;
  isAdministrator: boolean;
  /** Whether the token's scopes allow to see, or to change, anything at all. */
  hasScopeTo(action: "read" | "write"): boolean;
  /** Whether the user may do this with what belongs to a group, by a role in one of these: see `Group.lineage`. */
  may(action: Action, lineage: readonly number[]): boolean;
}

/** Who may manage what. */
export interface ApiAccess {
  /**
   * The owner of the access token in `PRIVATE-TOKEN`, or else in `Authorization: Bearer`; undefined for none, and for
   * one that is unknown, expired or revoked. Pull tokens are none.
   */
  caller(headers: {
    privateToken: string | undefined;
    authorization: string | undefined;
  }): Promise<Caller | undefined>;
}
