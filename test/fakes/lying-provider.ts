import type { Server } from "bun";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

type Key = CryptoKey | Uint8Array;

/** An identity provider that says what a test wants it to say. */
export class LyingProvider {
  /** Changes to what it says of itself. */
  metadata: Record<string, unknown> = {};
  /** In place of its answer. */
  tokenAnswer: (() => Response | Promise<Response>) | undefined;
  userInfo: Record<string, unknown> = {};
  readonly requests: { path: string; headers: Headers; body: string }[] = [];
  readonly #key: CryptoKeyPair;
  readonly #server: Server<undefined>;

  private constructor(key: CryptoKeyPair) {
    this.#key = key;
    this.#server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (r) => this.#answer(r) });
  }

  static async start(): Promise<LyingProvider> {
    return new LyingProvider(await generateKeyPair("RS256"));
  }

  get issuer(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  get key(): CryptoKey {
    return this.#key.privateKey;
  }

  /** An id token as it should be, but for these changes. */
  idToken(
    nonce: string,
    claims: Record<string, unknown> = {},
    { alg = "RS256", key = this.key }: { alg?: string; key?: Key } = {},
  ): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const iss = this.issuer;
    const good = {
      iss,
      sub: "1",
      aud: "weir",
      nonce,
      iat: now,
      exp: now + 60,
      preferred_username: "eve",
    };
    return new SignJWT({ ...good, ...claims }).setProtectedHeader({ alg }).sign(key);
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname: path } = new URL(request.url);
    this.requests.push({ path, headers: request.headers, body: await request.text() });
    switch (path) {
      case "/.well-known/openid-configuration":
        return Response.json({
          issuer: this.issuer,
          authorization_endpoint: `${this.issuer}/auth`,
          token_endpoint: `${this.issuer}/token`,
          userinfo_endpoint: `${this.issuer}/userinfo`,
          jwks_uri: `${this.issuer}/jwks`,
          ...this.metadata,
        });
      case "/token":
        return this.tokenAnswer?.() ?? new Response("", { status: 500 });
      case "/jwks":
        return Response.json({ keys: [await exportJWK(this.#key.publicKey)] });
      case "/userinfo":
        return Response.json(this.userInfo);
      default:
        return new Response("", { status: 404 });
    }
  }

  async stop(): Promise<void> {
    await this.#server.stop(true);
  }
}
