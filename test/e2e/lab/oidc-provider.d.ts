/** As much of it as tests use; the package brings no types. */
declare module "oidc-provider" {
  import type { IncomingMessage, Server, ServerResponse } from "node:http";

  interface Context {
    method: string;
    path: string;
    /** Of the library: whose grant is looked for, and who asks. */
    oidc: { account: { accountId: string }; client: { clientId: string } };
  }
  interface Grant {
    addOIDCScope(scope: string): void;
    save(): Promise<string>;
  }
  export interface Configuration {
    clients: Record<string, unknown>[];
    jwks: { keys: object[] };
    claims: Record<string, string[]>;
    scopes?: string[];
    conformIdTokenClaims?: boolean;
    cookies: { keys: string[] };
    ttl: Record<string, number | (() => number)>;
    findAccount(context: Context, id: string): Promise<object>;
    loadExistingGrant?(context: Context): Promise<Grant>;
  }
  export class Provider {
    constructor(issuer: string, configuration: Configuration);
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
    readonly Grant: new (of: { accountId: string; clientId: string }) => Grant;
    use(middleware: (context: Context, next: () => Promise<void>) => Promise<void>): this;
    listen(port: number, hostname: string, listening: () => void): Server;
  }
}
