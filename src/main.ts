import { readFileSync, writeSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { isatty } from "node:tty";
import manifest from "../package.json" with { type: "json" };
import { runCli } from "./cli/index.ts";
import type { World } from "./cli/command.ts";
import { systemClock } from "./lib/clock.ts";
import { DescriptorTarget } from "./lib/log-target.ts";
import { createLog, failureCode, failureTrace, type Log } from "./lib/log.ts";

const { version } = manifest;

// What opens the data folder is loaded by the commands that do: the others are over in half the time.
const app = () => import("./app.ts");
const stores = () => import("./stores.ts");
const migration = () => import("./migration.ts");
const examination = () => import("./examination.ts");

const terminal = { in: isatty(0), out: isatty(1), err: isatty(2) };
/** Whether the last line of the terminal is a status, which other texts would be written behind. */
let hasStatus = false;

/** Whole lines, at once: nothing may be lost when the process ends right after. */
const io: World["io"] = {
  out: (text) => {
    io.status("");
    writeAll(1, `${text}\n`);
  },
  err: (text) => {
    io.status("");
    writeAll(2, `${text}\n`);
  },
  status: (text) => {
    if (!terminal.err || (text === "" && !hasStatus)) return;
    writeAll(2, `\r\u001B[K${text}`);
    hasStatus = text !== "";
  },
};

/** A pipe takes as much at a time as it has room for. */
function writeAll(descriptor: number, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) rest = rest.subarray(writeSome(descriptor, rest));
}

function writeSome(descriptor: number, bytes: Uint8Array): number {
  try {
    return writeSync(descriptor, bytes);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EAGAIN") return 0; // it is read slowly
    if (code === "EPIPE") process.exit(0); // nobody reads on, as behind `head`
    throw error;
  }
}

async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question);
  } finally {
    lines.close();
  }
}

const secondSignalMs = 1000;

const serve: World["serve"] = async (config, started) => {
  const { startWeir } = await app();
  const log = createLog(systemClock, config.logLevel, new DescriptorTarget(systemClock, 1));
  watchStrays(log);
  const told = Promise.withResolvers<string>();
  let toldAt = Number.POSITIVE_INFINITY;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      // A group's signal comes twice, directly and through the launcher; somebody who is in a hurry comes back later.
      if (systemClock.elapsed() > toldAt + secondSignalMs) process.exit(1);
      toldAt = Math.min(toldAt, systemClock.elapsed());
      told.resolve(signal);
    });
  }
  try {
    const weir = await startWeir(config, { clock: systemClock, log, version, random: Math.random });
    started(weir.prepared);
    weir.prepareConsole();
    const signal = await told.promise;
    io.err(`Weir ends, when running downloads have, in ${config.drainSeconds} s at the latest.`);
    log.info("stopping", { signal });
    await weir.stop();
    log.info("stopped");
  } finally {
    await log.flush();
  }
};

/**
 * A promise that nobody awaited must not end the pulls of everyone else. An exception that nobody caught leaves the
 * process in an unknown state: it ends, which is always safe.
 */
function watchStrays(log: Log): void {
  const report = (kind: string, error: unknown) =>
    log.error(kind, { code: failureCode(error), trace: failureTrace(error) });
  process.on("unhandledRejection", (error) => report("unhandled rejection", error));
  process.on("uncaughtException", (error) => {
    report("uncaught exception, ending", error);
    void log.flush().finally(() => process.exit(1));
  });
}

const code = await runCli(process.argv.slice(2), {
  io,
  terminal,
  env: process.env,
  readFile: (path) => readFileSync(path, "utf8"),
  readInput: () => Bun.stdin.text(),
  ask,
  clock: systemClock,
  version,
  serve,
  examine: async (...given) => (await examination()).examine(...given),
  stores: {
    async backUp(config, backing) {
      const { backUpWeir } = await stores();
      return backUpWeir(config, { clock: systemClock, version }, backing);
    },
    restore: async (...given) => (await stores()).restoreWeir(...given),
    async migrate(config, target, migrating) {
      const { migrateWeir } = await migration();
      const log = createLog(systemClock, "error", new DescriptorTarget(systemClock, 2));
      const around = { clock: systemClock, log, version, random: Math.random };
      const report = await migrateWeir(config, target, around, migrating);
      await log.flush();
      return report;
    },
    async verify(config, work) {
      const { verifyWeir } = await stores();
      // What it finds is told by the command.
      const log = createLog(systemClock, "error", new DescriptorTarget(systemClock, 2));
      await verifyWeir(config, { clock: systemClock, log, version, random: Math.random }, work);
      await log.flush();
    },
  },
});
// Said, since a log that nobody reads would keep the process alive.
process.exit(code);
