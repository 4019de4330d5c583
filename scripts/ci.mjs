// Installs what the tests use, runs the checks and the README's test command, and what is worth proving on the other
// database and the other store (docs/testing.md says what and why). Shows what they print and how long each took, and closes with one
// line: `N passed, N failed`. A test that was skipped counts as failed: CI has everything that a test can need.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { stripVTControlCharacters } from "node:util";

const totals = { passed: 0, failed: 0 };
const times = [];

/**
 * Runs a shell command to its end; its exit code and everything it printed. What several print at once is shown by whole lines,
 * each of which begins with `mark`, and is also given to `seen`.
 */
async function run(command, { mark = "", seen = () => {} } = {}) {
  console.log(`ci: ${command}`);
  const begun = performance.now();
  const child = spawn("bash", ["-c", command], { stdio: ["ignore", "pipe", "pipe"] });
  const lines = [];
  for (const [stream, out] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ]) {
    createInterface({ input: stream }).on("line", (line) => {
      out.write(`${mark}${line}\n`);
      lines.push(stripVTControlCharacters(line));
      seen(lines.at(-1));
    });
  }
  const code = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (number) => resolve(number ?? 1));
  });
  times.push(`${Math.round((performance.now() - begun) / 1000)} s: ${command}`);
  return { code, text: lines.join("\n") };
}

/** The sum of a line such as ` 12 pass` over every run of `bun test` in the text. */
function sum(text, word) {
  const lines = text.matchAll(new RegExp(`^ (\\d+) ${word}$`, "gm"));
  return [...lines].reduce((total, [, count]) => total + Number(count), 0);
}

async function check(command) {
  const { code } = await run(command);
  if (code !== 0) totals.failed += 1;
  return code === 0;
}

async function tests(command, how) {
  const { code, text } = await run(command, how);
  const passed = sum(text, "pass");
  const failed = sum(text, "fail") + sum(text, "skip") + sum(text, "todo");
  totals.passed += passed;
  // A run that broke off before its summary, or found nothing to do, is a failure too.
  totals.failed += failed === 0 && (code !== 0 || passed === 0) ? 1 : failed;
}

/** Where nothing after it would make sense. */
async function stop() {
  await cosign;
  end();
}

function end() {
  console.log(`ci: ${Math.round(performance.now() / 1000)} s in all\n${times.join("\n")}`);
  console.log(`${totals.passed} passed, ${totals.failed} failed`);
  process.exit(totals.failed === 0 ? 0 : 1);
}

// The compiler works while packages come from the network, and beside what does not need it yet, and gives way to that.
const server = check("bash scripts/build-go.sh s3-server");
const programs = server.then(() =>
  check("nice -n 10 bash scripts/build-go.sh go-clients deploy-tools"),
);
// Its tests wait for it by themselves.
const cosign = programs.then(() => check("nice -n 10 bash scripts/build-go.sh cosign"));
// Not `npm ci`: it refuses a lock file without the optional packages of platforms that we do not support.
if (!(await check("npm install --no-audit --no-fund"))) await stop();
// Packages are waited for more than worked on.
const packages = check("bash scripts/ci-install.sh --packages");
await check("npm run check -- types lint format");
if (!(await packages)) await stop();
await server;
await tests("npm run check -- pair");
await programs;
// The end-to-end part waits as much as it computes: it runs on both pairs at once.
let begins = () => {};
const isThere = new Promise((resolve) => {
  begins = resolve;
});
const seen = (line) => {
  if (line === "check: e2e") begins();
};
const everything = tests("npm install && npm test", { seen }).then(begins);
await isThere;
const onOther = tests("npm run check -- e2e-pair", { mark: "e2e-pair: " });
await Promise.all([everything, onOther, cosign]);
end();
