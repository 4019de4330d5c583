// Runs the checks and the README's test command, shows what they print, and closes with one line:
// `N passed, N failed`. A test that was skipped counts as failed: CI has everything that a test can need.
import { spawn } from "node:child_process";
import { stripVTControlCharacters } from "node:util";

const totals = { passed: 0, failed: 0 };

/** Runs a shell command to its end; its exit code and everything it printed. */
function run(command) {
  console.log(`ci: ${command}`);
  const child = spawn("bash", ["-c", command], { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const [stream, out] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ]) {
    stream.setEncoding("utf8").on("data", (data) => {
      text += data;
      out.write(data);
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, text: stripVTControlCharacters(text) }));
  });
}

/** The sum of a line such as ` 12 pass` over every run of `bun test` in the text. */
function sum(text, word) {
  const lines = text.matchAll(new RegExp(`^ (\\d+) ${word}$`, "gm"));
  return [...lines].reduce((total, [, count]) => total + Number(count), 0);
}

async function check(command) {
  const { code } = await run(command);
  if (code !== 0) totals.failed += 1;
}

async function tests(command) {
  const { code, text } = await run(command);
  const passed = sum(text, "pass");
  const failed = sum(text, "fail") + sum(text, "skip") + sum(text, "todo");
  totals.passed += passed;
  // A run that broke off before its summary, or found nothing to do, is a failure too.
  totals.failed += failed === 0 && (code !== 0 || passed === 0) ? 1 : failed;
}

await check("npm run check -- types lint format");
await tests("npm install && npm test");
// Once more with a bucket for the blobs: what a pull does must not depend on where they are.
await tests("WEIR_TEST_BLOBS=s3 node bin/bun.mjs test test/pull --parallel=2 --timeout 20000");
await tests("npm run check -- postgres");
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed === 0 ? 0 : 1;
