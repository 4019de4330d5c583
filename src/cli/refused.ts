import { withHint } from "./hints.ts";
import { exit, Failure } from "./command.ts";
import type { Incoming } from "./outbound.ts";
import { plain } from "./output.ts";

export interface ServerAddress {
  /** Without a slash at its end. */
  url: string;
  token: string | undefined;
  /** Where both are from, for whoever wonders. */
  from: string;
}

/** Undefined for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // and so of no shape that anybody asks for
  }
}

export function notOurs({ url }: ServerAddress): Failure {
  const message = `${url} answers, but not as the API of Weir does; check --url or WEIR_URL`;
  return new Failure(message, exit.unreachable);
}

/** What the server says to a request for `path`, and what to do about it. */
export function refused(
  address: ServerAddress,
  { status, headers, text }: Incoming,
  path: string,
): Failure {
  const { url, token, from } = address;
  if (status >= 300 && status < 400) {
    const message = `${url} leads elsewhere (${status}); give its address as it is in the end, https included`;
    return new Failure(message, exit.unreachable);
  }
  const said = wordsOf(text);
  if (said === undefined && status !== 413) return notOurs(address);
  const why = said ?? `${status}`;
  switch (status) {
    case 401:
      return new Failure(token === undefined ? noToken(from) : badToken(from), exit.denied);
    case 403:
      return new Failure(`refused: ${why}\n${mayNot(from, why)}`, exit.denied);
    case 404: {
      const named = namedIn(path);
      const what = named === undefined ? why : `${why}: ${named}`;
      const message = `${what}: it is not there, or not for this token to see`;
      return new Failure(message, exit.notFound);
    }
    case 409:
    case 412: {
      const message = `${why}: it was changed meanwhile, and nothing was overwritten; look at it and try again`;
      return new Failure(message, exit.conflict);
    }
    case 429: {
      const seconds = headers.get("retry-after");
      return new Failure(`${why}${seconds ? ` (in ${seconds} s)` : ""}`);
    }
    default:
      return new Failure(withHint(why));
  }
}

const howToGive =
  "give one with --token-file FILE, WEIR_TOKEN or WEIR_TOKEN_FILE; the administrator's was printed at the first start";
const noToken = (from: string) => `no access token is given (${from})\n${howToGive}`;
const badToken = (from: string) =>
  `the access token (${from}) does not count: it is wrong, revoked, has ended, or is of no kind for the API\n${howToGive}`;

/** The words of a refusal, by field where it is about fields; undefined where it is none of the API's. */
function wordsOf(text: string): string | undefined {
  const body = parseJson(text);
  if (typeof body !== "object" || body === null) return undefined;
  const { error, error_description: description, message } = body as Record<string, unknown>;
  if (typeof error === "string") return [error, description].filter(Boolean).join(": ");
  if (typeof message === "string") return message;
  if (typeof message !== "object" || message === null) return undefined;
  return Object.entries(message)
    .map(([field, texts]) => {
      const words = Array.isArray(texts) ? texts.join(", ") : String(texts);
      return field === "error" || field === "base" ? words : `${field} ${words}`;
    })
    .join("; ");
}

const mayNot = (from: string, why: string) =>
  why.startsWith("insufficient_scope")
    ? `the token (${from}) needs the scope api, or read_api where nothing is changed: weir token create --scope`
    : `the token (${from}) may not do this: docs/permissions.md has the role that it takes, weir user show says whose the token is`;

const kinds: Readonly<Record<string, string>> = {
  groups: "group",
  projects: "project",
  registries: "registry",
  upstreams: "upstream",
  registry_upstreams: "registry_upstream",
  rules: "rule",
  cache_entries: "cache entry",
  prefetches: "prefetch",
  webhooks: "webhook",
  users: "user",
  members: "member",
  personal_access_tokens: "token",
  access_tokens: "token",
  deploy_tokens: "deploy token",
};
/** Of these something is named by more than a number. */
const namedByText = ["groups", "projects", "cache_entries"];

/** What a path of the API names, the innermost first: `webhook 3 of group acme`. */
function namedIn(path: string): string | undefined {
  const parts = path.split("/");
  const named = parts.flatMap((part, index) => {
    const id = parts[index + 1];
    const kind = kinds[part];
    if (kind === undefined || id === undefined) return [];
    if (!/^\d+$/.test(id) && !namedByText.includes(part)) return [];
    return [`${kind} ${plain(decodeURIComponent(id))}`];
  });
  return named.length === 0 ? undefined : named.toReversed().join(" of ");
}

/** Adds to a refusal of such words which option of the command helps. */
export async function hinted<T>(words: RegExp, hint: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof Failure) || !words.test(error.message)) throw error;
    throw new Failure(`${error.message}\n${hint}`, error.code, { cause: error });
  }
}
