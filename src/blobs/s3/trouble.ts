import { failureCode } from "../../lib/log.ts";
import { StoreUnavailableError } from "../contract.ts";

/** What is wrong between us and the bucket. */
export type Trouble =
  | "unreachable"
  | "timeout"
  /** Its certificate is none that we trust. */
  | "untrusted"
  /** It fails, or a gateway in front of it does. */
  | "broken"
  /** It asks for fewer requests. */
  | "busy"
  | "denied"
  | "no_bucket"
  /** It answers what makes no sense, or to another request than ours. */
  | "invalid"
  /** It failed a moment ago, and is not asked now. */
  | "resting"
  /** This server is ending. */
  | "ending";

const words: Record<Trouble, string> = {
  unreachable: "the bucket's endpoint cannot be reached",
  timeout: "the bucket does not answer in time",
  untrusted:
    "the certificate of the bucket's endpoint is not trusted: WEIR_BLOBS_CA names those who sign it",
  broken: "the bucket's server fails",
  busy: "the bucket asks for fewer requests",
  denied: "the bucket denies access: see the credentials and its policy",
  no_bucket: "there is no such bucket",
  invalid: "the bucket's endpoint gives no sensible answers",
  resting: "the bucket failed a moment ago, and is not asked now",
  ending: "the server is ending",
};

interface Details {
  /** The service's own word, such as `SlowDown`. */
  code?: string | undefined;
  status?: number;
  retryAfterSeconds?: number | undefined;
  cause?: unknown;
}

/** A request that came to no definite end. Texts of the service, which can hold anything, are left behind. */
export class BucketError extends StoreUnavailableError {
  readonly code: string;
  readonly status: number | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    readonly trouble: Trouble,
    { code, status, retryAfterSeconds, cause }: Details = {},
  ) {
    super(words[trouble], { cause });
    this.code = code ?? trouble;
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Whether the same request may do a moment later. */
export function isPassing({ trouble }: BucketError): boolean {
  return ["unreachable", "timeout", "broken", "busy"].includes(trouble);
}

const certificate = /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/;

/** What a rejected `fetch` or read means. Its own text is left behind: it carries the URL. */
export function connectionTrouble(error: unknown): BucketError {
  if (error instanceof BucketError) return error;
  const code = failureCode(error);
  if (certificate.test(code)) return new BucketError("untrusted", { code });
  return new BucketError("unreachable", { code });
}

/** Codes of S3 that say more than their status. */
const troubles: Record<string, Trouble> = {
  SlowDown: "busy",
  TooManyRequests: "busy",
  RequestLimitExceeded: "busy",
  ServiceUnavailable: "busy",
  InternalError: "broken",
  RequestTimeout: "timeout",
  AccessDenied: "denied",
  InvalidAccessKeyId: "denied",
  SignatureDoesNotMatch: "denied",
  RequestTimeTooSkewed: "denied",
  ExpiredToken: "denied",
  NoSuchBucket: "no_bucket",
  BadDigest: "broken",
  XAmzContentSHA256Mismatch: "broken",
};

/** What a refusal means, by its code where there is one: the answer to HEAD has none. */
export function refusalTrouble(
  status: number,
  code: string | undefined,
  retryAfterSeconds?: number,
): BucketError {
  const details = { code: code ?? `status ${status}`, status, retryAfterSeconds };
  const known = code === undefined ? undefined : troubles[code];
  if (known) return new BucketError(known, details);
  if (status === 401 || status === 403) return new BucketError("denied", details);
  if (status === 429) return new BucketError("busy", details);
  return new BucketError(status >= 500 ? "broken" : "invalid", details);
}
