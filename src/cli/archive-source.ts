import { closeSync, lstatSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import path from "node:path";
import { yieldTurn } from "../lib/clock.ts";
import { failureCode } from "../lib/log.ts";
import { archiveEnd, formatHeader, padding } from "../lib/tar/header.ts";
import { exit, Failure } from "./command.ts";

const pieceBytes = 256 << 10;

/** A file, or a folder as a tar, to be sent at the pace at which it is taken. */
export class ArchiveSource {
  readonly #file: string;
  readonly #sent: (bytes: number) => void;
  #problem: Failure | undefined;

  constructor(file: string, sent: (bytes: number) => void) {
    this.#file = file;
    this.#sent = sent;
  }

  /** Throws a `Failure` that names the file where it cannot be read: who sends it knows only that it broke off. */
  async sent<T>(send: (stream: ReadableStream<Uint8Array>) => Promise<T>): Promise<T> {
    try {
      return await send(this.#stream());
    } catch (error) {
      throw this.#problem ?? error;
    }
  }

  #stream(): ReadableStream<Uint8Array> {
    const pieces = this.#pieces();
    let sent = 0;
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const { value, done } = await pieces.next();
          if (done) return controller.close();
          this.#sent((sent += value.length));
          controller.enqueue(value);
        },
        async cancel() {
          await pieces.return(undefined);
        },
      },
      { highWaterMark: 0 },
    );
  }

  async *#pieces(): AsyncGenerator<Uint8Array> {
    try {
      yield* statSync(this.#file).isDirectory() ? packed(this.#file) : piecesOf(this.#file);
    } catch (error) {
      this.#problem = told(error, this.#file);
      throw this.#problem;
    }
  }
}

function told(error: unknown, file: string): Failure {
  if (error instanceof Failure) return error;
  const { path: where = file } = error as { path?: string };
  const text = `${where} cannot be read (${failureCode(error)}): is it there, and for this user to read?`;
  return new Failure(text, exit.failed, { cause: error });
}

async function* piecesOf(file: string): AsyncGenerator<Uint8Array> {
  const fd = openSync(file, "r");
  try {
    for (;;) {
      const buffer = Buffer.allocUnsafeSlow(pieceBytes);
      const count = readSync(fd, buffer, 0, pieceBytes, null);
      if (count === 0) return;
      yield buffer.subarray(0, count);
      await yieldTurn();
    }
  } finally {
    closeSync(fd);
  }
}

/** The files of a folder as a tar. */
async function* packed(folder: string): AsyncGenerator<Uint8Array> {
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
    const file = path.join(folder, name);
    const stats = lstatSync(file);
    if (!stats.isFile()) continue;
    yield formatHeader(name, stats.size);
    let left = stats.size;
    for await (const piece of piecesOf(file)) {
      left -= piece.length;
      if (left < 0) break;
      yield piece;
    }
    if (left !== 0) throw new Failure(`${file} was changed while it was read`);
    if (stats.size % 512 !== 0) yield padding(stats.size);
  }
  yield archiveEnd;
}
