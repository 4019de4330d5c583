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
 * right, since they are of the name by which this one is called.
 */
export class S3Faults {
  readonly seen: SeenRequest[] = [];
  fault: Fault | undefined;
  readonly #server;

  constructor(target: string) {
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      idleTimeout: 120,
      fetch: async (request) => {
        const { pathname, search } = new URL(request.url);
        const seen = { method: request.method, path: pathname + search, headers: request.headers };
        this.seen.push(seen);
        const body = await request.bytes();
        const pass = () =>
          fetch(target + seen.path, {
            method: seen.method,
            headers: request.headers,
            ...(body.length > 0 && { body }),
            decompress: false,
            redirect: "manual",
          });
        return (await this.fault?.(seen, pass)) ?? pass();
      },
    });
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  /** How many requests of this kind have come. */
  count(method: string, pattern: RegExp = /./): number {
    return this.seen.filter((one) => one.method === method && pattern.test(one.path)).length;
  }

  async stop(): Promise<void> {
    await this.#server.stop(true);
  }
}
