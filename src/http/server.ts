import type { Clock } from "../lib/clock.ts";
import { failureCode, type Log } from "../lib/log.ts";
import { RegistryError } from "../oci/error.ts";
import type { HttpApp } from "./app.ts";

/** Seconds without a byte taken or sent; a client at 12 kB/s is still served. */
export const idleSeconds = 120;
/** No request of ours has a large body. */
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
    maxRequestBodySize: maxRequestBody,
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

/** A request does not tell of its certificate: so one server has it of all connections, or of none. */
function tlsOptions({ cert, key }: { cert: string; key: string }, clientCa: string | undefined) {
  const own = { cert: Bun.file(cert), key: Bun.file(key) };
  if (clientCa === undefined) return own;
  return { ...own, ca: Bun.file(clientCa), requestCert: true, rejectUnauthorized: true };
}
