import path from "node:path";
import { credentialsOf } from "../lib/credentials-file.ts";
import type { BucketSettings } from "../blobs/contract.ts";
import { isSecureUrl } from "../lib/secure-url.ts";
import { originUrl } from "./addresses.ts";
import { certificatesFile } from "./certificates.ts";
import type { Environment, Settings } from "./settings.ts";
import { flag, type Leaf, leaf, oneOf, readText } from "./text.ts";

/** The bucket for blobs, and how it is used. */
export interface BucketChoice extends BucketSettings {
  /** Whether receivers are sent to the bucket for the bytes. */
  redirect: boolean;
}

interface BucketUrl {
  bucket: string;
  prefix: string;
  query: URLSearchParams;
}

const bucketUrl: Leaf<BucketUrl> = leaf(
  "must be the address of a bucket such as s3://weir-blobs/prefix?endpoint=https://s3.example.com&region=us-east-1, " +
    "without user and password: credentials are given by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
  (text) => {
    const match = /^s3:\/\/([^/?#@\s]+)(?:\/([^?#\s]*))?(?:\?([^#\s]*))?$/.exec(text);
    const [, bucket = "", rest = "", query] = match ?? [];
    const prefix = rest.replace(/^\/+|\/+$/g, "");
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) return undefined;
    const isPlain = (part: string) => /^[\w!.*'()-]+$/.test(part) && !/^\.+$/.test(part);
    if (prefix !== "" && !prefix.split("/").every(isPlain)) return undefined;
    return prefix.length > 200 ? undefined : { bucket, prefix, query: new URLSearchParams(query) };
  },
);

const regionName = leaf("must be the name of a region such as eu-central-1", (text) =>
  /^[a-z0-9-]{1,64}$/.test(text) ? text : undefined,
);
const keyId = leaf("must be the id or ARN of a key", (text) =>
  /^[\w:/-]{1,2048}$/.test(text) ? text : undefined,
);

/** Undefined: blobs rest in the data folder. */
export function readBucketSettings(settings: Settings, env: Environment): BucketChoice | undefined {
  const url = settings.find("blobs_url", bucketUrl);
  const redirect = settings.get("blobs_redirect", flag, "false");
  const ca = settings.find("blobs_ca", certificatesFile(settings));
  if (!url) {
    if (ca !== undefined) settings.refuse("blobs_ca", "needs a bucket: set WEIR_BLOBS_URL too");
    if (redirect) settings.refuse("blobs_redirect", "needs a bucket: set WEIR_BLOBS_URL too");
    return undefined;
  }
  const query = new Query(url.query, (message) => settings.refuse("blobs_url", message));
  const region = query.get("region", regionName) ?? regionOf(env);
  const given = query.get("endpoint", originUrl) ?? endpointOf(settings, env);
  const endpoint = given ?? `https://s3.${region}.amazonaws.com`;
  // A certificate for *.s3.… does not cover a name with dots.
  const usual = given !== undefined || url.bucket.includes(".") ? "path" : "host";
  const bucket = {
    endpoint,
    region,
    bucket: url.bucket,
    prefix: url.prefix,
    addressing: query.get("addressing", oneOf(["path", "host"])) ?? usual,
    encryption: encryptionOf(query),
    checksums: (query.get("checksums", oneOf(["sha256", "none"])) ?? "sha256") === "sha256",
    credentials: credentialsFor(settings, env),
    ca,
    redirect,
  } as const;
  query.refuseOthers();
  if (redirect && !isSecureUrl(new URL(endpoint))) {
    settings.refuse("blobs_redirect", "needs an endpoint with https: clients are sent there");
  }
  if (ca !== undefined && !isHttps(endpoint)) {
    settings.refuse("blobs_ca", "needs an endpoint with https: another has no certificate");
  }
  return bucket;
}

const isHttps = (endpoint: string) => new URL(endpoint).protocol === "https:";

function regionOf(env: Environment): string {
  return env["AWS_REGION"] || env["AWS_DEFAULT_REGION"] || "us-east-1";
}

function endpointOf(settings: Settings, env: Environment): string | undefined {
  const name = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"].find((one) => env[one]);
  if (name === undefined) return undefined;
  const read = originUrl.safeParse(env[name]);
  if (read.success) return read.data;
  settings.problems.push(`${name}: ${read.error.issues[0]?.message}`);
  return undefined;
}

function encryptionOf(query: Query): BucketSettings["encryption"] {
  const algorithm = query.get("encryption", oneOf(["AES256", "aws:kms"]));
  const kmsKey = query.get("kms_key", keyId);
  if (kmsKey !== undefined && algorithm !== "aws:kms") {
    query.refuse("kms_key", "needs encryption=aws:kms");
  }
  return algorithm && { algorithm, kmsKey };
}

function credentialsFor(settings: Settings, env: Environment): BucketSettings["credentials"] {
  const accessKeyId = env["AWS_ACCESS_KEY_ID"];
  const secretAccessKey = env["AWS_SECRET_ACCESS_KEY"];
  if (accessKeyId && secretAccessKey) {
    const sessionToken = env["AWS_SESSION_TOKEN"] || undefined;
    return { kind: "given", accessKeyId, secretAccessKey, sessionToken };
  }
  if (accessKeyId || secretAccessKey) {
    const missing = accessKeyId ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID";
    settings.problems.push(`${missing}: is missing; give it and the other half, or none of them`);
  }
  const profile = env["AWS_PROFILE"] || "default";
  const usual = path.join(env["HOME"] ?? "/", ".aws/credentials");
  const file = env["AWS_SHARED_CREDENTIALS_FILE"] || usual;
  const text = readText(settings.readFile, file);
  const hasSome = typeof text === "string" && credentialsOf(text, profile);
  if (!hasSome && !accessKeyId && !secretAccessKey) {
    settings.refuse(
      "blobs_url",
      "needs credentials: give AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_SHARED_CREDENTIALS_FILE " +
        "with a file that has them for the profile AWS_PROFILE (or default)",
    );
  }
  return { kind: "file", file, profile };
}

/** What stands behind the question mark of a URL. */
class Query {
  readonly #known = new Set<string>();

  constructor(
    readonly params: URLSearchParams,
    readonly report: (message: string) => void,
  ) {}

  get<T>(name: string, as: Leaf<T>): T | undefined {
    this.#known.add(name);
    const values = this.params.getAll(name);
    if (values.length > 1) this.refuse(name, "stands there twice; keep one of them");
    const result = values[0] === undefined ? undefined : as.safeParse(values[0]);
    if (result?.error) this.refuse(name, result.error.issues[0]?.message ?? "will not do");
    return result?.data;
  }

  refuse(name: string, message: string): void {
    this.report(`${name} ${message}`);
  }

  refuseOthers(): void {
    const others = [...this.params.keys()].some((name) => !this.#known.has(name));
    if (!others) return;
    const known = [...this.#known].join(", ");
    this.report(`has something behind the question mark that is none of ${known}`);
  }
}
