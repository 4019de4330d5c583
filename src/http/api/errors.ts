import { SignInError } from "../../access/people/contract.ts";
import { MetadataError } from "../../metadata/contract.ts";
import { RegistryError } from "../../oci/error.ts";
import { ImportError } from "../../pull/images/contract.ts";

/** A refusal in the forms of this API: `error` about the request, `message` about what it asks for. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly status: number,
    readonly body: { error: string } | { message: unknown },
    readonly headers: Record<string, string> = {},
  ) {
    super(JSON.stringify(body));
  }
}

/** Parameters that are missing or cannot be read. */
export const badRequest = (error: string) => new ApiError(400, { error });

/** What was asked for may not be: texts by field. */
export const invalidRecord = (message: Record<string, string[]>) => new ApiError(400, { message });

/** For what is not there, and for what the caller must not know of. */
export const notFound = (what = "") => {
  return new ApiError(404, { message: what ? `404 ${what} Not Found` : "404 Not found" });
};

export const forbidden = () => new ApiError(403, { message: "403 Forbidden" });

export const unauthorized = () => {
  const headers = { "WWW-Authenticate": 'Bearer realm="weir"' };
  return new ApiError(401, { message: "401 Unauthorized" }, headers);
};

/** RFC 6750, section 3.1. */
export const insufficientScope = (scope: string) => {
  const description = "The request requires higher privileges than provided by the access token.";
  const body = { error: "insufficient_scope", error_description: description, scope };
  return new ApiError(403, body);
};

export const preconditionFailed = () => new ApiError(412, { message: "412 Precondition Failed" });

export const tooLarge = () => new ApiError(413, { message: "413 Request Entity Too Large" });

export const tooMany = (retryAfterSeconds: number) => {
  const error = "This endpoint has been requested too many times. Try again later.";
  const headers = { "Retry-After": String(retryAfterSeconds) };
  return new ApiError(429, { message: { error } }, headers);
};

/** `code`: the engine's. */
export const databaseFails = (code: string) => {
  const message = `503 Service Unavailable - the database of this server ${whatItDoes(code)}`;
  return new ApiError(503, { message }, { "Retry-After": "2" });
};

function whatItDoes(code: string): string {
  if (/^(?:SQLITE_READONLY|POSTGRES_25006)/.test(code)) return "takes no changes: it is read-only";
  if (/^(?:SQLITE_FULL|POSTGRES_53100)/.test(code)) return "takes no changes: its disk is full";
  return "does not answer";
}

/** What has gone wrong, as a refusal of this API; undefined for what nobody foresaw. */
export function asApiError(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error;
  if (error instanceof MetadataError && error.invalid) {
    const { field, text } = error.invalid;
    return invalidRecord({ [field]: [text] });
  }
  if (error instanceof MetadataError && error.problem === "changed") return preconditionFailed();
  if (error instanceof SignInError) return signInRefused(error);
  if (error instanceof ImportError) return importRefused(error);
  if (error instanceof RegistryError) {
    return new ApiError(error.status, { message: error.message }, error.headers);
  }
  return undefined;
}

function importRefused({ problem, message, field }: ImportError): ApiError {
  if (field) return invalidRecord({ [field]: [message] });
  if (problem === "changed") return new ApiError(409, { message: `409 Conflict - ${message}` });
  if (problem === "full") {
    return new ApiError(507, { message: `507 Insufficient Storage - ${message}` });
  }
  return new ApiError(422, { message: `422 Unprocessable Content - ${message}` });
}

const signInStatus = {
  wrong: [401, "Unauthorized"],
  foreign: [401, "Unauthorized"],
  forbidden: [403, "Forbidden"],
  unknown: [404, "Not Found"],
  busy: [429, "Too Many Requests"],
  unavailable: [503, "Service Unavailable"],
} as const;

function signInRefused({ problem, message, retryAfterSeconds }: SignInError): ApiError {
  const [status, phrase] = signInStatus[problem];
  const headers = retryAfterSeconds === undefined ? {} : { "Retry-After": `${retryAfterSeconds}` };
  return new ApiError(status, { message: `${status} ${phrase} - ${message}` }, headers);
}
