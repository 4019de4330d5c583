import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";

/** A request as the bucket saw it. */
export interface SeenRequest {
  method: string;
  /** With its query. */
  path: string;
  headers: Headers;
}

/** What is done to a request instead of passing it on; undefined: it is passed on. */
export type Fault = (
  request: SeenRequest,
  pass: () => Promise<Response>,
) => Promise<Response> | undefined;

/** An error document as S3 writes it. */
export function errorDocument(
  status: number,
  code: string,
  headers: Record<string, string> = {},
): Response {
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>no</Message></Error>`;
  return new Response(body, { status, headers: { "content-type": "application/xml", ...headers } });
}

/**
 * Stands before a real server: passes requests on, counts them, and breaks what a test wants broken. Signatures stay
 * right, since they are of the name by which this one is called. It is one of node's servers, which keep lengths.
 */
export class S3Faults {
  readonly seen: SeenRequest[] = [];
  readonly #sockets = new Map<SeenRequest, Socket>();
  fault: Fault | undefined;
  readonly #server: Server;

  private constructor(
    readonly target: string,
    readonly secure: { cert: string; key: string } | undefined,
  ) {
    const answer = (request: IncomingMessage, response: ServerResponse) =>
      void this.#answer(request, response);
    this.#server = secure ? createSecureServer(secure, answer) : createServer(answer);
  }

  /** With `secure` it speaks TLS. */
  static async start(target: string, secure?: { cert: string; key: string }): Promise<S3Faults> {
    const faults = new S3Faults(target, secure);
    faults.#server.listen(0, "127.0.0.1");
    await once(faults.#server, "listening");
    return faults;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url: path = "" } = request;
    const headers = new Headers(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    const seen = { method, path, headers };
    this.seen.push(seen);
    this.#sockets.set(seen, request.socket);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const url = this.target + path;
    const init = { method, headers, decompress: false, redirect: "manual" } as const;
    const pass = () => fetch(url, { ...init, ...(body.length > 0 && { body }) });
    try {
      const answer = await (this.fault?.(seen, pass) ?? pass());
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      for await (const chunk of answer.body ?? []) response.write(chunk);
      response.end();
    } catch {
      request.socket.destroy(); // a cut, by the test or by the server behind
    }
  }

  get endpoint(): string {
    return `http${this.secure ? "s" : ""}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How many requests of this kind have come. */
  count(method: string, pattern: RegExp = /./): number {
    return this.seen.filter((one) => one.method === method && pattern.test(one.path)).length;
  }

  /** How many connections are open that these requests came by. */
  connections(wanted: (request: SeenRequest) => boolean): number {
    return [...this.#sockets].filter(([seen, socket]) => wanted(seen) && !socket.destroyed).length;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}
