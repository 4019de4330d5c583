import net from "node:net";
import tls from "node:tls";
import { yieldTurn } from "../../src/lib/clock.ts";

/** A request as it came over the wire. */
export interface SeenRequest {
  method: string;
  /** Without the query. */
  path: string;
  query: URLSearchParams;
  headers: Headers;
  /** Number of the connection that it came by, from 1. */
  connection: number;
  /** Bytes of the body that were handed to the connection. */
  sent: number;
}

/** An answer whose framing is under the test's control, however broken. */
export interface WireAnswer {
  status: number;
  headers: Record<string, string>;
  body: Uint8Array;
  /** `close` has no length: the end of the connection ends the body. */
  framing: "length" | "chunked" | "close";
  /** The connection ends after so many bytes of the body, whatever was announced. */
  cutAfter?: number | undefined;
  /** Decides how many bytes may go out. */
  tap?: Tap | undefined;
}

/** Bytes sent as they are, then a piece again and again until the peer goes away. */
export interface EndlessAnswer {
  start: Uint8Array;
  piece: Uint8Array;
}

/** `hang`: no answer until the server stops; `reset`: the connection ends without one; bytes: sent as they are. */
export type Reply = WireAnswer | EndlessAnswer | Uint8Array | "hang" | "reset";

/** Something that a test opens: whoever passes waits until then. */
export class Gate {
  readonly #opened = Promise.withResolvers<void>();
  readonly #arrivals = new Watched(0);

  open(): void {
    this.#opened.resolve();
  }

  async pass(): Promise<void> {
    this.#arrivals.set(this.#arrivals.value + 1);
    await this.#opened.promise;
  }

  /** Resolves when so many have come to the gate, passed or not. */
  arrived(count = 1): Promise<void> {
    return this.#arrivals.until((arrivals) => arrivals >= count);
  }
}

/** Lets a body's bytes out as the test says. */
export class Tap {
  readonly #allowed = new Watched(0);

  /** Lets so many more bytes out. */
  release(bytes: number): void {
    this.#allowed.set(this.#allowed.value + bytes);
  }

  /** Lets all the rest out. */
  open(): void {
    this.#allowed.set(Infinity);
  }

  /** How many bytes may be out by now, once that is more than `position`. */
  async beyond(position: number): Promise<number> {
    await this.#allowed.until((allowed) => allowed > position);
    return this.#allowed.value;
  }
}

/** A value that can be waited for. */
class Watched<T> {
  #waiting: { met: (value: T) => boolean; resolve: () => void }[] = [];

  constructor(public value: T) {}

  set(value: T): void {
    this.value = value;
    const met = this.#waiting.filter((waiter) => waiter.met(value));
    this.#waiting = this.#waiting.filter((waiter) => !met.includes(waiter));
    for (const waiter of met) waiter.resolve();
  }

  until(met: (value: T) => boolean): Promise<void> {
    if (met(this.value)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ met, resolve }));
  }
}

const maxWrite = 256 << 10;

/**
 * An HTTP/1.1 server for GET and HEAD on a loopback port, written on bare sockets: `Bun.serve` cannot announce the
 * length of a body that it streams, and mends what a test wants broken.
 */
export class WireServer {
  readonly requests: SeenRequest[] = [];
  readonly #open = new Watched(0);
  readonly #busy = new Watched(0);
  readonly #sockets = new Set<net.Socket>();
  readonly #server: net.Server;
  #connections = 0;

  private constructor(
    readonly answer: (request: SeenRequest) => Reply | Promise<Reply>,
    secure: tls.TlsOptions | undefined,
  ) {
    const accept = (socket: net.Socket) => this.#accept(socket);
    this.#server = secure ? tls.createServer(secure, accept) : net.createServer(accept);
  }

  static async start(
    answer: (request: SeenRequest) => Reply | Promise<Reply>,
    secure?: tls.TlsOptions,
  ): Promise<WireServer> {
    const server = new WireServer(answer, secure);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  /** Connections that are open now, idle ones too. */
  get open(): number {
    return this.#open.value;
  }

  /** How many connections there were. */
  get connections(): number {
    return this.#connections;
  }

  /** Resolves when no connection is open. */
  closed(): Promise<void> {
    return this.#open.until((open) => open === 0);
  }

  /** Resolves when no request is being answered. */
  quiet(): Promise<void> {
    return this.#busy.until((busy) => busy === 0);
  }

  /** Cuts what is left and closes the port. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([closed, this.closed()]);
  }

  #accept(socket: net.Socket): void {
    const connection = ++this.#connections;
    this.#sockets.add(socket);
    this.#open.set(this.#sockets.size);
    const gone = new Promise<"gone">((resolve) => socket.once("close", () => resolve("gone")));
    socket.setNoDelay(true);
    socket.on("error", () => {}); // a peer that goes away is part of the tests; "close" follows
    socket.on("close", () => {
      this.#sockets.delete(socket);
      this.#open.set(this.#sockets.size);
    });
    let text = "";
    let answering = false;
    const next = async () => {
      const end = text.indexOf("\r\n\r\n");
      if (answering || end === -1) return;
      const head = text.slice(0, end);
      text = text.slice(end + 4);
      answering = true;
      this.#busy.set(this.#busy.value + 1);
      await this.#serve(socket, parseHead(head, connection), gone);
      this.#busy.set(this.#busy.value - 1);
      answering = false;
      void next();
    };
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      void next();
    });
  }

  async #serve(socket: net.Socket, request: SeenRequest, gone: Promise<"gone">): Promise<void> {
    this.requests.push(request);
    const reply = await this.answer(request);
    if (reply === "hang") return void (await gone);
    if (reply === "reset") return void socket.destroy();
    if (reply instanceof Uint8Array) return void socket.end(reply);
    if ("piece" in reply) await repeat(socket, request, reply, gone);
    else await send(socket, request, reply, gone);
  }
}

function parseHead(head: string, connection: number): SeenRequest {
  const [line = "", ...fields] = head.split("\r\n");
  const [method = "", target = ""] = line.split(" ");
  const headers = new Headers();
  for (const field of fields) {
    const colon = field.indexOf(":");
    headers.append(field.slice(0, colon), field.slice(colon + 1).trim());
  }
  const [path = "", query = ""] = target.split("?", 2);
  const parsed = new URLSearchParams(query);
  return { method, path, query: parsed, headers, connection, sent: 0 };
}

async function send(
  socket: net.Socket,
  request: SeenRequest,
  answer: WireAnswer,
  gone: Promise<"gone">,
): Promise<void> {
  const { status, framing, body } = answer;
  const fields = { ...answer.headers };
  if (framing === "length") fields["content-length"] ??= String(body.length);
  if (framing === "chunked") fields["transfer-encoding"] = "chunked";
  if (framing === "close") fields["connection"] = "close";
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${status} ${status < 400 ? "OK" : "No"}\r\n${lines.join("")}\r\n`);
  if (request.method === "HEAD" || status === 204 || status === 304) return;
  const end = Math.min(body.length, answer.cutAfter ?? Infinity);
  while (request.sent < end) {
    const opened = answer.tap?.beyond(request.sent) ?? Infinity;
    const allowed = await Promise.race([opened, gone]);
    if (allowed === "gone") return;
    const slice = body.subarray(request.sent, Math.min(end, allowed, request.sent + maxWrite));
    if (framing === "chunked") socket.write(`${slice.length.toString(16)}\r\n`);
    if (!(await written(socket, slice, gone))) return;
    request.sent += slice.length;
    if (framing === "chunked") socket.write("\r\n");
  }
  if (answer.cutAfter !== undefined || framing === "close") return void socket.end();
  if (framing === "chunked") socket.write("0\r\n\r\n");
}

async function repeat(
  socket: net.Socket,
  request: SeenRequest,
  { start, piece }: EndlessAnswer,
  gone: Promise<"gone">,
): Promise<void> {
  socket.write(start);
  while (await written(socket, piece, gone)) {
    request.sent += piece.length;
    await yieldTurn(); // whoever is to notice that it is enough may live in this process
  }
}

/** False when the peer went away. */
async function written(
  socket: net.Socket,
  bytes: Uint8Array,
  gone: Promise<"gone">,
): Promise<boolean> {
  if (socket.destroyed) return false;
  if (socket.write(bytes)) return true;
  const drained = new Promise((resolve) => socket.once("drain", resolve));
  return (await Promise.race([drained, gone])) !== "gone";
}
