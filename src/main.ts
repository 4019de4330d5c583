import { readFileSync, writeSync } from "node:fs";
import manifest from "../package.json" with { type: "json" };
import { startWeir } from "./app.ts";
import { runCli } from "./cli/index.ts";
import type { World } from "./cli/command.ts";
import { systemClock } from "./lib/clock.ts";
import { DescriptorTarget } from "./lib/log-target.ts";
import { createLog, failureCode, failureTrace, type Log } from "./lib/log.ts";

const { version } = manifest;

/** Whole lines, at once: nothing may be lost when the process ends right after. */
const io: World["io"] = {
  out: (text) => void writeSync(1, `${text}\n`),
  err: (text) => void writeSync(2, `${text}\n`),
};

const secondSignalMs = 1000;

const serve: World["serve"] = async (config, started) => {
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
  env: process.env,
  readFile: (path) => readFileSync(path, "utf8"),
  version,
  serve,
});
// Said, since a log that nobody reads would keep the process alive.
process.exit(code);
