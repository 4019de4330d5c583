// Everything but the end-to-end part: types, lint, format, unit tests; or only the steps that are named. Stops at the
// first that fails.
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { findBun, runBun } from "../bin/bun.mjs";

/**
 * Two processes, for the two cores of a small machine. What all files load is loaded, and compiled for being run often, once in
 * each: to do that for every file anew would cost as much as the tests.
 */
const inTwo = ["test", "--parallel=2", "--no-isolate"];
const folders = ["src", "web", "test", "bench", "bin", "scripts"];
const steps = {
  types: () => runBun(["check", "--no-script"]),
  lint: () => lint(),
  format: () => runBun(["fmt", "--no-script", "--check", ...folders]),
  tests: () => withPostgres((shared) => unitTests([], { ...process.env, ...shared })),
};
/** What goes through database and store: of `test/pull` not what is about upstreams alone, and what keeps the store as it should be. */
const withBoth = [
  ...["bucket", "fills", "pull", "servers"].map((name) => `test/pull/${name}.test.ts`),
  "test/work/space-model.test.ts",
];
/** Only where they are named. */
const more = {
  postgres: () => testsOnPostgres([], {}),
  e2e: () => withExecutable((started) => endToEnd(3, { ...process.env, ...started })),
  /** What of it goes through database and store, on the other one of each. */
  "e2e-pair": () => onPair(2),
  /** What works with database and blobs the most, on the other one of each at once. */
  pair: () => testsOnPostgres(withBoth, { WEIR_TEST_BLOBS: "s3" }),
};

/**
 * Of the end-to-end part: what is about the console, the API's document, examples, packaging or the lab, and what says by itself
 * where its database and blobs are.
 */
const neitherOfBoth = [
  "console/*",
  "deploy.test.ts",
  "examples.test.ts",
  "fuzz.test.ts",
  "rig.test.ts",
  "backup.test.ts",
  "disk.test.ts",
  "migrate.test.ts",
];

/** Files that took long the last time begin first, so that none is left alone at the end. */
function endToEnd(processes, env, without = []) {
  const timings = ["--timings", "test/e2e/timings.json"];
  const ignored = without.flatMap((name) => ["--path-ignore-patterns", `test/e2e/${name}`]);
  const how = [`--parallel=${processes}`, "--timeout", "20000", ...timings, ...ignored];
  return runBun(["test", ...how, "test/e2e"], env);
}

const onPair = (processes) =>
  withExecutable((started) =>
    withPostgres((shared) => {
      const pair = { WEIR_E2E_PAIR: "postgres-s3" };
      const env = { ...process.env, ...shared, ...started, ...pair };
      return endToEnd(processes, env, neitherOfBoth);
    }),
  );

/**
 * With the setting that has servers started from the executable, which is built where it is not there: it takes half of the
 * processor time of a start from the clone. Where the setting is given, that counts; empty it means the clone.
 */
async function withExecutable(body) {
  if (process.env["WEIR_E2E_EXECUTABLE"] !== undefined) return body({});
  const script = fileURLToPath(new URL("build-tested.sh", import.meta.url));
  const { status } = spawnSync("bash", [script], { stdio: "inherit" });
  if (status !== 0) return status ?? 1;
  const file = fileURLToPath(new URL("../.cache/tested/weir", import.meta.url));
  return body({ WEIR_E2E_EXECUTABLE: file });
}

function unitTests(folders = [], env = process.env, seconds = 20) {
  const all = [...inTwo, ...folders, "--timeout", `${seconds}000`];
  return inScratch((TMPDIR) =>
    runBun([...all, "--path-ignore-patterns", "test/e2e/**"], {
      ...env,
      ...seldomCompiled,
      TMPDIR,
    }),
  );
}

/**
 * What runs for minutes only, and the most of it a few hundred times, is compiled five times later than a server's code is: what
 * the engine's compilers do is a quarter of the tests' processor time else.
 */
const seldomCompiled = {
  BUN_JSC_thresholdForOptimizeAfterWarmUp: "5000",
  BUN_JSC_thresholdForOptimizeAfterLongWarmUp: "5000",
  BUN_JSC_thresholdForFTLOptimizeAfterWarmUp: "400000",
};

async function inScratch(body) {
  const scratch = makeScratch();
  try {
    return await body(scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Where the tests put their thousands of short-lived folders: in memory where that has room, which halves what a server costs. */
function makeScratch() {
  const memory = "/dev/shm";
  const folder = mkdtempSync(
    path.join(freeBytes(memory) > 4 * 2 ** 30 ? memory : tmpdir(), "weir-"),
  );
  // PostgreSQL runs as another user.
  chmodSync(folder, 0o1777);
  return folder;
}

function freeBytes(folder) {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return 0; // not there
  }
}

/** Tests, each server in them on a database of one PostgreSQL. */
function testsOnPostgres(folders, more) {
  return withPostgres((shared) => {
    if (!shared) return 1;
    const env = { ...process.env, ...shared, WEIR_TEST_DATABASE: "postgres", ...more };
    return unitTests(folders, env, 60);
  });
}

/** Does it with the settings of a PostgreSQL that is started for it; undefined where there is none. */
function withPostgres(body) {
  return inScratch((scratch) => withPostgresIn(scratch, body));
}

/** To make a database is to make hundreds of files, which takes a tenth of the time in memory. */
async function withPostgresIn(TMPDIR, body) {
  const script = fileURLToPath(new URL("../test/fakes/serve-postgres.ts", import.meta.url));
  const env = { ...process.env, TMPDIR };
  const server = spawn(findBun(), [script], { stdio: ["pipe", "pipe", "inherit"], env });
  const ended = new Promise((resolve) => server.on("exit", resolve));
  try {
    const url = await Promise.race([
      new Promise((resolve) => server.stdout.once("data", (data) => resolve(String(data).trim()))),
      ended,
    ]);
    return await body(typeof url === "string" ? { WEIR_TEST_POSTGRES_URL: url } : undefined);
  } finally {
    server.stdin.end();
    await ended;
  }
}

function lint() {
  const oxlint = fileURLToPath(new URL("../node_modules/oxlint/bin/oxlint", import.meta.url));
  const args = [oxlint, "--type-aware", "--deny-warnings", ...folders];
  return spawnSync(process.execPath, args, { stdio: "inherit" }).status ?? 1;
}

const asked = process.argv.slice(2);
const all = { ...steps, ...more };
const unknown = asked.filter((name) => !Object.hasOwn(all, name));
if (unknown.length > 0) {
  console.error(`check: no step ${unknown.join(", ")}; there are ${Object.keys(all).join(", ")}`);
  process.exit(2);
}
for (const name of asked.length > 0 ? asked : Object.keys(steps)) {
  console.log(`check: ${name}`);
  const code = await all[name]();
  if (code !== 0) {
    console.error(`check: ${name} failed`);
    process.exit(code);
  }
}
