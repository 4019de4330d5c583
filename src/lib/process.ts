import { readdirSync, readFileSync, statfsSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";

/** What the operating system says of this process. What it does not say is undefined. */
export interface ProcessFacts {
  /** Of all threads, in the program and for it, since its start. */
  cpuSeconds: number;
  residentBytes: number;
  openFiles: number | undefined;
  mostOpenFiles: number | undefined;
}

export function processFacts(): ProcessFacts {
  const { user, system } = process.cpuUsage();
  return {
    cpuSeconds: (user + system) / 1e6,
    residentBytes: process.memoryUsage.rss(),
    openFiles: orUndefined(() => readdirSync("/proc/self/fd").length),
    mostOpenFiles: orUndefined(() => {
      const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))!;
      return Number(soft);
    }),
  };
}

/** Bytes that are free where this path is, for who is no administrator; undefined where nobody says. */
export function freeBytes(path: string): number | undefined {
  return orUndefined(() => {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  });
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined; // another system than Linux, or one that shows less
  }
}

const nanoseconds = 1e-9;

/** How long things that are due have to wait for their turn. */
export class LoopDelay {
  readonly #histogram: ReturnType<typeof monitorEventLoopDelay>;

  constructor() {
    this.#histogram = monitorEventLoopDelay({ resolution: 50 });
    this.#histogram.enable();
  }

  /** Seconds since the last `forget`: half of all waited so long at most, and so on; none where nothing was seen yet. */
  measured(): [stat: string, seconds: number][] {
    if (this.#histogram.count === 0) return [];
    const at = (percentile: number) => this.#histogram.percentile(percentile) * nanoseconds;
    return [
      ["p50", at(50)],
      ["p90", at(90)],
      ["p99", at(99)],
      ["max", at(100)],
    ];
  }

  forget(): void {
    this.#histogram.reset();
  }

  stop(): void {
    this.#histogram.disable();
  }
}
