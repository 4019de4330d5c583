/**
 * Every refusal there is: the code a client sees (OCI distribution-spec, "Error Codes"; UNAVAILABLE and
 * TOOMANYREQUESTS as clients know them) and the HTTP status it is answered with.
 */
const table = {
  bad_request: ["UNSUPPORTED", 400],
  name_invalid: ["NAME_INVALID", 404],
  digest_invalid: ["DIGEST_INVALID", 400],
  tag_invalid: ["MANIFEST_UNKNOWN", 404],
  unauthorized: ["UNAUTHORIZED", 401],
  denied: ["DENIED", 403],
  banned: ["DENIED", 403],
  name_unknown: ["NAME_UNKNOWN", 404],
  manifest_unknown: ["MANIFEST_UNKNOWN", 404],
  blob_unknown: ["BLOB_UNKNOWN", 404],
  not_found: ["UNSUPPORTED", 404],
  unsupported: ["UNSUPPORTED", 405],
  range_invalid: ["UNSUPPORTED", 416],
  too_large: ["SIZE_INVALID", 413],
  rate_limited: ["TOOMANYREQUESTS", 429],
  upstream_invalid: ["UNKNOWN", 502],
  upstream_unavailable: ["UNAVAILABLE", 503],
  unavailable: ["UNAVAILABLE", 503],
  loop: ["UNAVAILABLE", 508],
  internal: ["UNKNOWN", 500],
} as const satisfies Record<string, readonly [string, number]>;

export type ErrorCode = keyof typeof table;

interface ErrorOptions {
  /** Facts a person can act on: never secrets, bodies of upstreams or inner addresses. */
  detail?: Record<string, unknown>;
  headers?: Record<string, string>;
  cause?: unknown;
}

/** The one error class: a failure that a client is told about, in the words of this server. */
export class RegistryError extends Error {
  override readonly name = "RegistryError";
  readonly detail: Record<string, unknown> | undefined;
  readonly headers: Record<string, string>;

  constructor(
    readonly code: ErrorCode,
    message: string,
    { detail, headers, cause }: ErrorOptions = {},
  ) {
    super(message, { cause });
    this.detail = detail;
    this.headers = headers ?? {};
  }

  get status(): number {
    return table[this.code][1];
  }

  /** The body of OCI distribution-spec, "Error Codes". */
  toJSON(): { errors: { code: string; message: string; detail?: Record<string, unknown> }[] } {
    const { message, detail } = this;
    const code = table[this.code][0];
    return { errors: [detail ? { code, message, detail } : { code, message }] };
  }
}
