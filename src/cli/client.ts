import type { Clock } from "../lib/clock.ts";
import { exit, Failure } from "./command.ts";
import { hinted } from "./hints.ts";
import { list, type Shape } from "./shapes.ts";
import { type Incoming, type Outgoing, receive, send, Unanswered } from "./outbound.ts";

export interface ServerAddress {
  /** Without a slash at its end. */
  url: string;
  token: string | undefined;
  /** Where both are from, for whoever wonders. */
  from: string;
}

type Query = Readonly<Record<string, string | number | undefined>>;

export interface Request {
  query?: Query;
  body?: object;
  /** The version of what is changed, as an answer gave it (`Api.read`). */
  version?: string | undefined;
  /** Milliseconds, in place of the usual ones. */
  deadline?: number;
}

/** A thing with the version under which it may be changed; undefined where the server gives none. */
export interface Versioned<T> {
  body: T;
  version: string | undefined;
}

/** Milliseconds. What takes longer is put off by the server to its background work. */
const usualDeadline = 60_000;
const perPage = 100;

/** The management API. What it refuses is a `Failure` that says what to do, with the exit code that it means. */
export class Api {
  constructor(
    readonly address: ServerAddress,
    readonly clock: Clock,
  ) {}

  async get<T>(shape: Shape<T>, path: string, query?: Query): Promise<T> {
    return (await this.read(shape, path, query)).body;
  }

  /** Undefined where there is none, or none to be seen. */
  async find<T>(shape: Shape<T>, path: string): Promise<T | undefined> {
    try {
      return await this.get(shape, path);
    } catch (error) {
      if (error instanceof Failure && error.code === exit.notFound) return undefined;
      throw error;
    }
  }

  async read<T>(shape: Shape<T>, path: string, query?: Query): Promise<Versioned<T>> {
    const answer = await this.#ask("GET", path, query ? { query } : {});
    const version = answer.headers.get("etag") ?? undefined;
    return { body: this.#read(shape, answer), version };
  }

  /** All items of a list that comes in pages, one after the other. */
  async *pages<T>(shape: Shape<T>, path: string, query: Query = {}): AsyncGenerator<T> {
    for (let page = 1; ; page++) {
      const wanted = { query: { ...query, page, per_page: perPage } };
      const answer = await this.#ask("GET", path, wanted);
      yield* this.#read(list(shape), answer);
      if (!answer.headers.get("x-next-page")) return;
    }
  }

  async all<T>(shape: Shape<T>, path: string, query?: Query): Promise<T[]> {
    return Array.fromAsync(this.pages(shape, path, query));
  }

  async post<T>(shape: Shape<T>, path: string, request: Request = {}): Promise<T> {
    return this.#read(shape, await this.#ask("POST", path, { body: {}, ...request }));
  }

  /** Something that is begun, and answered by nothing. */
  async begin(path: string): Promise<void> {
    await this.#ask("POST", path, { body: {} });
  }

  async patch<T>(shape: Shape<T>, path: string, request: Request): Promise<T> {
    return this.#read(shape, await this.#ask("PATCH", path, request));
  }

  async put<T>(shape: Shape<T>, path: string, request: Request): Promise<T> {
    return this.#read(shape, await this.#ask("PUT", path, request));
  }

  /** A change that is answered by nothing. */
  async set(path: string, request: Request): Promise<void> {
    await this.#ask("PUT", path, request);
  }

  /** Sends a file, however long that takes. */
  async upload<T>(
    shape: Shape<T>,
    path: string,
    query: Query,
    file: ReadableStream<Uint8Array>,
  ): Promise<T> {
    const headers = { ...this.#headers(), "Content-Type": "application/x-tar" };
    const url = this.#url(path, query);
    const never = Number.POSITIVE_INFINITY;
    const answer = await this.#send({ method: "POST", url, headers, body: file, deadline: never });
    if (answer.status >= 200 && answer.status < 300) return this.#read(shape, answer);
    throw refused(this.address, answer);
  }

  /** A file, which comes as it is read. */
  async download(path: string, body: object): Promise<ReadableStream<Uint8Array>> {
    const headers = { ...this.#headers(), "Content-Type": "application/json" };
    const url = this.#url(path, {});
    const request = { method: "POST", url, headers, body: JSON.stringify(body) };
    const answer = await this.#reached(() => receive(request));
    if ("file" in answer) return answer.file;
    throw refused(this.address, answer);
  }

  async delete(path: string, request: Request = {}): Promise<void> {
    await this.#ask("DELETE", path, request);
  }

  async #ask(method: string, path: string, request: Request): Promise<Incoming> {
    const { query = {}, body, version, deadline = usualDeadline } = request;
    const url = this.#url(path, query);
    const headers = {
      ...this.#headers(),
      ...(body !== undefined && { "Content-Type": "application/json" }),
      ...(version !== undefined && { "If-Match": version }),
    };
    const text = body === undefined ? undefined : JSON.stringify(body);
    const answer = await this.#send({ method, url, headers, body: text, deadline });
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw refused(this.address, answer);
  }

  #url(path: string, query: Query): URL {
    const url = new URL(`${this.address.url}/api/v4${path}`);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    return url;
  }

  #headers(): Record<string, string> {
    const { token } = this.address;
    return {
      Accept: "application/json",
      ...(token !== undefined && { "PRIVATE-TOKEN": token }),
    };
  }

  #send(request: Outgoing): Promise<Incoming> {
    return this.#reached(() => send(this.clock, request));
  }

  async #reached<T>(asking: () => Promise<T>): Promise<T> {
    try {
      return await asking();
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      const { url, from } = this.address;
      const fix =
        "start the server, or say with --url or WEIR_URL where it is; weir doctor says more";
      const message = `${url} (${from}) ${error.message}\n${fix}`;
      throw new Failure(message, exit.unreachable, { cause: error });
    }
  }

  #read<T>(shape: Shape<T>, { text, headers }: Incoming): T {
    const isJson = headers.get("content-type")?.startsWith("application/json") ?? false;
    const read = isJson ? shape(parseJson(text)) : undefined;
    if (read === undefined) throw notOurs(this.address);
    return read;
  }
}

/** Undefined for what is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // and so of no shape that anybody asks for
  }
}

function notOurs({ url }: ServerAddress): Failure {
  const message = `${url} answers, but not as the API of Weir does; check --url or WEIR_URL`;
  return new Failure(message, exit.unreachable);
}

function refused(address: ServerAddress, { status, headers, text }: Incoming): Failure {
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
      return new Failure(`refused: ${why}\nthe token (${from}) may not do this`, exit.denied);
    case 404: {
      const message = `${why}: it is not there, or not for this token to see`;
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
      return new Failure(hinted(why));
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
