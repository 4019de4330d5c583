import { Database } from "bun:sqlite";

/**
 * Keeps a second process from the same database, as long as it is held. It is a transaction on a small file
 * of its own: the kernel gives it up with the process, however that ends, so nothing is ever left locked. (Code in
 * this process must not open that file by other means: closing it once would give up the process's POSIX locks.)
 */
export class FileLock {
  readonly #holder: Database;

  /** Throws `SQLITE_BUSY` at once when it is held elsewhere. */
  constructor(file: string) {
    this.#holder = new Database(`${file}.lock`, { create: true, readwrite: true });
    try {
      this.#holder.run("begin exclusive");
    } catch (error) {
      this.release();
      throw error;
    }
  }

  release(): void {
    this.#holder.close(true);
  }
}
