/** The server has refused or failed: what it said, by field where it names fields. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly status: number,
    message: string,
    /** Texts by the name of the field that they are about. */
    readonly fields: Readonly<Record<string, string[]>>,
    /** By which the server's log has it. */
    readonly requestId: string | null,
    readonly retryAfterSeconds: number | undefined,
  ) {
    super(message);
  }

  /** Somebody else has changed what was to be changed. */
  get isConflict(): boolean {
    return this.status === 409 || this.status === 412;
  }
}

export const isConflict = (error: unknown): boolean =>
  error instanceof ApiError && error.isConflict;

/** There was no answer. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";

  constructor(cause: unknown) {
    super("The server does not answer.", { cause });
  }
}

/** Whether the same request may well succeed in a moment. */
export function isPassing(error: unknown): boolean {
  return error instanceof Unreachable || (error instanceof ApiError && error.status >= 502);
}

/** What an answer says that is no success. */
export async function errorOf(response: Response): Promise<ApiError> {
  const { status, statusText, headers } = response;
  const body: unknown = await response.json().catch(() => undefined);
  const { message, fields } = textsOf(body);
  const wait = Number(headers.get("retry-after") ?? Number.NaN);
  return new ApiError(
    status,
    plain(message) || statusText || `The server answered ${status}.`,
    fields,
    headers.get("x-request-id"),
    Number.isFinite(wait) ? wait : undefined,
  );
}

interface Texts {
  message: string;
  fields: Record<string, string[]>;
}

/** The forms of a refusal: `error`, or `message` as a text, as `{ error }`, or as texts by field. */
function textsOf(body: unknown): Texts {
  if (typeof body !== "object" || body === null) return { message: "", fields: {} };
  const { error, message, error_description: more } = body as Record<string, unknown>;
  if (typeof error === "string") {
    return { message: typeof more === "string" ? more : error, fields: fieldsOf(error) };
  }
  if (typeof message === "string") return { message, fields: {} };
  if (typeof message !== "object" || message === null) return { message: "", fields: {} };
  const { error: inner, ...rest } = message as Record<string, unknown>;
  if (typeof inner === "string") return { message: inner, fields: {} };
  const fields = Object.entries(rest).filter((each): each is [string, string[]] =>
    Array.isArray(each[1]),
  );
  const lines = fields.map(([field, texts]) => `${field} ${texts.join(", ")}`);
  return { message: lines.join("; "), fields: Object.fromEntries(fields) };
}

const ofField =
  /^([a-z][\w.[\]]*) (is missing|is empty|is invalid|is not known|does not have a valid value)$/;

/** Those that `name is missing, url is empty` is about; none where it is not of that form. */
function fieldsOf(error: string): Record<string, string[]> {
  const parts = error.split(", ").map((part) => ofField.exec(part));
  if (parts.some((part) => part === null)) return {};
  return Object.fromEntries(parts.map((part) => [part?.[1] ?? "", [part?.[2] ?? ""]]));
}

/** Without the status that stands before it: `403 Forbidden - …`. */
const plain = (text: string) => text.replace(/^\d{3} [A-Z][A-Za-z ]*(?: - )/, "");
