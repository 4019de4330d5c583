import tls from "node:tls";
import { type Clock } from "../lib/clock.ts";

/** The commands' own requests, to the server that they are for. (Those to upstreams go by `upstream/transport.ts`.) */
export interface Outgoing {
  method: string;
  url: URL;
  headers: Record<string, string>;
  body?: string | ReadableStream<Uint8Array> | undefined;
  /** Milliseconds until all of the answer is there. */
  deadline: number;
  /** The most bytes that the answer may have; more of it is `Unanswered`. */
  most?: number;
}

/** Why there is no answer; the message names no secret. */
export class Unanswered extends Error {
  override readonly name = "Unanswered";
}

export interface Incoming {
  status: number;
  headers: Headers;
  text: string;
}

/** The most that an answer may have. */
const maxAnswer = 64 << 20;

/**
 * Sends a request and reads all of the answer. Follows no redirect, since a token is for the server that it was given for,
 * and goes through no proxy. Throws `Unanswered`.
 */
export async function send(clock: Clock, request: Outgoing): Promise<Incoming> {
  const aborter = new AbortController();
  const timer = clock.after(request.deadline, () => aborter.abort());
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: request.headers,
      ...(request.body !== undefined && { body: request.body }),
      redirect: "manual",
      proxy: false,
      signal: aborter.signal,
    });
    return {
      status: response.status,
      headers: response.headers,
      text: await read(response, request.most),
    };
  } catch (error) {
    if (error instanceof Unanswered) throw error;
    const reason = aborter.signal.aborted ? "did not answer in time" : whyOf(error);
    throw new Unanswered(reason, { cause: error });
  } finally {
    timer.cancel();
  }
}

/** The same where the answer is a file, which comes as it is read; what is no file is read as `send` does. Throws `Unanswered`. */
export async function receive(
  request: Omit<Outgoing, "deadline" | "body"> & { body: string },
): Promise<Incoming | { status: 200; file: ReadableStream<Uint8Array> }> {
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: request.headers,
      body: request.body,
      redirect: "manual",
      proxy: false,
    });
    const isFile = response.headers.get("content-type") === "application/x-tar";
    if (response.status === 200 && response.body && isFile) {
      return { status: 200, file: response.body };
    }
    return { status: response.status, headers: response.headers, text: await read(response) };
  } catch (error) {
    if (error instanceof Unanswered) throw error;
    throw new Unanswered(whyOf(error), { cause: error });
  }
}

async function read(response: Response, most = maxAnswer): Promise<string> {
  const decoder = new TextDecoder();
  const parts: string[] = [];
  let size = 0;
  for await (const bytes of response.body ?? []) {
    size += bytes.length;
    if (size > most) throw new Unanswered("answered with far more than it should");
    parts.push(decoder.decode(bytes, { stream: true }));
  }
  return parts.join("") + decoder.decode();
}

const reasons: [pattern: RegExp, reason: string][] = [
  [/ConnectionRefused|ECONNREFUSED/, "refuses connections: it does not run, or at another port"],
  [/ENOTFOUND|EAI_|DNS|FailedToOpenSocket/, "has a name that does not resolve, or no such address"],
  [/CERT_HAS_EXPIRED/, "has a certificate that has expired"],
  [/CERT|SELF_SIGNED|ISSUER/, "has a certificate that this machine does not trust"],
  [/TIMEDOUT|Timeout/, "did not answer in time"],
];

function whyOf(error: unknown): string {
  const { code, name } = error as { code?: string; name?: string };
  const text = code ?? name ?? "unknown";
  const known = reasons.find(([pattern]) => pattern.test(text));
  return known?.[1] ?? `cannot be reached (${text})`;
}

export interface Certificate {
  validFrom: number;
  validTo: number;
  /** Undefined: it is one that this machine trusts for this name. */
  problem: string | undefined;
}

const textOf = (value: unknown) => (typeof value === "string" && value ? value : undefined);

/** The certificate that is shown at this address, whether it is trusted or not. Throws `Unanswered`. */
export function certificateAt(clock: Clock, url: URL, deadline: number): Promise<Certificate> {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const { promise, resolve, reject } = Promise.withResolvers<Certificate>();
  const name = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
  // Looked at and nothing sent: what is not trusted is what is to be found out.
  const options = { host, port: Number(url.port || 443), rejectUnauthorized: false, ...name };
  const socket = tls.connect(options, () => {
    const { valid_from: from, valid_to: to } = socket.getPeerCertificate();
    // A text or an error, whatever its type says.
    const error = socket.authorizationError as unknown;
    const problem = error instanceof Error ? error.message : textOf(error);
    resolve({ validFrom: Date.parse(from), validTo: Date.parse(to), problem });
  });
  socket.on("error", (error) => reject(new Unanswered(whyOf(error), { cause: error })));
  const timer = clock.after(deadline, () => reject(new Unanswered("did not answer in time")));
  return promise.finally(() => {
    timer.cancel();
    socket.destroy();
  });
}
