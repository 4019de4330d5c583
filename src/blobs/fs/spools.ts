import { mkdirSync, openSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Clock } from "../../lib/clock.ts";
import { failureCode, type Log } from "../../lib/log.ts";
import type { Digest } from "../../oci/digest.ts";
import { type Readiness, StoreFullError } from "../contract.ts";
import { FsSpool } from "./spool.ts";

/** What is stored already can be served all the same. */
const belowFloor =
  "stores nothing more: less than WEIR_MIN_FREE_BYTES is free on the disk of the data folder";

export interface SpoolsOptions {
  /** Holds `spool/`, which nothing else may use. */
  root: string;
  /** Free space that is left to the rest of the machine; below it nothing new is begun. */
  minFreeBytes: number;
  clock: Clock;
  log: Log;
}

/** The folder of growing files, `spool/<random>`. What is left there when the process starts is removed. */
export class Spools {
  readonly #folder: string;
  readonly #minFreeBytes: number;
  readonly #clock: Clock;
  readonly #log: Log;
  /** Those that are still growing, for the space they will yet need. */
  readonly #growing = new Set<FsSpool>();

  private constructor({ root, minFreeBytes, clock, log }: SpoolsOptions) {
    this.#folder = path.join(root, "spool");
    this.#minFreeBytes = minFreeBytes;
    this.#clock = clock;
    this.#log = log;
  }

  /** Makes the folder and removes what a killed process left. Throws the system's error. */
  static open(options: SpoolsOptions): Spools {
    const spools = new Spools(options);
    const folder = spools.#folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const leftovers = readdirSync(folder);
    for (const name of leftovers) rmSync(path.join(folder, name), { recursive: true, force: true });
    if (leftovers.length > 0) options.log.info("spool cleared", { files: leftovers.length });
    return spools;
  }

  /** Throws `StoreFullError` when there is no room for `expected` bytes. `placeOf`: where a commit moves it. */
  begin(expected: number, placeOf: ((digest: Digest) => string) | undefined): FsSpool {
    this.#requireSpace(expected);
    const file = path.join(this.#folder, crypto.randomUUID());
    try {
      const fd = openSync(file, "wx+", 0o600);
      const spool = new FsSpool({
        file,
        fd,
        expected,
        placeOf,
        clock: this.#clock,
        requireSpace: () => this.#requireSpace(0),
        ended: () => this.#growing.delete(spool),
      });
      this.#growing.add(spool);
      return spool;
    } catch (error) {
      throw new StoreFullError("the spool cannot be written to", { cause: error });
    }
  }

  ready(): Readiness {
    const file = path.join(this.#folder, `ready-${crypto.randomUUID()}`);
    try {
      // A full disk may still take files that hold nothing.
      writeFileSync(file, "ready", { flag: "wx", mode: 0o600 });
      rmSync(file);
      return this.room() < 0 ? { ready: true, reason: belowFloor } : { ready: true };
    } catch (error) {
      rmSync(file, { force: true });
      const code = failureCode(error);
      this.#log.warn("blob store is not writable", { code });
      return {
        ready: false,
        reason: `the spool in the data folder cannot be written to (${code})`,
      };
    }
  }

  /** Bytes above the floor of free space, less those that growing spools will yet need. */
  room(): number {
    const { bavail, bsize } = statfsSync(path.dirname(this.#folder));
    let promised = 0;
    for (const spool of this.#growing) promised += spool.outstanding;
    return bavail * bsize - promised - this.#minFreeBytes;
  }

  #requireSpace(wanted: number): void {
    if (this.room() < wanted) throw new StoreFullError("too little free space to store more");
  }
}
