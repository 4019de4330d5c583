import { generateKeyPairSync } from "node:crypto";
import { ConfigError, loadConfig } from "../../src/config.ts";
import { clientCertificates } from "./client-certificates.ts";

export const secret = "0123456789abcdef0123456789abcdef";
export const other = "fedcba9876543210fedcba9876543210";

/** Made for these tests, used nowhere. */
export const certificate = `-----BEGIN CERTIFICATE-----
MIIBfjCCASWgAwIBAgIUK528I8luKRTPW7+FbWU2Kbs07FMwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjExNDk0MFoYDzIxMjYxMDI5
MTE0OTQwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATUghOSd1HuFM0wkOcN9LZ5EWdoRdtHo976XkTpgpN42nBJHWRNBWYu
q9iGwHa3eUDGeI2IKDeOiY2TLcF58kb8o1MwUTAdBgNVHQ4EFgQUIwiNQTiousnf
PJZdW9x2l71v/iIwHwYDVR0jBBgwFoAUIwiNQTiousnfPJZdW9x2l71v/iIwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiAjlxh4YorOH3ZhP/cdqJCQ
ek1NztPOwhz+SqvbLDxuywIgThxtIZQOsbsXOEIZpo6CpObz2QuWRNKIDR6383vy
Or0=
-----END CERTIFICATE-----`;
const privateKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgrHawk5il9MNGc9D4
coYlll69cXzqxcuPejorfTYWZomhRANCAATUghOSd1HuFM0wkOcN9LZ5EWdoRdtH
o976XkTpgpN42nBJHWRNBWYuq9iGwHa3eUDGeI2IKDeOiY2TLcF58kb8
-----END PRIVATE KEY-----`;
const otherKey = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
  type: "pkcs8",
  format: "pem",
});
export const pems = {
  "leaf.pem": clientCertificates.node.cert,
  "cert.pem": certificate,
  "key.pem": privateKey,
  "other.pem": otherKey,
};

/** Reads these files; whatever else is asked for is not there. */
const filesOf = (files: Record<string, string>) => (file: string) => {
  const text = files[file];
  if (text === undefined) throw Object.assign(new Error(file), { code: "ENOENT" });
  return text;
};

/** The configuration of this environment, where these files are. */
export const load = (env: Record<string, string>, files: Record<string, string> = {}) =>
  loadConfig(env, filesOf(files));
/** The same with this text as the configuration file. */
export const loadYaml = (yaml: string, env: Record<string, string> = {}, files = {}) =>
  load({ WEIR_CONFIG_FILE: "weir.yaml", ...env }, { "weir.yaml": yaml, ...files });

/** The problems of a configuration that must not load. */
export function problems(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error("it loaded");
}

/** What servers have that share a database. */
export const shared = { WEIR_DATABASE_URL: "postgres://u:pass@host/db", WEIR_SECRET_KEY: secret };
