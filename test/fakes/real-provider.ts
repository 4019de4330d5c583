import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair } from "jose";
import { Provider } from "oidc-provider";
import type { Browser } from "./browser.ts";

export type Claims = Record<string, unknown> & { sub: string };

/** An identity provider of a maintained library, with people who log in by their name alone. */
export class RealProvider {
  readonly people = new Map<string, Claims>();
  readonly requests: string[] = [];
  #server: Server | undefined;
  issuer = "";

  static async start(client: {
    id: string;
    secret: string;
    redirectUri: string;
  }): Promise<RealProvider> {
    const provider = new RealProvider();
    await provider.#start(client);
    return provider;
  }

  async #start({
    id,
    secret,
    redirectUri,
  }: {
    id: string;
    secret: string;
    redirectUri: string;
  }): Promise<void> {
    let answer: ReturnType<Provider["callback"]> | undefined;
    const server = createServer((request, response) => {
      this.requests.push(`${request.method} ${request.url?.split("?")[0]}`);
      void answer?.(request, response);
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    this.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { privateKey } = await generateKeyPair("RS256", { extractable: true });
    const library = new Provider(this.issuer, {
      clients: [
        {
          client_id: id,
          client_secret: secret,
          redirect_uris: [redirectUri],
          grant_types: ["authorization_code"],
          response_types: ["code"],
        },
      ],
      jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: "1", alg: "RS256", use: "sig" }] },
      ttl: { IdToken: 60, AccessToken: 60, Grant: 60, Interaction: 60, Session: 60 },
      cookies: { keys: ["of no importance"] },
      scopes: ["openid", "profile", "email", "groups"],
      claims: {
        profile: ["preferred_username", "name"],
        email: ["email", "email_verified"],
        groups: ["groups"],
      },
      findAccount: async (_: unknown, sub: string) => ({
        accountId: sub,
        claims: () => this.people.get(sub) ?? { sub },
      }),
    });
    answer = library.callback();
  }

  /** Does what a person does there, and gives the address that the browser is sent back to. */
  async login(browser: Browser, url: string, sub: string): Promise<string> {
    let at = url;
    for (let step = 0; step < 12; step++) {
      let response = await browser.send("GET", at);
      if (response.status === 200) {
        const page = await response.text();
        const [, prompt = ""] = /name="prompt" value="(\w+)"/.exec(page) ?? [];
        const [, action = at] = /action="([^"]+)"/.exec(page) ?? [];
        const form = new URLSearchParams({ prompt, login: sub, password: "any" });
        response = await browser.send("POST", new URL(action, at).href, { body: form });
      }
      const location = response.headers.get("location");
      if (location === null) throw new Error(`${response.status}: ${await response.text()}`);
      at = new URL(location, at).href;
      if (!at.startsWith(this.issuer)) return at;
    }
    throw new Error("the provider sends its people round and round");
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
