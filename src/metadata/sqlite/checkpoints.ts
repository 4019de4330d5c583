import type { Database, Statement } from "bun:sqlite";
import { type FileHandle, open } from "node:fs/promises";
import type { Log } from "../../lib/log.ts";
import { type Checkpointed, checkpointing, type Told } from "./checkpointing.ts";

/** In pages. Writing back fewer at a time would wait for the disk more often. */
const logPages = 4000;
/** Beyond, whoever writes has to write back as well. */
const maxLogPages = 65_536;
/** What SQLite does by itself, where there is no thread for it. */
const unaidedPages = 1000;
const writesPerLook = 16;

/**
 * Keeps the write-ahead log small, from a thread of its own: writing it back into the database waits for the disk, and
 * pulls would have to wait with it. The thread is there from the first time that the log has grown.
 */
export class Checkpoints {
  readonly #database: Database;
  readonly #file: string;
  readonly #log: Log;
  readonly #look: Statement<Checkpointed, []>;
  #writes = 0;
  #nextAt: number;
  #worker: Worker | undefined;
  #isRunning = false;
  #failure: string | undefined;
  #wal: Promise<FileHandle> | undefined;

  constructor(database: Database, file: string, log: Log, { pages = logPages } = {}) {
    this.#database = database;
    this.#file = file;
    this.#log = log;
    this.#nextAt = pages;
    this.pages = pages;
    this.#look = database.prepare<Checkpointed, []>("pragma wal_checkpoint(noop)");
    database.run(`pragma wal_autocheckpoint = ${maxLogPages}`);
  }

  /** How many pages of log are written back at a time. */
  readonly pages: number;

  /** Whether the thread may have the write lock. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Something was written, outside a transaction or by one. */
  written(): void {
    if (++this.#writes % writesPerLook !== 0 || this.#isRunning) return;
    const { log = 0 } = this.#look.get() ?? {};
    if (log >= this.#nextAt) this.#run();
  }

  /** Resolves when what has been committed would survive a power failure. */
  async durable(): Promise<void> {
    // SQLite's locks are on the other files: it does not matter to them that this one is opened, and closed, by others.
    this.#wal ??= open(`${this.#file}-wal`, "r");
    const wal = await this.#wal;
    await wal.datasync();
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    if (worker) {
      const closed = new Promise((resolve) => worker.addEventListener("close", resolve));
      worker.postMessage("close");
      await closed;
    }
    this.#look.finalize();
    await (await this.#wal)?.close();
  }

  #run(): void {
    this.#isRunning = true;
    this.#worker ??= this.#start();
    this.#worker.postMessage("run");
  }

  #start(): Worker {
    const program = `import { Database } from "bun:sqlite";
(${checkpointing.toString()})(Database, globalThis, ${JSON.stringify(this.#file)});`;
    const url = URL.createObjectURL(new Blob([program], { type: "application/javascript" }));
    const worker = new Worker(url, { name: "checkpoints", smol: true, ref: false });
    worker.addEventListener("message", ({ data }: MessageEvent<Told>) => this.#told(data));
    worker.addEventListener("error", () => worker.terminate());
    worker.addEventListener("close", () => this.#gone(worker));
    return worker;
  }

  #told({ log, failure }: Told): void {
    this.#isRunning = false;
    // Where somebody still reads what is old, or the disk is full, it can only be tried again later.
    this.#nextAt = log + this.pages;
    if (failure !== undefined && failure !== this.#failure) {
      this.#log.warn("the database's log could not be written back; it grows until it can", {
        code: failure,
      });
    }
    this.#failure = failure;
  }

  #gone(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#nextAt = Number.POSITIVE_INFINITY;
    this.#worker = undefined;
    this.#isRunning = false;
    this.#database.run(`pragma wal_autocheckpoint = ${unaidedPages}`);
    this.#log.warn("the database's log is written back beside pulls: its thread has ended");
  }
}
