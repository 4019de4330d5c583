import { now } from "./clock.ts";
import { ChunkCounter, HeadReader, parseHead, type Head } from "./http-framing.ts";

/** How one GET went; times in milliseconds of `now()`. */
export interface Download {
  status: number;
  bytes: number;
  firstByte: number;
  end: number;
}

const longest = 300_000;

/**
 * Gets a body and throws it away, over a bare socket: as cheap as curl, and it sees the first byte of the body
 * where curl's own time is that of the header. Rejects when the body is cut or takes over five minutes.
 */
export async function download(url: string, headers: Record<string, string>): Promise<Download> {
  const { hostname, port, pathname, host } = new URL(url);
  const fields = Object.entries({ Host: host, ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  const body = new Body();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error(`${url}: over five minutes`)), longest);
  const connected = Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      open: (socket) =>
        void socket.write([`GET ${pathname} HTTP/1.1`, ...fields, "", ""].join("\r\n")),
      data: (_, bytes) => {
        body.feed(bytes);
        if (!body.complete) return;
        body.end = now();
        resolve();
      },
      close: () => reject(new Error(`${url}: the connection closed before the body was whole`)),
      error: (_, error) => reject(error),
    },
  });
  try {
    const socket = await connected;
    await promise.finally(() => socket.terminate());
    return { status: body.status, bytes: body.bytes, firstByte: body.firstByte, end: body.end };
  } finally {
    clearTimeout(timer);
  }
}

class Body {
  bytes = 0;
  firstByte = Number.NaN;
  end = Number.NaN;
  #reader = new HeadReader();
  #head: Head | undefined;
  #chunks = new ChunkCounter();

  get status(): number {
    return this.#head?.status ?? 0;
  }

  get complete(): boolean {
    const length = this.#head?.length;
    if (length?.kind === "chunked") return this.#chunks.done;
    return length?.kind === "bytes" && this.bytes >= length.left;
  }

  feed(bytes: Buffer): void {
    let from = 0;
    if (!this.#head) {
      const found = this.#reader.feed(bytes, 0);
      if (!found) return;
      this.#head = parseHead(found.text, "GET");
      from = found.next;
    }
    if (from === bytes.length) return;
    if (Number.isNaN(this.firstByte)) this.firstByte = now();
    if (this.#head.length.kind === "chunked") {
      this.#chunks.feed(bytes.subarray(from));
      this.bytes = this.#chunks.bytes;
    } else this.bytes += bytes.length - from;
  }
}
