import { readFileSync } from "node:fs";
import path from "node:path";
import { importPKCS8, SignJWT } from "jose";
import { environment, output } from "./processes.ts";
import type { TokenAuth } from "./registry.ts";
import { tool } from "./tools.ts";

/** Makes the certificate that docker-registry trusts. */
export const openssl = tool("openssl");

const service = "lab-registry";
const issuer = "lab-issuer";
const lifetime = 300;

export interface TokenServerOptions {
  username: string;
  password: string;
  /** Whether a token for pulling is given without credentials. */
  anonymous: boolean;
}

/** A token service as the Docker token specification describes it; its tokens open one docker-registry. */
export class TokenServer {
  /** Who came: a user name, or "" for an anonymous request; one that was refused is not noted. */
  readonly served: string[] = [];

  private constructor(
    readonly auth: TokenAuth,
    readonly stop: () => Promise<void>,
  ) {}

  static async start(folder: string, options: TokenServerOptions): Promise<TokenServer> {
    const keyFile = path.join(folder, "token.key");
    const certificateFile = path.join(folder, "token.crt");
    const request =
      "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=lab";
    const command = ["openssl", ...request.split(" "), "-keyout", keyFile, "-out", certificateFile];
    await output(command, environment(folder));
    const sign = await signer(readFileSync(keyFile, "utf8"), readFileSync(certificateFile, "utf8"));

    const server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: async (request) => {
        const user = userOf(request, options);
        if (user === undefined) return refusal();
        tokens.served.push(user);
        const token = await sign(user, pullScopes(request));
        return Response.json({ token, expires_in: lifetime });
      },
    });
    const realm = `http://127.0.0.1:${server.port}/token`;
    const auth = { realm, service, issuer, certificateFile };
    const tokens = new TokenServer(auth, () => server.stop(true));
    return tokens;
  }
}

type Access = { type: string; name: string; actions: string[] };

async function signer(keyPem: string, certificatePem: string) {
  const key = await importPKCS8(keyPem, "ES256");
  const x5c = [certificatePem.replace(/-----[^-]+-----|\s/g, "")];
  return (user: string, access: Access[]) =>
    new SignJWT({ access })
      .setProtectedHeader({ alg: "ES256", typ: "JWT", x5c })
      .setIssuer(issuer)
      .setAudience(service)
      .setSubject(user)
      .setIssuedAt()
      .setNotBefore("-10s")
      .setExpirationTime(`${lifetime}s`)
      .sign(key);
}

/** The user of the request, "" for nobody, undefined when it must be refused. */
function userOf(request: Request, options: TokenServerOptions): string | undefined {
  const authorization = request.headers.get("authorization");
  if (authorization === null) return options.anonymous ? "" : undefined;
  const wanted = Buffer.from(`${options.username}:${options.password}`).toString("base64");
  return authorization === `Basic ${wanted}` ? options.username : undefined;
}

function pullScopes(request: Request): Access[] {
  const scopes = new URL(request.url).searchParams.getAll("scope").flatMap((s) => s.split(" "));
  return scopes.flatMap((scope) => {
    const name = /^repository:(.+):pull$/.exec(scope)?.[1];
    return name ? [{ type: "repository", name, actions: ["pull"] }] : [];
  });
}

function refusal(): Response {
  const errors = [{ code: "UNAUTHORIZED", message: "incorrect username or password" }];
  return Response.json({ errors }, { status: 401 });
}
