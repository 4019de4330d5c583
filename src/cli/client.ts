import type { Clock } from "../lib/clock.ts";
import { exit, Failure } from "./command.ts";
import { list, type Shape } from "./shapes.ts";
import { type Incoming, type Outgoing, receive, send, Unanswered } from "./outbound.ts";
import { notOurs, parseJson, refused, type ServerAddress } from "./refused.ts";

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
    return (await this.change("POST", shape, path, { body: {}, ...request })).body;
  }

  /** What came of a change, with the version for the next one. */
  async change<T>(
    method: "POST" | "PATCH" | "PUT",
    shape: Shape<T>,
    path: string,
    request: Request,
  ): Promise<Versioned<T>> {
    const answer = await this.#ask(method, path, request);
    const version = answer.headers.get("etag") ?? undefined;
    return { body: this.#read(shape, answer), version };
  }

  /** Something that is begun, and answered by nothing. */
  async begin(path: string): Promise<void> {
    await this.#ask("POST", path, { body: {} });
  }

  async patch<T>(shape: Shape<T>, path: string, request: Request): Promise<T> {
    return (await this.change("PATCH", shape, path, request)).body;
  }

  async put<T>(shape: Shape<T>, path: string, request: Request): Promise<T> {
    return (await this.change("PUT", shape, path, request)).body;
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
    throw refused(this.address, answer, path);
  }

  /** A file, which comes as it is read. */
  async download(path: string, body: object): Promise<ReadableStream<Uint8Array>> {
    const headers = { ...this.#headers(), "Content-Type": "application/json" };
    const url = this.#url(path, {});
    const request = { method: "POST", url, headers, body: JSON.stringify(body) };
    const answer = await this.#reached(() => receive(request));
    if ("file" in answer) return answer.file;
    throw refused(this.address, answer, path);
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
    throw refused(this.address, answer, path);
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
