import http from "node:http";
import type { AddressInfo } from "node:net";

/** Stands in front of an upstream: counts the requests it gets and can hold its answers to a rate. */
export class CountingProxy {
  /** How often each `METHOD path` was asked for, and how many body bytes went out for it. */
  readonly requests = new Map<string, { count: number; bytes: number }>();
  #bytesPerSecond = Number.POSITIVE_INFINITY;
  /** When the line is free for the next bytes; all answers share it. */
  #free = 0;

  private constructor(
    readonly port: number,
    readonly close: () => Promise<void>,
  ) {}

  static async start(upstreamPort: number): Promise<CountingProxy> {
    const agent = new http.Agent({ keepAlive: true });
    const server = http.createServer((request, response) => {
      void proxy.#relay(request, response, { port: upstreamPort, agent });
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    const proxy = new CountingProxy((server.address() as AddressInfo).port, async () => {
      agent.destroy();
      server.closeAllConnections();
      server.close();
    });
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** From now on all answers together run at this rate at most. */
  limit(bytesPerSecond: number): void {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** The requests of one method whose path matches, with their counts. */
  counts(method: string, path: RegExp): Record<string, number> {
    const found = [...this.requests].filter(([key]) => {
      const [verb, target = ""] = key.split(" ");
      return verb === method && path.test(target);
    });
    return Object.fromEntries(found.map(([key, { count }]) => [key, count]));
  }

  /** Body bytes sent in answers to requests whose path matches. */
  bytes(path: RegExp): number {
    const found = [...this.requests].filter(([key]) => path.test(key));
    return found.reduce((sum, [, { bytes }]) => sum + bytes, 0);
  }

  async #relay(
    request: http.IncomingMessage,
    response: http.ServerResponse,
    upstream: { port: number; agent: http.Agent },
  ): Promise<void> {
    const key = `${request.method} ${request.url?.split("?")[0]}`;
    const noted = this.requests.get(key) ?? { count: 0, bytes: 0 };
    this.requests.set(key, noted);
    noted.count += 1;
    const { method, url: path, headers } = request;
    const asked = http.request({ host: "127.0.0.1", ...upstream, method, path, headers });
    response.on("close", () => asked.destroy());
    try {
      request.pipe(asked);
      const answer = await new Promise<http.IncomingMessage>((resolve, reject) =>
        asked.on("response", resolve).on("error", reject),
      );
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      response.flushHeaders();
      for await (const chunk of answer as AsyncIterable<Buffer>) {
        await this.#turn(chunk.length);
        if (response.destroyed) return;
        noted.bytes += chunk.length;
        if (!response.write(chunk)) await writable(response);
      }
      response.end();
    } catch {
      // The socket, not the response: Bun ends a destroyed response as an empty 200.
      request.socket.destroy();
    }
  }

  /** Waits until bytes may go at the allowed rate. */
  async #turn(length: number): Promise<void> {
    const now = performance.now();
    const start = Math.max(this.#free, now);
    this.#free = start + (length / this.#bytesPerSecond) * 1000;
    if (start > now) await Bun.sleep(start - now);
  }
}

/** Until the peer took what was written, or left. */
function writable(response: http.ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      response.off("drain", end).off("close", end);
      resolve();
    };
    response.on("drain", end).on("close", end);
  });
}
