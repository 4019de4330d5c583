import { readFileSync } from "node:fs";
import manifest from "../package.json" with { type: "json" };
import { startWeir } from "./app.ts";
import { runCli } from "./cli/index.ts";
import type { World } from "./cli/command.ts";
import { systemClock } from "./lib/clock.ts";
import { DescriptorTarget } from "./lib/log-target.ts";
import { createLog, failureCode, failureTrace, type Log } from "./lib/log.ts";

const { version } = manifest;

const serve: World["serve"] = async (config, started) => {
  const log = createLog(systemClock, config.logLevel, new DescriptorTarget(systemClock, 1));
  watchStrays(log);
  const told = Promise.withResolvers<string>();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => told.resolve(signal));
  }
  try {
    const weir = await startWeir(config, { clock: systemClock, log, version });
    started(weir.prepared);
    log.info("stopping", { signal: await told.promise });
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

process.exitCode = await runCli(process.argv.slice(2), {
  io: { out: (text) => console.log(text), err: (text) => console.error(text) },
  env: process.env,
  readFile: (path) => readFileSync(path, "utf8"),
  version,
  serve,
});
