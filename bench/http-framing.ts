/** How far a body reaches, as its header says. */
export type Length = { kind: "bytes"; left: number } | { kind: "chunked" } | { kind: "close" };

export interface Head {
  status: number;
  length: Length;
}

/** Gathers bytes up to the empty line that ends a header. */
export class HeadReader {
  #text = "";

  /** Takes bytes from `from` on; gives the header once it is whole, and where the next byte stands. */
  feed(bytes: Buffer, from: number): { text: string; next: number } | undefined {
    const before = this.#text.length;
    this.#text += bytes.toString("latin1", from);
    const end = this.#text.indexOf("\r\n\r\n");
    if (end === -1) return undefined;
    const text = this.#text.slice(0, end);
    this.#text = "";
    return { text, next: from + end + 4 - before };
  }
}

/** Reads the header of an answer to a GET or HEAD (RFC 9112, section 6.3). */
export function parseHead(text: string, method: string): Head {
  const status = Number(text.split(" ", 2)[1]);
  const length = /^content-length: *(\d+)/im.exec(text)?.[1];
  if (method === "HEAD" || status === 204 || status === 304)
    return { status, length: { kind: "bytes", left: 0 } };
  if (/^transfer-encoding: *chunked/im.test(text)) return { status, length: { kind: "chunked" } };
  if (length === undefined) return { status, length: { kind: "close" } };
  return { status, length: { kind: "bytes", left: Number(length) } };
}

/** Counts the payload of a chunked body (RFC 9112, section 7.1) without looking at it. */
export class ChunkCounter {
  bytes = 0;
  done = false;
  #skip = 0;
  #line = "";

  feed(bytes: Buffer): void {
    for (let at = 0; at < bytes.length && !this.done;) {
      if (this.#skip > 0) {
        const passed = Math.min(this.#skip, bytes.length - at);
        this.#skip -= passed;
        at += passed;
        continue;
      }
      const end = bytes.indexOf("\n", at);
      this.#line += bytes.toString("latin1", at, end === -1 ? undefined : end);
      if (end === -1) return;
      at = end + 1;
      this.#begin(Number.parseInt(this.#line, 16));
      this.#line = "";
    }
  }

  #begin(size: number): void {
    if (Number.isNaN(size)) throw new Error("a chunk without a size");
    this.bytes += size;
    this.#skip = size + 2;
    this.done = size === 0;
  }
}
