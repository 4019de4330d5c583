// Everything but the end-to-end part: types, lint, format, unit tests; or only the steps that are named. Stops at the
// first that fails.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { runBun } from "../bin/bun.mjs";

const folders = ["src", "test", "bench", "bin", "scripts"];
const steps = {
  types: () => runBun(["check", "--no-script"]),
  lint: () => lint(),
  format: () => runBun(["fmt", "--no-script", "--check", ...folders]),
  // Two processes, for the two cores of a small machine; the end-to-end part has the machine to itself.
  tests: () =>
    runBun(["test", "--parallel=2", "--timeout", "20000", "--path-ignore-patterns", "test/e2e/**"]),
};

function lint() {
  const oxlint = fileURLToPath(new URL("../node_modules/oxlint/bin/oxlint", import.meta.url));
  const args = [oxlint, "--type-aware", "--deny-warnings", ...folders];
  return spawnSync(process.execPath, args, { stdio: "inherit" }).status ?? 1;
}

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(steps, name));
if (unknown.length > 0) {
  console.error(`check: no step ${unknown.join(", ")}; there are ${Object.keys(steps).join(", ")}`);
  process.exit(2);
}
for (const name of asked.length > 0 ? asked : Object.keys(steps)) {
  console.log(`check: ${name}`);
  const code = await steps[name]();
  if (code !== 0) {
    console.error(`check: ${name} failed`);
    process.exit(code);
  }
}
