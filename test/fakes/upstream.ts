import type { TlsOptions } from "node:tls";
import { readRange, rangeWithin } from "../../src/lib/range.ts";
import { type Digest, digestOf } from "../../src/oci/digest.ts";
import { type BuiltImage, buildImage } from "./image.ts";
import { type FakeLists, listed, type Stored } from "./lists.ts";
import { Gate, type Reply, type SeenRequest, Tap, type WireAnswer, WireServer } from "./wire.ts";

export { type BuiltImage, buildImage, buildIndex, sampleBytes } from "./image.ts";
export { Gate, type SeenRequest, Tap } from "./wire.ts";

/** How a fake upstream wants to know who asks. */
export type FakeAuth =
  | { kind: "none" }
  | { kind: "basic"; username: string; password: string }
  | {
      kind: "bearer";
      /** What the token service wants; without them any credentials do. */
      username?: string;
      password?: string;
      /** Whether it gives tokens without credentials; default true. */
      anonymous?: boolean;
      /** Whose `/token` gives the tokens; default this one's. */
      issuer?: FakeUpstream;
      /** Another realm to name in the challenge. */
      realm?: string;
      /** Seconds that tokens are said to live; 0 says nothing of it. Default 300. */
      expiresIn?: number;
      /** `access_token` instead of `token`. */
      field?: "token" | "access_token";
    };

/** What goes wrong, or merely differently. Fields can be combined; what is not said stays as it was. */
export interface Fault {
  /** How many requests it befalls; default all. */
  times?: number;
  /** Only requests with a `Range`, or only those without. */
  ranged?: boolean;
  /** Requests wait here first. */
  gate?: Gate;
  /** No answer until the fake stops. */
  hang?: true;
  /** The connection ends without an answer. */
  reset?: true;
  /** These bytes are the answer, then the connection ends. */
  raw?: string | Uint8Array;
  /** After `raw` these come again and again, until the connection ends. */
  endless?: string | Uint8Array;
  status?: number;
  /** Null takes a header away. */
  headers?: Record<string, string | null>;
  body?: string | Uint8Array;
  /** 307 to this URL. */
  redirect?: string | ((request: SeenRequest) => string);
  /** `close` gives no length. */
  framing?: WireAnswer["framing"];
  /** The connection ends after so many bytes of the body. */
  cutAfter?: number;
  /** The byte at this position of the body is changed. */
  wrongByte?: number;
  /** Lets the body out as the test says. */
  tap?: Tap;
  /** Answers 200 with everything, whatever range was asked for. */
  ignoreRange?: true;
}

const octets = "application/octet-stream";

/**
 * A registry to pull from, on a real loopback port, that counts what it is asked and errs as told. Patterns are
 * `METHOD path` without the query, where `*` stands for anything: `GET /v2/library/alpine/blobs/*`.
 */
export class FakeUpstream {
  #auth: FakeAuth = { kind: "none" };
  #faults: { pattern: string; fault: Fault; left: number }[] = [];
  readonly #files = new Map<string, Stored>();
  readonly #tokens = new Map<string, string>();
  #issued = 0;
  readonly lists: FakeLists = { tags: true, referrers: true, page: Infinity, link: undefined };

  private constructor(
    readonly server: WireServer,
    readonly url: string,
  ) {}

  /** With `secure`, it speaks TLS, and its URL has the given host name. */
  static async start(
    options: { auth?: FakeAuth; secure?: TlsOptions; host?: string } = {},
  ): Promise<FakeUpstream> {
    const { auth, secure, host = "127.0.0.1" } = options;
    const handle = (request: SeenRequest): Promise<Reply> => fake.#answer(request);
    const server = await WireServer.start(handle, secure);
    const fake = new FakeUpstream(server, `http${secure ? "s" : ""}://${host}:${server.port}`);
    if (auth) fake.auth = auth;
    return fake;
  }

  /** Who may pull; may be changed at any time. */
  set auth(auth: FakeAuth) {
    this.#auth = auth;
  }

  // ---- content -------------------------------------------------------------------------------

  /** Puts an image or index there, under the tag and by digest, with everything below it. */
  image(repository: string, tag: string, image: BuiltImage = buildImage()): BuiltImage {
    this.#manifest(repository, image);
    this.#files.set(`/v2/${repository}/manifests/${tag}`, this.#contentOf(image));
    return image;
  }

  /** Puts a blob there and returns its digest. */
  blob(repository: string, bytes: Uint8Array): Digest {
    const digest = digestOf(bytes);
    this.#files.set(`/v2/${repository}/blobs/${digest}`, { bytes, type: octets, digest });
    return digest;
  }

  /** Puts anything at a path: a target of redirects, a manifest that is none. */
  file(path: string, bytes: Uint8Array | string, type = octets): void {
    const content = bytesOf(bytes);
    this.#files.set(path, { bytes: content, type, digest: digestOf(content) });
  }

  /** Takes away what is at a path. */
  remove(path: string): void {
    this.#files.delete(path);
  }

  #manifest(repository: string, image: BuiltImage): void {
    this.#files.set(`/v2/${repository}/manifests/${image.digest}`, this.#contentOf(image));
    for (const [digest, bytes] of image.blobs) {
      this.#files.set(`/v2/${repository}/blobs/${digest}`, { bytes, type: octets, digest });
    }
    for (const member of image.members) this.#manifest(repository, member);
  }

  #contentOf(image: BuiltImage): Stored {
    return { bytes: image.payload, type: image.mediaType, digest: image.digest };
  }

  // ---- what it was asked ---------------------------------------------------------------------

  /** All requests that matched, in order. */
  seen(pattern = "*"): SeenRequest[] {
    return this.server.requests.filter((request) => matches(pattern, request));
  }

  count(pattern = "*"): number {
    return this.seen(pattern).length;
  }

  /** Bytes of bodies that were sent in answer to what matched. */
  sent(pattern = "*"): number {
    return this.seen(pattern).reduce((sum, request) => sum + request.sent, 0);
  }

  // ---- trouble -------------------------------------------------------------------------------

  /** From now on requests that match meet this fault; of several the one set last counts. */
  fault(pattern: string, fault: Fault): void {
    this.#faults.unshift({ pattern, fault, left: fault.times ?? Infinity });
  }

  /** All is well again. */
  heal(): void {
    this.#faults = [];
  }

  /** No token given so far is good any more. */
  revokeTokens(): void {
    this.#tokens.clear();
  }

  /** Cuts every connection and gives up the port: afterwards it is unreachable. */
  stop(): Promise<void> {
    return this.server.stop();
  }

  // ---- answering -----------------------------------------------------------------------------

  async #answer(request: SeenRequest): Promise<Reply> {
    const found = this.#faults.find(
      ({ pattern, left, fault: { ranged } }) =>
        left > 0 &&
        matches(pattern, request) &&
        (ranged ?? request.headers.has("range")) === request.headers.has("range"),
    );
    const fault = found?.fault ?? {};
    if (found) found.left--;
    if (fault.gate) await fault.gate.pass();
    if (fault.hang) return "hang";
    if (fault.reset) return "reset";
    const start = fault.raw !== undefined && bytesOf(fault.raw);
    if (start && fault.endless !== undefined) return { start, piece: bytesOf(fault.endless) };
    if (start) return start;
    return distort(this.#usual(request, fault), fault, request);
  }

  #usual(request: SeenRequest, fault: Fault): WireAnswer {
    if (request.path === "/token") return this.#token(request);
    const refusal = request.path.startsWith("/v2/") ? this.#refusal(request) : undefined;
    if (refusal) return refusal;
    if (request.path === "/v2/") return plain(200, "{}", { "content-type": "application/json" });
    const list = request.method === "GET" && listed(request, this.#files, this.lists);
    if (list) return list;
    const content = this.#files.get(request.path);
    if (!content || !["GET", "HEAD"].includes(request.method)) {
      return plain(404, '{"errors":[{"code":"NAME_UNKNOWN","message":"not here"}]}');
    }
    return serve(request, content, fault.ignoreRange === true);
  }

  #refusal({ path, headers }: SeenRequest): WireAnswer | undefined {
    const auth = this.#auth;
    const given = headers.get("authorization");
    if (auth.kind === "none") return undefined;
    if (auth.kind === "basic") {
      if (given === basic(auth.username, auth.password)) return undefined;
      return plain(401, "", { "www-authenticate": 'Basic realm="fake"' });
    }
    const scope = scopeOf(path);
    const issuer = auth.issuer ?? this;
    const good = given?.startsWith("Bearer ") && issuer.#tokens.get(given.slice(7));
    if (good !== undefined && good !== false && (scope === "" || good === scope)) return undefined;
    const realm = auth.realm ?? `${issuer.url}/token`;
    const challenge = `Bearer realm="${realm}",service="fake"${scope && `,scope="${scope}"`}`;
    return plain(401, "{}", { "www-authenticate": challenge });
  }

  #token({ query, headers }: SeenRequest): WireAnswer {
    const auth = this.#auth.kind === "bearer" ? this.#auth : undefined;
    const given = headers.get("authorization");
    const { username, password } = auth ?? {};
    const wanted = username === undefined ? given : basic(username, password ?? "");
    const refused = given === null ? auth?.anonymous === false : given !== wanted;
    if (refused) return plain(401, '{"errors":[{"code":"UNAUTHORIZED","message":"who?"}]}');
    const token = `token-${++this.#issued}-${this.server.port}`;
    this.#tokens.set(token, query.get("scope") ?? "");
    const seconds = auth?.expiresIn ?? 300;
    const answer = { [auth?.field ?? "token"]: token, ...(seconds && { expires_in: seconds }) };
    return plain(200, JSON.stringify(answer), { "content-type": "application/json" });
  }
}

function serve(request: SeenRequest, content: Stored, ignoreRange: boolean): WireAnswer {
  const { bytes, type, digest } = content;
  const headers: Record<string, string> = { "content-type": type, etag: `"${digest}"` };
  if (request.path.startsWith("/v2/")) headers["docker-content-digest"] = digest;
  const condition = request.headers.get("if-range");
  const asked = request.method === "GET" && (condition === null || condition === `"${digest}"`);
  const spec = asked && !ignoreRange ? readRange(request.headers.get("range")) : undefined;
  const range = spec && rangeWithin(spec, bytes.length);
  if (!range) return { status: 200, headers, body: bytes, framing: "length" };
  if (range === "unsatisfiable") return plain(416, "");
  headers["content-range"] = `bytes ${range.first}-${range.last}/${bytes.length}`;
  const body = bytes.subarray(range.first, range.last + 1);
  return { status: 206, headers, body, framing: "length" };
}

function distort(answer: WireAnswer, fault: Fault, request: SeenRequest): WireAnswer {
  const { redirect, wrongByte, framing, status, headers, body, cutAfter, tap } = fault;
  const changed = { ...answer, headers: { ...answer.headers }, cutAfter, tap };
  if (redirect !== undefined) {
    const location = typeof redirect === "string" ? redirect : redirect(request);
    Object.assign(changed, plain(307, "", { location }));
  }
  if (status !== undefined) changed.status = status;
  // A fault with a status of its own is not the object any more.
  if (body !== undefined) changed.body = bytesOf(body);
  else if (status !== undefined && status >= 300) changed.body = new Uint8Array();
  if (framing !== undefined) changed.framing = framing;
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (value === null) delete changed.headers[name];
    else changed.headers[name] = value;
  }
  if (wrongByte !== undefined) {
    changed.body = changed.body.slice();
    changed.body[wrongByte] = (changed.body[wrongByte] ?? 0) ^ 1;
  }
  return changed;
}

function plain(status: number, text: string, headers: Record<string, string> = {}): WireAnswer {
  return { status, headers, body: bytesOf(text), framing: "length" };
}

function scopeOf(path: string): string {
  const repository = /^\/v2\/(.+)\/(?:manifests|blobs|tags|referrers)\//.exec(path)?.[1];
  return repository === undefined ? "" : `repository:${repository}:pull`;
}

function matches(pattern: string, { method, path }: SeenRequest): boolean {
  const parts = pattern.split("*").map((part) => RegExp.escape(part));
  return new RegExp(`^${parts.join(".*")}$`).test(`${method} ${path}`);
}

const bytesOf = (content: string | Uint8Array) =>
  typeof content === "string" ? new TextEncoder().encode(content) : content;

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}
