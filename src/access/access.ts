import type { Clock } from "../lib/clock.ts";
import { hashSecret } from "../lib/secret.ts";
import type { Credential, Credentials, DependencyProxy, Registry } from "../metadata/contract.ts";
import { RegistryError } from "../oci/error.ts";
import type { Access, Actor, BasicCredentials, Grant, IssuedToken, Visitor } from "./contract.ts";
import { type PullClaims, PullTokens } from "./pull-tokens.ts";
import { allowsPulling, repositoriesToPull } from "./scopes.ts";
import { looksOurs, type OpenDoors, Openness } from "./visitors.ts";

export interface AccessOptions {
  credentials: Credentials;
  clock: Clock;
  /** 32 bytes that sign pull tokens. */
  signingKey: Uint8Array<ArrayBuffer>;
  /** Without a slash at the end. */
  externalUrl: string;
  tokenSeconds: number;
  /** Who may pull without a credential. */
  open: OpenDoors;
}

/** More than any secret of ours: what is longer is not hashed. */
const maxSecretLength = 1024;
const anonymous: Actor = { kind: "anonymous", name: "anonymous" };

export function createAccess(options: AccessOptions): Access {
  return new PullAccess(options);
}

class PullAccess implements Access {
  readonly service: string;
  readonly realm: string;
  readonly #options: AccessOptions;
  readonly #tokens: PullTokens;
  readonly #openness: Openness;
  /** What was derived from claims and a credential; it holds while the credential is the same object. */
  readonly #grants = new WeakMap<PullClaims, { credential: Credential; grant: Grant }>();

  constructor(options: AccessOptions) {
    const { externalUrl, signingKey, tokenSeconds, clock } = options;
    this.#options = options;
    this.service = new URL(externalUrl).host;
    this.realm = `${externalUrl}/jwt/auth`;
    this.#openness = new Openness(options.open);
    const audience = this.service;
    this.#tokens = new PullTokens({ key: signingKey, audience, seconds: tokenSeconds, clock });
  }

  async issue(
    given: BasicCredentials | undefined,
    asked: readonly string[],
    visitor: Visitor,
  ): Promise<IssuedToken> {
    const tokenId = await this.#prove(given, visitor);
    const token = await this.#tokens.sign(tokenId, repositoriesToPull(asked));
    return {
      token,
      access_token: token,
      expires_in: this.#options.tokenSeconds,
      issued_at: new Date(this.#options.clock.now()).toISOString(),
    };
  }

  /** The id of the token that was given as password; undefined for an anonymous caller who may pull. */
  async #prove(given: BasicCredentials | undefined, visitor: Visitor): Promise<number | undefined> {
    // Clients without credentials answer a Basic challenge with an empty name and password.
    if (!given || (given.username === "" && given.password === "")) {
      if (this.#openness.admits(visitor)) return undefined;
      throw unauthorized("log in with any user name and an access token as the password");
    }
    const { password } = given;
    const credential =
      password.length <= maxSecretLength
        ? await this.#options.credentials.byHash(hashSecret(password))
        : undefined;
    const isForeign = !credential && visitor.as === "mirror" && !looksOurs(password);
    if (isForeign && this.#openness.admits(visitor)) return undefined;
    if (!credential || !this.#isLive(credential)) {
      throw unauthorized("the access token given as the password is not valid");
    }
    if (!allowsPulling(credential.scopes)) {
      throw new RegistryError("denied", "the access token's scopes do not allow pulling", {
        detail: { needed: "api or read_virtual_registry" },
      });
    }
    return credential.tokenId;
  }

  #isLive({ expiresAt }: Credential): boolean {
    return expiresAt === undefined || this.#options.clock.now() < expiresAt;
  }

  async verify(
    authorization: string | undefined,
    visitor: () => Visitor,
  ): Promise<Grant | undefined> {
    if (authorization === undefined) return this.#anonymousGrant(undefined, visitor);
    const claims = await this.#tokens.verify(authorization);
    if (!claims) return undefined;
    const { tokenId, repositories } = claims;
    // Decided anew: such a token says what was asked for, and nothing of who may have it.
    if (tokenId === undefined) return this.#anonymousGrant(repositories, visitor);
    // Looked up at each use: a token that was revoked a moment ago opens nothing, whatever was signed for it.
    const credential = await this.#options.credentials.byId(tokenId);
    if (!credential || !this.#isLive(credential)) return undefined;
    const known = this.#grants.get(claims);
    if (known?.credential === credential) return known.grant;
    if (!allowsPulling(credential.scopes)) return undefined;
    const grant = grantOf(credential, repositories);
    this.#grants.set(claims, { credential, grant });
    return grant;
  }

  #anonymousGrant(
    repositories: ReadonlySet<string> | undefined,
    visitor: () => Visitor,
  ): Grant | undefined {
    if (!this.#openness.admits(visitor())) return undefined;
    return { actor: anonymous, repositories, mayPull: () => true };
  }
}

function grantOf({ user, memberships }: Credential, repositories: ReadonlySet<string>): Grant {
  return {
    actor: { kind: "user", name: user.username },
    repositories,
    mayPull(registry: Registry | DependencyProxy) {
      if (user.admin) return true;
      if (!("readers" in registry)) return memberships.has(registry.groupId);
      return registry.readers.some((groupId) => memberships.has(groupId));
    },
  };
}

/** One text whether the token is unknown, wrong, expired or its owner blocked. */
function unauthorized(message: string): RegistryError {
  const headers = { "WWW-Authenticate": 'Basic realm="weir"' };
  return new RegistryError("unauthorized", message, { headers });
}
