import type { Clock } from "../lib/clock.ts";
import { failureCode, type Log } from "../lib/log.ts";
import { RegistryError } from "../oci/error.ts";
import { isUpload } from "./api/uploads.ts";
import type { HttpApp } from "./app.ts";

/** Seconds without a byte taken or sent; a client at 12 kB/s is still served. */
export const idleSeconds = 120;
/** Beyond an archive that is imported, no request has a large body. */
const maxRequestBody = 64 << 10;

export interface ListenOptions {
  hostname: string;
  port: number;
  /** PEM files. */
  tls: { cert: string; key: string } | undefined;
  /** PEM file: only clients are let in that show a certificate which one of these authorities has signed. */
  clientCa?: string;
}

export interface RunningServer {
  /** The port it listens on, of use where 0 was asked for. */
  port: number;
  /** How many requests are under way. */
  underWay: () => number;
  /** Accepts nothing new and resolves when all answers under way have ended; after `ms` they are cut. */
  stop(ms: number): Promise<void>;
}

/** Starts listening. Throws the system's error where address or port cannot be had. */
export function startServer(
  { hostname, port, tls, clientCa }: ListenOptions,
  { app, clock, log }: { app: HttpApp; clock: Clock; log: Log },
): RunningServer {
  // Without TLS there is no certificate, whatever is configured.
  const isCertified = tls !== undefined && clientCa !== undefined;
  const server = Bun.serve({
    hostname,
    port,
    idleTimeout: idleSeconds,
    // Those who read a body bound it; what nobody reads stays with the sender, whom the kernel makes wait.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    development: false,
    // Said, since `development: false` alone would let a second server take the same port and half the requests.
    reusePort: false,
    ...(tls && { tls: tlsOptions(tls, clientCa) }),
    fetch: (request, server) => {
      // A malformed Host leaves a bare path here, which a router would read from a wrong place on.
      if (!request.url.startsWith("http") || !URL.canParse(request.url)) {
        const error = new RegistryError("bad_request", "the request's Host is not valid");
        return app.refuse(error, request);
      }
      const { method } = request;
      // Nearly all there is: it has no body that anybody would read.
      if (method === "GET" || method === "HEAD") return app.answer(request, server, isCertified);
      if (isUpload(request)) return closing(app.answer(request, server, isCertified));
      if (Number(request.headers.get("content-length")) > maxRequestBody) {
        const message = `the body must have at most ${maxRequestBody} bytes`;
        return app.refuse(new RegistryError("too_large", message), request);
      }
      return app.answer(request, server, isCertified);
    },
    // A stored file that cannot be opened after all: everything else is answered by the app.
    error(error) {
      log.error("answer failed", { code: failureCode(error) });
      const message = "the stored content could not be opened; try again";
      const again = { headers: { "Retry-After": "1" } };
      return app.refuse(new RegistryError("unavailable", message, again), undefined);
    },
  });
  return {
    port: server.port ?? port,
    underWay: () => server.pendingRequests,
    async stop(ms) {
      const ended = server.stop();
      const deadline = clock.after(ms, () => void server.stop(true));
      await ended;
      deadline.cancel();
    },
  };
}

/** Nobody reads the rest of an upload that was refused: the connection would hang, and a stop with it, until its sender goes. */
async function closing(answer: Promise<Response>): Promise<Response> {
  const response = await answer;
  if (response.status >= 400) response.headers.set("Connection", "close");
  return response;
}

/** A request does not tell of its certificate: so one server has it of all connections, or of none. */
function tlsOptions({ cert, key }: { cert: string; key: string }, clientCa: string | undefined) {
  const own = { cert: Bun.file(cert), key: Bun.file(key) };
  if (clientCa === undefined) return own;
  return { ...own, ca: Bun.file(clientCa), requestCert: true, rejectUnauthorized: true };
}
