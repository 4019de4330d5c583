import * as oauth from "oauth4webapi";
import type { Clock } from "../../lib/clock.ts";
import { failureCode, type Log } from "../../lib/log.ts";
import { LruMap } from "../../lib/lru.ts";
import type { Sealer } from "../../lib/seal.ts";
import {
  type Identities,
  type Role,
  roles as levels,
  type UserRights,
} from "../../metadata/contract.ts";
import { UpstreamError } from "../../upstream/contract.ts";
import type { WebClient } from "../../upstream/web/contract.ts";
import { type ProviderAccess, SignInError } from "./contract.ts";
import { type Claims, Provider, type ProviderSettings, type Secrets } from "./provider.ts";

/** Sign-ins that are known to have come back: more than there are at once. */
const maxFinished = 10_000;
/** Milliseconds that somebody has for logging in at his provider. */
const patience = 600_000;

export interface ProvidersOptions {
  providers: readonly ProviderSettings[];
  identities: Identities;
  ofUser: (userId: number) => Promise<UserRights | undefined>;
  web: WebClient;
  clock: Clock;
  log: Log;
  /** For what the browser keeps. */
  sealer: Sealer;
  /** Where the browser is sent back to. */
  callbackUrl: (provider: string) => string;
}

/** What the browser keeps between the two halves, sealed. */
interface Kept extends Secrets {
  returnTo: string;
  until: number;
}

/** `ProviderAccess` over the configured providers. */
export class ProviderLogins implements ProviderAccess {
  readonly providers: readonly ProviderSettings[];
  readonly #options: ProvidersOptions;
  readonly #byName: ReadonlyMap<string, Provider>;
  /** By their states: each is good for once, whatever its provider takes twice. */
  readonly #finished = new LruMap<string, true>(maxFinished);

  constructor(options: ProvidersOptions) {
    const { providers, web, clock, callbackUrl } = options;
    this.#options = options;
    this.providers = providers;
    this.#byName = new Map(
      providers.map((settings, id) => {
        const redirectUri = callbackUrl(settings.name);
        return [settings.name, new Provider(settings, { web, clock, redirectUri, id })];
      }),
    );
  }

  async begin(name: string, returnTo: string): Promise<{ url: string; kept: string }> {
    const provider = this.#get(name);
    const secrets = {
      state: oauth.generateRandomState(),
      nonce: oauth.generateRandomNonce(),
      verifier: oauth.generateRandomCodeVerifier(),
    };
    const url = await this.#asked(provider, () => provider.authorizationUrl(secrets));
    const kept: Kept = { ...secrets, returnTo, until: this.#options.clock.now() + patience };
    return { url, kept: await this.#options.sealer.seal(JSON.stringify(kept), context(name)) };
  }

  async finish(
    name: string,
    answer: URLSearchParams,
    kept: string | undefined,
  ): Promise<{ userId: number; returnTo: string }> {
    const provider = this.#get(name);
    const begun = await this.#begun(name, kept);
    this.#takeOnce(begun, answer);
    const claims = await this.#asked(provider, () => provider.claims(answer, begun));
    const { settings } = provider;
    const userId = await this.#userOf(settings, claims);
    if (!(await this.#options.ofUser(userId))) {
      throw new SignInError("forbidden", "this user is blocked; an administrator can unblock him");
    }
    const given = settings.roles.length > 0 ? rolesOf(settings, claims) : new Map<string, Role>();
    await this.#options.identities.provide(userId, settings.issuer, given);
    return { userId, returnTo: begun.returnTo };
  }

  #get(name: string): Provider {
    const provider = this.#byName.get(name);
    if (!provider) throw new SignInError("unknown", "there is no such identity provider");
    return provider;
  }

  async #begun(name: string, sealed: string | undefined): Promise<Kept> {
    const text = sealed && (await this.#options.sealer.open(sealed, context(name)));
    const kept = text ? (JSON.parse(text) as Kept) : undefined;
    if (kept && this.#options.clock.now() < kept.until) return kept;
    const message =
      "this sign-in was begun in another browser, at another address of this server, or too long ago; begin anew";
    throw new SignInError("wrong", message);
  }

  /** An answer to something else uses nothing up: any page can send the browser here with one. */
  #takeOnce({ state }: Kept, answer: URLSearchParams): void {
    if (answer.get("state") !== state) return;
    if (this.#finished.get(state)) {
      throw new SignInError("wrong", "this sign-in has come back already; begin anew");
    }
    this.#finished.set(state, true);
  }

  /** What the provider says, or a refusal; what it has said wrong is for the log, not for whoever signs in. */
  async #asked<T>({ settings }: Provider, ask: () => Promise<T>): Promise<T> {
    const { name, title } = settings;
    try {
      return await ask();
    } catch (error) {
      this.#options.log.warn("a sign-in at an identity provider failed", {
        provider: name,
        code: error instanceof UpstreamError ? error.reason : failureCode(error),
        answer: providersError(error),
      });
      throw explained(title, error);
    }
  }

  /** Never found by anything but issuer and subject: what else is claimed, others may be able to claim too. */
  async #userOf(settings: ProviderSettings, claims: Claims): Promise<number> {
    const { identities } = this.#options;
    const identity = { issuer: settings.issuer, subject: claims.sub };
    const known = await identities.userOf(identity);
    if (known !== undefined) return known;
    if (!settings.createUsers) {
      const message =
        "nobody here has this identity; an administrator can link it to a user, or set create_users";
      throw new SignInError("forbidden", message);
    }
    const username = claims[settings.usernameClaim];
    if (typeof username !== "string" || !isUsername.test(username)) {
      const message = `the identity provider gives no user name that can be one here (claim ${settings.usernameClaim})`;
      throw new SignInError("forbidden", message);
    }
    const { name, email, email_verified: isVerified } = claims;
    const created = await identities.createUser(identity, {
      username,
      name: typeof name === "string" ? name.slice(0, maxName) : username,
      email: typeof email === "string" && isVerified === true ? email : undefined,
    });
    if (created) return created.id;
    // Two at once: the other one has created him.
    const meanwhile = await identities.userOf(identity);
    if (meanwhile !== undefined) return meanwhile;
    const message = `another user has the user name ${username}; an administrator can link this identity to him`;
    throw new SignInError("forbidden", message);
  }
}

const maxName = 255;
/** As in the configuration file; there may be no bots' names among them. */
const isUsername = /^[A-Za-z0-9][\w.+-]{0,254}$/;

const context = (provider: string) => `sign-in:${provider}`;

/** By path of the group, the highest of the roles that the person's groups give. */
function rolesOf({ groupsClaim, roles }: ProviderSettings, claims: Claims): Map<string, Role> {
  const claim = claims[groupsClaim];
  const values = new Set<unknown>(Array.isArray(claim) ? claim : [claim]);
  const given = new Map<string, Role>();
  for (const { value, group, role } of roles) {
    const present = given.get(group);
    if (!values.has(value) || (present && levels[present] >= levels[role])) continue;
    given.set(group, role);
  }
  return given;
}

function explained(title: string, error: unknown): SignInError {
  if (error instanceof SignInError) return error;
  if (error instanceof UpstreamError) {
    const message = `${title} cannot be asked at the moment (${error.reason}); try again later`;
    return new SignInError("unavailable", message);
  }
  if (error instanceof oauth.AuthorizationResponseError) {
    return new SignInError("foreign", `${title} did not let you in; begin anew`);
  }
  return new SignInError("foreign", `${title} did not confirm this sign-in; begin anew`);
}

/** The code that the provider gave (RFC 6749, section 5.2), not its words. */
function providersError(error: unknown): string | undefined {
  const { error: code } = error as { error?: unknown };
  return typeof code === "string" && /^[a-z_]{1,64}$/.test(code) ? code : undefined;
}
