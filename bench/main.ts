import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { tellJanitor } from "../test/e2e/lab/processes.ts";
import { findTool } from "../test/e2e/lab/tools.ts";
import { describeMachine } from "./machine.ts";
import { readOptions, usage, type Options } from "./options.ts";
import { checkRelay } from "./relay-check.ts";
import { takeMeasures } from "./session.ts";
import { startUpstream } from "./upstream.ts";

// fetch would obey a proxy of the environment even for loopback addresses.
process.env["NO_PROXY"] = "127.0.0.1";

const say = (text: string) => console.log(text);

/** Runs the bench; false when something could not be measured as it should. */
async function main(options: Options, folder: string): Promise<boolean> {
  if (findTool("docker-registry") === undefined)
    throw new Error("docker-registry is the upstream of every measure (Debian: docker-registry)");
  const machine = await describeMachine();
  machine.forEach(say);
  const upstream = await startUpstream(folder, options);
  const relay = await checkRelay(upstream);
  say(relay);
  const outcome = await takeMeasures({ options, upstream }, folder, say);
  if (options.json !== undefined) {
    const samples = Object.fromEntries(
      [...outcome.samples].map(([measure, found]) => [measure, Object.fromEntries(found)]),
    );
    const record = { at: new Date().toISOString(), machine, relay, options, ...outcome, samples };
    writeFileSync(options.json, `${JSON.stringify(record, undefined, 2)}\n`);
  }
  return outcome.failures.length === 0;
}

async function start(args: string[]): Promise<number> {
  let options: Options | "help";
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    return 2;
  }
  if (options === "help") {
    say(usage);
    return 0;
  }
  const folder = mkdtempSync(path.join(tmpdir(), "weir-bench-"));
  tellJanitor("folder", folder);
  try {
    return (await main(options, folder)) ? 0 : 1;
  } catch (error) {
    console.error((error as Error).message);
    return 1;
  }
}

// However this program ends, the janitor then ends what was started and removes the folder.
process.exit(await start(Bun.argv.slice(2)));
