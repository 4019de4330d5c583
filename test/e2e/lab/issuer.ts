import { createHash, randomBytes } from "node:crypto";
import { exportJWK, generateKeyPair } from "jose";
import { Provider } from "oidc-provider";
import { freePort } from "./processes.ts";

/** What a job's id token is to say, beside what all do. */
export type JobClaims = Record<string, string>;

const secret = randomBytes(32).toString("hex");
const redirect = "http://127.0.0.1/job";

/**
 * An issuer that this project did not write: a provider of OpenID Connect with its own keys. A job logs in there, gets
 * an id token for the audience that it names, and has nothing else.
 */
export class Issuer {
  /** Requests that did not come from jobs, `METHOD path`. */
  readonly seen: string[] = [];
  /** How long the id tokens to come are good for. */
  seconds = 300;
  readonly #jobs = new Map<string, JobClaims>();

  private constructor(
    readonly url: string,
    readonly audiences: readonly string[],
    readonly stop: () => Promise<void>,
  ) {}

  static async start(audiences: readonly string[]): Promise<Issuer> {
    const port = freePort();
    const url = `http://127.0.0.1:${port}`;
    const { privateKey } = await generateKeyPair("RS256", { extractable: true });
    const key = { ...(await exportJWK(privateKey)), kid: "lab", alg: "RS256", use: "sig" };
    const provider = new Provider(url, {
      // OpenID Connect knows one audience: the client that asked.
      clients: audiences.map((audience) => ({
        client_id: audience,
        client_secret: secret,
        redirect_uris: [redirect],
      })),
      jwks: { keys: [key] },
      claims: { openid: ["sub", "project_path", "ref", "ref_protected"] },
      conformIdTokenClaims: false,
      cookies: { keys: [secret] },
      ttl: {
        IdToken: () => issuer.seconds,
        AccessToken: 60,
        Grant: 60,
        Interaction: 60,
        Session: 60,
      },
      findAccount: async (_, id) => ({
        accountId: id,
        claims: async () => ({ sub: id, ...issuer.#jobs.get(id) }),
      }),
      async loadExistingGrant({ oidc: { account, client } }) {
        const grant = new provider.Grant({ ...account, clientId: client.clientId });
        grant.addOIDCScope("openid");
        await grant.save();
        return grant;
      },
    });
    provider.use(async ({ method, path }, next) => {
      if (path === "/jwks" || path.startsWith("/.well-known/"))
        issuer.seen.push(`${method} ${path}`);
      await next();
    });
    const listening = Promise.withResolvers<void>();
    const server = provider.listen(port, "127.0.0.1", listening.resolve);
    await listening.promise;
    const issuer = new Issuer(url, audiences, async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return issuer;
  }

  /** The id token of a job, by the way of the authorization code. */
  async idToken(
    job: string,
    claims: JobClaims,
    audience = this.audiences[0] ?? "",
  ): Promise<string> {
    this.#jobs.set(job, claims);
    const verifier = randomBytes(32).toString("base64url");
    const query = new URLSearchParams({
      client_id: audience,
      redirect_uri: redirect,
      response_type: "code",
      scope: "openid",
      code_challenge: createHash("sha256").update(verifier).digest("base64url"),
      code_challenge_method: "S256",
    });
    const browser = new Browser();
    const form = await browser.get(`${this.url}/auth?${query}`);
    const end = await browser.post(form, { prompt: "login", login: job, password: "any" });
    const answer = await fetch(`${this.url}/token`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`${encodeURIComponent(audience)}:${secret}`)}` },
      body: new URLSearchParams({
        grant_type: "authorization_code",
        code: new URL(end).searchParams.get("code") ?? "",
        redirect_uri: redirect,
        code_verifier: verifier,
      }),
    });
    const { id_token: token } = (await answer.json()) as { id_token?: string };
    if (token === undefined) throw new Error(`no id token: ${answer.status} ${end}`);
    return token;
  }
}

/** Follows redirects and keeps cookies. */
class Browser {
  readonly #cookies = new Map<string, string>();

  get(url: string): Promise<string> {
    return this.#follow(url, {});
  }

  post(url: string, form: Record<string, string>): Promise<string> {
    return this.#follow(url, { method: "POST", body: new URLSearchParams(form) });
  }

  /** Where it ends: at a page, or away from the issuer. */
  async #follow(url: string, init: RequestInit): Promise<string> {
    const cookie = [...this.#cookies].map((pair) => pair.join("=")).join("; ");
    const answer = await fetch(url, { ...init, headers: { cookie }, redirect: "manual" });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.#cookies.set(name, value);
    }
    const location = answer.headers.get("location");
    if (location === null) return url;
    const target = new URL(location, url).href;
    return target.startsWith(redirect) ? target : this.#follow(target, {});
  }
}
