import { createLocalJWKSet, type JWK, type JWTHeaderParameters, type LocalJWKSet } from "jose";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { isSecureUrl } from "../lib/secure-url.ts";
import { type DocumentClient, type DocumentSource, UpstreamError } from "../upstream/contract.ts";
import type { TrustedIssuer } from "./trusted-issuer.ts";

/** Milliseconds for which keys are used without asking again: so long a key that was withdrawn is good still. */
const freshFor = 600_000;
/** Milliseconds from one try to the next, whoever wants keys: tokens that name keys of nobody come in any number. */
const cooldown = 30_000;
/** The same where there are no keys yet, and nobody can log in. */
const cooldownWithoutKeys = 5000;
/** Milliseconds after which keys are not used any more, if the issuer could not be asked since. */
const keptFor = 86_400_000;
const maxKeys = 100;

interface Options {
  issuer: TrustedIssuer;
  /** Of the issuer among those that documents are got from. */
  id: number;
  documents: DocumentClient;
  clock: Clock;
  log: Log;
}

/** The public keys of one issuer: asked for at first need, kept, and used on while the issuer is down. */
export class IssuerKeys {
  readonly #options: Options;
  readonly #source: DocumentSource;
  #kept: { find: LocalJWKSet; at: number } | undefined;
  #triedAt = Number.NEGATIVE_INFINITY;
  #flight: Promise<void> | undefined;

  constructor(options: Options) {
    const { name, ca } = options.issuer;
    this.#options = options;
    this.#source = { id: options.id, name, ca };
  }

  /** The key that the header of a token names; undefined where the issuer has none such, or cannot be asked. */
  async find(header: JWTHeaderParameters): Promise<CryptoKey | undefined> {
    const isOld = this.#age() >= freshFor;
    if (isOld) await this.#refresh();
    const key = await this.#among(header);
    if (key || isOld) return key;
    await this.#refresh();
    return this.#among(header);
  }

  #age(): number {
    return this.#options.clock.elapsed() - (this.#kept?.at ?? Number.NEGATIVE_INFINITY);
  }

  async #among(header: JWTHeaderParameters): Promise<CryptoKey | undefined> {
    if (!this.#kept || this.#age() >= keptFor) return undefined;
    try {
      return await this.#kept.find(header);
    } catch {
      return undefined; // none, several, or one that is no key: not one that a token can be checked by
    }
  }

  /** One try for all who wait; none within the cooldown. */
  #refresh(): Promise<void> {
    if (this.#flight) return this.#flight;
    const now = this.#options.clock.elapsed();
    const wait = this.#kept ? cooldown : cooldownWithoutKeys;
    if (now - this.#triedAt < wait) return Promise.resolve();
    this.#triedAt = now;
    this.#flight = this.#fetch().finally(() => (this.#flight = undefined));
    return this.#flight;
  }

  async #fetch(): Promise<void> {
    const { issuer, clock, log } = this.#options;
    try {
      const keys = publicKeys(await this.#document(await this.#keysUrl()));
      if (keys.length === 0) throw this.#invalid("has no public keys");
      this.#kept = { find: createLocalJWKSet({ keys }), at: clock.elapsed() };
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      const { reason, message: problem } = error;
      log.warn("an issuer's keys cannot be had", { issuer: issuer.name, reason, problem });
    }
  }

  /** OpenID Connect Discovery 1.0, section 4. */
  async #keysUrl(): Promise<URL> {
    const { issuer, jwksUri } = this.#options.issuer;
    if (jwksUri !== undefined) return new URL(jwksUri);
    const base = issuer.replace(/\/$/, "");
    const metadata = await this.#document(new URL(`${base}/.well-known/openid-configuration`));
    if (metadata["issuer"] !== issuer) throw this.#invalid("says that it is another issuer");
    const { jwks_uri: said } = metadata;
    const url = typeof said === "string" ? URL.parse(said) : null;
    const isDowngrade = issuer.startsWith("https:") && url?.protocol !== "https:";
    if (!url || isDowngrade || !isSecureUrl(url)) {
      throw this.#invalid("does not say where its keys are, by https");
    }
    return url;
  }

  #document(url: URL): Promise<Record<string, unknown>> {
    return this.#options.documents.document(this.#source, url);
  }

  #invalid(did: string): UpstreamError {
    const { name } = this.#options.issuer;
    return new UpstreamError("invalid", name, `issuer "${name}" ${did}`);
  }
}

const kinds = ["RSA", "EC", "OKP"];
/** What is taken over of a key, each a text; of a private one that should not be there, its public half. */
const members = ["kty", "kid", "alg", "use", "crv", "x", "y", "n", "e"];
/** An RSA key of 8192 bits, and an exponent that is as large as they are: larger ones take long to check. */
const longest: Record<string, number> = { n: 1366, e: 6 };

/** Those of a JWK Set that can sign (RFC 7517, section 5); others are passed over. */
function publicKeys({ keys }: Record<string, unknown>): JWK[] {
  if (!Array.isArray(keys) || keys.length > maxKeys) return [];
  return keys.flatMap((given: unknown) => {
    if (typeof given !== "object" || given === null) return [];
    const key = Object.fromEntries(
      Object.entries(given).filter(
        ([name, value]) => members.includes(name) && typeof value === "string",
      ),
    ) as Record<string, string>;
    const isLarge = Object.entries(longest).some(([name, most]) => (key[name] ?? "").length > most);
    return kinds.includes(key["kty"] ?? "") && !isLarge ? [key] : [];
  });
}
