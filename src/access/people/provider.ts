import * as oauth from "oauth4webapi";
import type { Clock } from "../../lib/clock.ts";
import type { Role } from "../../metadata/contract.ts";
import type { WebAnswer, WebClient } from "../../upstream/web/contract.ts";
import type { ProviderInfo } from "./contract.ts";

/** An identity provider as it is configured. */
export interface ProviderSettings extends ProviderInfo {
  clientId: string;
  /** Undefined: a client without one. */
  clientSecret: string | undefined;
  scopes: readonly string[];
  usernameClaim: string;
  groupsClaim: string;
  /** Whether somebody who has no user here is given one. */
  createUsers: boolean;
  /** What a value among the groups of a person gives him here. */
  roles: readonly { value: string; group: string; role: Role }[];
  /** PEM; undefined: the well-known authorities. */
  ca: string | undefined;
}

/** What is kept between the two halves of a sign-in. */
export interface Secrets {
  state: string;
  nonce: string;
  verifier: string;
}

export interface ProviderOptions {
  web: WebClient;
  clock: Clock;
  /** Where the browser comes back to. */
  redirectUri: string;
  /** Of the connections, among the providers. */
  id: number;
}

/** How long its metadata is taken as they are, in milliseconds; its keys are looked after by the library. */
const metadataMs = 600_000;
/** How long one that could not be asked is not asked again: anybody can begin a sign-in, as often as he likes. */
const failedMs = 5_000;

/** One identity provider: OpenID Connect Discovery 1.0, and Core 1.0 with RFC 7636 (PKCE) and RFC 9207 (`iss`). */
export class Provider {
  readonly #options: ProviderOptions;
  readonly #client: oauth.Client;
  #metadata: { until: number; server: Promise<oauth.AuthorizationServer> } | undefined;

  constructor(
    readonly settings: ProviderSettings,
    options: ProviderOptions,
  ) {
    this.#options = options;
    this.#client = { client_id: settings.clientId };
  }

  /** Where the browser is to go. */
  async authorizationUrl({ state, nonce, verifier }: Secrets): Promise<string> {
    const server = await this.#server();
    const { authorization_endpoint: endpoint } = server;
    if (endpoint === undefined || !URL.canParse(endpoint))
      throw new Error("no authorization endpoint");
    const url = new URL(endpoint);
    if (url.protocol !== "https:" && !this.#isLocal)
      throw new Error("an endpoint that is not https");
    const parameters = {
      client_id: this.settings.clientId,
      redirect_uri: this.#options.redirectUri,
      response_type: "code",
      scope: this.settings.scopes.join(" "),
      state,
      nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return url.href;
  }

  /** The proven claims of whoever has come back. Throws what the library or the transport throws. */
  async claims(answer: URLSearchParams, { state, nonce, verifier }: Secrets): Promise<Claims> {
    const server = await this.#server();
    const checked = oauth.validateAuthResponse(server, this.#client, answer, state);
    const { clientSecret } = this.settings;
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      this.#client,
      clientSecret === undefined ? oauth.None() : authentication(server, clientSecret),
      checked,
      this.#options.redirectUri,
      verifier,
      this.#http<"POST">(),
    );
    const tokens = await oauth.processAuthorizationCodeResponse(server, this.#client, response, {
      expectedNonce: nonce,
      requireIdToken: true,
    });
    await oauth.validateApplicationLevelSignature(server, response, this.#http<"GET">());
    const claims = oauth.getValidatedIdTokenClaims(tokens);
    if (!claims || !isSubject.test(claims.sub)) throw new Error("no subject");
    return { ...(await this.#userInfo(server, tokens.access_token, claims)), ...claims };
  }

  /** What is not in the id token can be had in this way (Core, section 5.4). */
  async #userInfo(
    server: oauth.AuthorizationServer,
    accessToken: string,
    claims: oauth.IDToken,
  ): Promise<Record<string, unknown>> {
    const { usernameClaim, groupsClaim, roles, createUsers } = this.settings;
    const wanted = [
      ...(createUsers ? [usernameClaim] : []),
      ...(roles.length > 0 ? [groupsClaim] : []),
    ];
    const isComplete = wanted.every((name) => claims[name] !== undefined);
    if (isComplete || server.userinfo_endpoint === undefined) return {};
    const http = this.#http<"GET">();
    const response = await oauth.userInfoRequest(server, this.#client, accessToken, http);
    return oauth.processUserInfoResponse(server, this.#client, claims.sub, response);
  }

  #server(): Promise<oauth.AuthorizationServer> {
    const now = this.#options.clock.now();
    if (this.#metadata && now < this.#metadata.until) return this.#metadata.server;
    const server = this.#discover();
    const metadata = { until: now + metadataMs, server };
    this.#metadata = metadata;
    // Who waits is told, and so is who comes soon after.
    server.catch(() => {
      metadata.until = this.#options.clock.now() + failedMs;
    });
    return server;
  }

  async #discover(): Promise<oauth.AuthorizationServer> {
    const issuer = new URL(this.settings.issuer);
    const response = await oauth.discoveryRequest(issuer, this.#http<"GET">());
    return oauth.processDiscoveryResponse(issuer, response);
  }

  /** Plain http is for providers on this machine, and the configuration allows no others. */
  get #isLocal(): boolean {
    return this.settings.issuer.startsWith("http:");
  }

  #http<Method extends "GET" | "POST">() {
    return {
      [oauth.customFetch]: (
        url: string,
        { method, headers, body }: oauth.CustomFetchOptions<Method, unknown>,
      ) => this.#fetch(method, url, headers, body),
      [oauth.allowInsecureRequests]: this.#isLocal,
    };
  }

  async #fetch(
    method: "GET" | "POST",
    url: string,
    headers: Record<string, string>,
    body: unknown,
  ): Promise<Response> {
    const { id, web } = this.#options;
    const { title, ca } = this.settings;
    const text = body instanceof URLSearchParams ? body.toString() : undefined;
    const request = { method, url: new URL(url), headers, body: text };
    return responseOf(await web.ask({ id, name: title, ca }, request));
  }
}

/** Core, section 2: at most 255 characters of ASCII. */
const isSubject = /^[\x20-\x7e]{1,255}$/;

export type Claims = Readonly<Record<string, unknown>> & { sub: string };

/** As Discovery has it, section 3: by header where nothing else is said. */
function authentication(
  { token_endpoint_auth_methods_supported: methods }: oauth.AuthorizationServer,
  secret: string,
): oauth.ClientAuth {
  const isByBody = methods && !methods.includes("client_secret_basic");
  return isByBody ? oauth.ClientSecretPost(secret) : oauth.ClientSecretBasic(secret);
}

function responseOf({ status, headers, body }: WebAnswer): Response {
  const isEmpty = status === 204 || status === 205 || status === 304;
  return new Response(isEmpty ? null : new Uint8Array(body), { status, headers });
}
