// Everything but the end-to-end part: types, lint, format, unit tests. Stops at the first that fails.
import { spawnSync } from "node:child_process";
import { runBun } from "../bin/bun.mjs";

const steps = [
  ["types", () => runBun(["check", "--no-script"])],
  ["lint", () => lint()],
  [
    "format",
    () => runBun(["fmt", "--no-script", "--check", "src", "test", "bench", "bin", "scripts"]),
  ],
  ["tests", () => runBun(["test", "--path-ignore-patterns", "test/e2e/**"])],
];

function lint() {
  const oxlint = new URL("../node_modules/oxlint/bin/oxlint", import.meta.url).pathname;
  const args = [
    oxlint,
    "--type-aware",
    "--deny-warnings",
    "src",
    "test",
    "bench",
    "bin",
    "scripts",
  ];
  return spawnSync(process.execPath, args, { stdio: "inherit" }).status ?? 1;
}

for (const [name, run] of steps) {
  console.log(`check: ${name}`);
  const code = await run();
  if (code !== 0) {
    console.error(`check: ${name} failed`);
    process.exit(code);
  }
}
