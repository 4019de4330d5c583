import { createHmac } from "node:crypto";

/** Who a request is from. */
export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  /** Of temporary credentials. */
  sessionToken: string | undefined;
}

export interface Signing {
  credentials: Credentials;
  region: string;
  service: string;
  /** Milliseconds since the epoch. */
  now: number;
}

/** What is signed of a request. `url` has its path and query escaped already, as they are sent. */
export interface Signed {
  method: string;
  url: URL;
  /** Each is signed; `host` is added. */
  headers: Readonly<Record<string, string>>;
  /** SHA-256 of the body, lower-case hex, or `UNSIGNED-PAYLOAD`. */
  payloadHash: string;
}

const algorithm = "AWS4-HMAC-SHA256";
export const unsignedPayload = "UNSIGNED-PAYLOAD";
export const emptyHash = sha256Hex("");

/** The headers of a request with what proves where it is from (AWS Signature Version 4, in the Authorization header). */
export function signHeaders(signed: Signed, signing: Signing): Record<string, string> {
  const { credentials, now } = signing;
  const headers = {
    ...signed.headers,
    "x-amz-date": timestamp(now),
    ...(credentials.sessionToken !== undefined && {
      "x-amz-security-token": credentials.sessionToken,
    }),
  };
  const { names, signature } = signatureOf({ ...signed, headers }, signing);
  const credential = `${credentials.accessKeyId}/${scopeOf(signing)}`;
  const authorization = `${algorithm} Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`;
  return { ...headers, authorization };
}

/** A URL by which anybody may GET this object for so many seconds (the same, in the query). */
export function presign(url: URL, seconds: number, signing: Signing): string {
  const { credentials, now } = signing;
  const signed = new URL(url);
  const query = {
    "X-Amz-Algorithm": algorithm,
    "X-Amz-Credential": `${credentials.accessKeyId}/${scopeOf(signing)}`,
    "X-Amz-Date": timestamp(now),
    "X-Amz-Expires": String(seconds),
    ...(credentials.sessionToken !== undefined && {
      "X-Amz-Security-Token": credentials.sessionToken,
    }),
    "X-Amz-SignedHeaders": "host",
  };
  signed.search = queryText(Object.entries(query));
  const parts = { method: "GET", url: signed, headers: {}, payloadHash: unsignedPayload };
  const { signature } = signatureOf(parts, signing);
  return `${signed.href}&X-Amz-Signature=${signature}`;
}

/** A query as it has to be both sent and signed: in order, escaped as RFC 3986 has it. */
export function queryText(pairs: readonly (readonly [string, string])[]): string {
  return pairs
    .map(([name, value]) => [escape(name), escape(value)] as const)
    .toSorted(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

/** Everything but letters, digits and `-._~` as `%XX`. */
export function escape(text: string): string {
  const rest = (char: string) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replace(/[!'()*]/g, rest);
}

function signatureOf(
  { method, url, headers, payloadHash }: Signed,
  signing: Signing,
): { names: string; signature: string } {
  const all = Object.entries({ ...headers, host: url.host })
    .map(([name, value]) => [name.toLowerCase(), value.trim().replace(/ +/g, " ")] as const)
    .toSorted(([a], [b]) => compare(a, b));
  const names = all.map(([name]) => name).join(";");
  const lines = all.map(([name, value]) => `${name}:${value}\n`).join("");
  const canonical = [method, url.pathname, url.search.slice(1), lines, names, payloadHash];
  const text = [
    algorithm,
    timestamp(signing.now),
    scopeOf(signing),
    sha256Hex(canonical.join("\n")),
  ];
  const signature = hmac(keyOf(signing), text.join("\n")).toString("hex");
  return { names, signature };
}

function scopeOf({ now, region, service }: Signing): string {
  return `${timestamp(now).slice(0, 8)}/${region}/${service}/aws4_request`;
}

/** The key of a day, a region and a service. Four short hashes: not worth being kept. */
function keyOf({ credentials, now, region, service }: Signing): Buffer {
  const day = hmac(`AWS4${credentials.secretAccessKey}`, timestamp(now).slice(0, 8));
  return hmac(hmac(hmac(day, region), service), "aws4_request");
}

/** `20150830T123600Z` */
function timestamp(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

export function sha256Hex(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
