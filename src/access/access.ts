import type { Clock } from "../lib/clock.ts";
import { RegistryError } from "../oci/error.ts";
import type {
  Access,
  Actor,
  Attempt,
  BasicCredentials,
  Grant,
  IssuedToken,
  Logins,
  Visitor,
} from "./contract.ts";
import type { Holder, Proven, Prover } from "./holder.ts";
import { type PullClaims, PullTokens } from "./pull-tokens.ts";
import { repositoriesToPull } from "./scopes.ts";
import { isJobs, looksOurs, type OpenDoors, Openness } from "./visitors.ts";

export interface AccessOptions {
  /** The kinds of credentials there are, in the order in which they are tried. */
  provers: readonly Prover[];
  clock: Clock;
  /** 32 bytes, from which the keys that sign pull tokens are derived. */
  signingKey: Uint8Array<ArrayBuffer>;
  /** Those of former secrets, whose tokens are still taken. */
  formerSigningKeys?: readonly Uint8Array<ArrayBuffer>[];
  /** Without a slash at the end. */
  externalUrl: string;
  tokenSeconds: number;
  /** Who may pull without a credential. */
  open: OpenDoors;
  logins: Logins;
}

type ProvenByKind = Proven & { kind: string };

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
  readonly #provers: ReadonlyMap<string, Prover>;
  /** What was derived from claims and their holder; it holds while the holder is the same object. */
  readonly #grants = new WeakMap<PullClaims, { holder: Holder; grant: Grant }>();

  constructor(options: AccessOptions) {
    const { externalUrl, signingKey, formerSigningKeys = [], tokenSeconds, clock } = options;
    this.#options = options;
    this.service = new URL(externalUrl).host;
    this.realm = `${externalUrl}/jwt/auth`;
    this.#provers = new Map(options.provers.map((prover) => [prover.kind, prover]));
    this.#openness = new Openness(options.open);
    this.#tokens = new PullTokens({
      keys: [signingKey, ...formerSigningKeys],
      audience: this.service,
      seconds: tokenSeconds,
      clock,
    });
  }

  async issue(
    given: BasicCredentials | undefined,
    asked: readonly string[],
    visitor: Visitor,
  ): Promise<IssuedToken> {
    const now = this.#options.clock.now();
    const proven = await this.#prove(given, visitor);
    const signed = await this.#tokens.sign(
      proven && { kind: proven.kind, id: proven.id },
      repositoriesToPull(asked),
      proven?.expiresAt,
    );
    return {
      token: signed.token,
      access_token: signed.token,
      expires_in: signed.seconds,
      issued_at: new Date(now).toISOString(),
    };
  }

  /** Who has given good credentials; undefined for an anonymous caller who may pull. */
  async #prove(
    given: BasicCredentials | undefined,
    visitor: Visitor,
  ): Promise<ProvenByKind | undefined> {
    // Clients without credentials answer a Basic challenge with an empty name and password.
    if (!given || (given.username === "" && given.password === "")) {
      if (this.#openness.admits(visitor)) return undefined;
      throw unauthorized("log in with any user name and an access token as the password");
    }
    const isNeedless =
      visitor.as === "mirror" && !looksOurs(given.password) && this.#openness.admits(visitor);
    const proven = isNeedless
      ? await this.#tryNeedless(given, visitor)
      : await this.#try(given, visitor);
    if (proven && !proven.holder.mayPullAnything) {
      throw new RegistryError("denied", "the access token's scopes do not allow pulling", {
        detail: { needed: "api or read_virtual_registry" },
      });
    }
    return proven;
  }

  async #try(given: BasicCredentials, visitor: Visitor): Promise<ProvenByKind> {
    const { logins } = this.#options;
    const attempt = attemptOf(given, visitor);
    logins.mayTry(attempt);
    const proven = await this.#firstProof(given, visitor, false);
    if (!proven) {
      logins.failed(attempt);
      throw unauthorized("the password or access token that was given is not valid");
    }
    this.#noteSuccess(proven, attempt);
    return proven;
  }

  /** For who may pull without: what is not ours counts as none. */
  async #tryNeedless(given: BasicCredentials, visitor: Visitor): Promise<ProvenByKind | undefined> {
    const { logins } = this.#options;
    const attempt = attemptOf(given, visitor);
    if (!logins.mayBeOurs(attempt)) return undefined;
    const proven = await this.#firstProof(given, visitor, true);
    if (proven) this.#noteSuccess(proven, attempt);
    else logins.wasForeign(attempt);
    return proven;
  }

  #noteSuccess({ kind, id, holder }: ProvenByKind, attempt: Attempt): void {
    const { actor, mayPullAnything: isOfUse } = holder;
    this.#options.logins.succeeded(attempt, { actor, credential: `${kind}:${id}`, isOfUse });
  }

  async #firstProof(
    given: BasicCredentials,
    visitor: Visitor,
    isOpen: boolean,
  ): Promise<ProvenByKind | undefined> {
    for (const prover of this.#options.provers) {
      const proven = await prover.prove(given, visitor, isOpen);
      if (proven) return { ...proven, kind: prover.kind };
    }
    return undefined;
  }

  async verify(
    authorization: string | undefined,
    visitor: () => Visitor,
  ): Promise<Grant | undefined> {
    if (authorization === undefined) return this.#anonymousGrant(undefined, visitor);
    const claims = await this.#tokens.verify(authorization);
    if (!claims) return undefined;
    const { subject, repositories } = claims;
    // Decided anew: such a token says what was asked for, and nothing of who may have it.
    if (subject === undefined) return this.#anonymousGrant(repositories, visitor);
    // Looked up at each use: what was revoked a moment ago opens nothing, whatever was signed for it.
    const holder = await this.#provers.get(subject.kind)?.find(subject.id);
    if (!holder) return undefined;
    const known = this.#grants.get(claims);
    if (known?.holder === holder) return known.grant;
    if (!holder.mayPullAnything) return undefined;
    const grant = {
      actor: holder.actor,
      repositories,
      mayPull: (registry: Parameters<Holder["mayPull"]>[0]) => holder.mayPull(registry),
      mayPullVerified: (lineage: readonly number[]) => holder.mayPullVerified(lineage),
    };
    this.#grants.set(claims, { holder, grant });
    return grant;
  }

  #anonymousGrant(
    repositories: ReadonlySet<string> | undefined,
    visitor: () => Visitor,
  ): Grant | undefined {
    if (!this.#openness.admits(visitor())) return undefined;
    return {
      actor: anonymous,
      repositories,
      mayPull: () => "granted",
      mayPullVerified: () => false,
    };
  }
}

/** With a token of ours any name goes: what it is says nothing, and is nobody's account. */
function attemptOf({ username, password }: BasicCredentials, visitor: Visitor): Attempt {
  const { requestId } = visitor;
  const ofJob = isJobs(password);
  const account = ofJob || looksOurs(password) ? undefined : username;
  return { address: visitor.address(), account, requestId, ofJob };
}

/** One text whether the token is unknown, wrong, expired or its owner blocked. */
function unauthorized(message: string): RegistryError {
  const headers = { "WWW-Authenticate": 'Basic realm="weir"' };
  return new RegistryError("unauthorized", message, { headers });
}
