import { jwtVerify, SignJWT } from "jose";
import type { Clock } from "../lib/clock.ts";
import { LruMap } from "../lib/lru.ts";
import { isOfDay, SigningKeys } from "./signing-keys.ts";

/** A credential by its kind (`Prover.kind`) and what it is known by there. */
export interface Subject {
  kind: string;
  id: string;
}

/** What a pull token says: for whom, and which repositories it was asked for. */
export interface PullClaims {
  /** The credential that it was issued for; undefined: nobody in particular. */
  subject: Subject | undefined;
  repositories: ReadonlySet<string>;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

const issuer = "weir";
/** Subject of a token for nobody in particular. */
const anonymous = "anonymous";
const subjectForm = /^([a-z_]+):([!-~]{1,512})$/;
const algorithm = "HS256";
const type = "JWT";
const leewaySeconds = 60;
/** Longer than any token of ours with the most repositories. */
const maxLength = 40_000;
/** Together at most 20 MiB; a longer header, with dozens of repositories, is checked each time. */
const maxRemembered = 5_000;
const maxRememberedLength = 4096;

interface Options {
  /** 32 bytes each, from which keys are derived: the first one's sign, those of the others are taken too. */
  keys: readonly [Uint8Array<ArrayBuffer>, ...Uint8Array<ArrayBuffer>[]];
  /** The service that they are for (claim `aud`). */
  audience: string;
  seconds: number;
  clock: Clock;
}

/** Short-lived signed tokens for `/v2/` (RFC 7519; one algorithm, issuer, audience and type: RFC 8725). */
export class PullTokens {
  readonly #options: Options;
  readonly #keys: SigningKeys;
  /** By header, what has been checked: a pull is a dozen requests with the same one. */
  readonly #verified = new LruMap<string, PullClaims>(maxRemembered);

  constructor(options: Options) {
    this.#options = options;
    const lifeSeconds = options.seconds + leewaySeconds;
    this.#keys = new SigningKeys({
      roots: options.keys,
      lifeSeconds,
      leewaySeconds,
      clock: options.clock,
    });
  }

  /** A token that lives as long as all do, or until `expiresAt` (milliseconds since the epoch) where that is sooner. */
  async sign(
    subject: Subject | undefined,
    repositories: readonly string[],
    expiresAt: number | undefined,
  ): Promise<{ token: string; seconds: number }> {
    const { clock, audience } = this.#options;
    const now = Math.floor(clock.now() / 1000);
    const left = expiresAt === undefined ? Infinity : Math.floor(expiresAt / 1000) - now;
    const seconds = Math.max(1, Math.min(this.#options.seconds, left));
    const access = repositories.map((name) => ({ type: "repository", name, actions: ["pull"] }));
    const { kid, key } = await this.#keys.at(now * 1000);
    const token = await new SignJWT({ access })
      .setProtectedHeader({ alg: algorithm, typ: type, kid })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(subject ? `${subject.kind}:${subject.id}` : anonymous)
      .setJti(crypto.randomUUID())
      .setIssuedAt(now)
      .setNotBefore(now - 5)
      .setExpirationTime(now + seconds)
      .sign(key);
    return { token, seconds };
  }

  /** Undefined for an `Authorization` header that is not Bearer with a token of ours that is valid now. */
  async verify(header: string): Promise<PullClaims | undefined> {
    const known = this.#verified.get(header);
    const claims = known ?? (await this.#read(header));
    if (!claims) return undefined;
    const now = this.#options.clock.now();
    if (now >= claims.expiresAt + leewaySeconds * 1000) {
      this.#verified.delete(header);
      return undefined;
    }
    if (!known && header.length <= maxRememberedLength) this.#verified.set(header, claims);
    return claims;
  }

  async #read(header: string): Promise<PullClaims | undefined> {
    const token = header.length <= maxLength ? /^Bearer +([^\s,]+)$/i.exec(header)?.[1] : undefined;
    if (token === undefined) return undefined;
    try {
      const { payload, protectedHeader } = await jwtVerify(token, (header) => this.#keyOf(header), {
        algorithms: [algorithm],
        typ: type,
        issuer,
        audience: this.#options.audience,
        clockTolerance: leewaySeconds,
        maxTokenAge: this.#options.seconds,
        requiredClaims: ["exp", "iat", "sub"],
        currentDate: new Date(this.#options.clock.now()),
      });
      const { exp, iat } = payload;
      if (exp === undefined || iat === undefined) return undefined;
      // A key of yesterday that got into wrong hands makes no token of today.
      if (!isOfDay(protectedHeader.kid ?? "", iat * 1000)) return undefined;
      const [, kind = "", id = ""] = subjectForm.exec(payload.sub ?? "") ?? [];
      if (kind === "" && payload.sub !== anonymous) return undefined;
      const subject = kind === "" ? undefined : { kind, id };
      const repositories = new Set(names(payload["access"]));
      return { subject, repositories, expiresAt: exp * 1000 };
    } catch {
      return undefined; // forged, expired, or not a token at all: all the same to the caller
    }
  }

  /** Throws for a header that is not like ours: what else it says, such as where its key is to be had, nobody looks at. */
  async #keyOf(header: { alg: string; kid?: string }): Promise<CryptoKey> {
    const key = Object.keys(header).length === 3 ? await this.#keys.find(header.kid) : undefined;
    if (!key) throw new Error("no key of ours");
    return key;
  }
}

function names(access: unknown): string[] {
  if (!Array.isArray(access)) return [];
  return access.map((entry: unknown) => {
    const { name } = entry as { name?: unknown };
    return typeof name === "string" ? name : "";
  });
}
