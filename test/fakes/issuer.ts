import { exportJWK, generateKeyPair, type GenerateKeyPairResult, type JWK, SignJWT } from "jose";
import type { OidcIssuer } from "../../src/work/contract.ts";
import { FakeUpstream } from "./upstream.ts";

export interface FakeKey {
  kid: string;
  alg: string;
  pair: GenerateKeyPairResult;
  public: JWK;
}

/** Making RSA keys takes long, so tests share them. */
const made = new Map<string, Promise<FakeKey>>();

export function fakeKey(kid: string, alg = "ES256"): Promise<FakeKey> {
  const make = async () => {
    const pair = await generateKeyPair(alg, { extractable: true });
    return { kid, alg, pair, public: { ...(await exportJWK(pair.publicKey)), kid, alg } };
  };
  const key = made.get(`${kid} ${alg}`) ?? make();
  made.set(`${kid} ${alg}`, key);
  return key;
}

const keysPath = "/keys";
const metadataPath = "/.well-known/openid-configuration";

/** An issuer of id tokens: discovery and keys on a real port, which counts what it is asked and errs as told. */
export class FakeIssuer {
  private constructor(
    readonly fake: FakeUpstream,
    readonly key: FakeKey,
  ) {}

  static async start(alg?: string): Promise<FakeIssuer> {
    const issuer = new FakeIssuer(await FakeUpstream.start(), await fakeKey("one", alg));
    issuer.describe({});
    issuer.publish([issuer.key.public]);
    return issuer;
  }

  get url(): string {
    return this.fake.url;
  }

  /** The discovery document; a field that is undefined is left out. */
  describe(changes: Record<string, unknown>): void {
    const document = { issuer: this.url, jwks_uri: this.url + keysPath, ...changes };
    this.fake.file(metadataPath, JSON.stringify(document), "application/json");
  }

  publish(keys: readonly object[]): void {
    this.fake.file(keysPath, JSON.stringify({ keys }), "application/json");
  }

  /** How often it was asked for what it is, and for its keys. */
  get asked(): [metadata: number, keys: number] {
    return [this.fake.count(`GET ${metadataPath}`), this.fake.count(`GET ${keysPath}`)];
  }

  /** As it is configured, and trusted to say which projects of `acme` come. */
  settings(changes: Partial<OidcIssuer> = {}): OidcIssuer {
    const pull = ["registries" as const, "dependency_proxies" as const];
    return {
      name: "forge",
      issuer: this.url,
      jwksUri: undefined,
      audiences: undefined,
      algorithms: ["RS256", "ES256"],
      ca: undefined,
      leewaySeconds: 30,
      requiredClaims: {},
      rules: [{ claims: { project_path: "acme/**" }, group: "default", pull }],
      ...changes,
    };
  }

  /** A token that is good for five minutes from `now` (milliseconds), but for what is changed; undefined leaves out. */
  async token(
    now: number,
    claims: Record<string, unknown> = {},
    { header = {}, key = this.key }: { header?: Record<string, unknown>; key?: FakeKey } = {},
  ): Promise<string> {
    const seconds = Math.floor(now / 1000);
    const all = {
      iss: this.url,
      aud: "weir.test:5000",
      sub: "project_path:acme/app:ref_type:branch:ref:main",
      project_path: "acme/app",
      iat: seconds,
      exp: seconds + 300,
      ...claims,
    };
    return new SignJWT(JSON.parse(JSON.stringify(all)) as Record<string, unknown>)
      .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: "JWT", ...header })
      .sign(key.pair.privateKey);
  }

  stop(): Promise<void> {
    return this.fake.stop();
  }
}
