#!/usr/bin/env node
// Runs the pinned Bun with the given arguments. npm's own link only works where install scripts may
// run, so the platform's binary is looked up here: `bun` moves it out of `@oven/bun-*` in its script.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The path of a runnable Bun, or an error that says what to do. */
export function findBun() {
  const bunFolder = folderOfBun();
  const oven = path.join(path.dirname(bunFolder), "@oven");
  const candidates = [
    path.join(bunFolder, "bin", "bun.exe"),
    ...(existsSync(oven) ? readdirSync(oven) : []).flatMap((name) =>
      ["bun", "bun.exe"].map((file) => path.join(oven, name, "bin", file)),
    ),
  ];
  // The placeholder that stands there before the install script ran is a few hundred bytes.
  const found = candidates.find((file) => existsSync(file) && statSync(file).size > 1 << 20);
  if (!found) throw missing();
  return found;
}

function folderOfBun() {
  try {
    return path.dirname(createRequire(import.meta.url).resolve("bun/package.json"));
  } catch {
    throw missing();
  }
}

function missing() {
  return new Error("Bun is not installed. Run `npm install` in the folder of weir.");
}

/** Runs Bun in the foreground; resolves with its exit code, a signal counting as 128 + its number. */
export function runBun(args, env = process.env) {
  let bun;
  try {
    bun = findBun();
  } catch (error) {
    console.error(error.message);
    return Promise.resolve(1);
  }
  const child = spawn(bun, args, { stdio: "inherit", env });
  // A terminal sends SIGINT to the whole group, so only signals meant for this process are passed on.
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = await runBun(process.argv.slice(2));
}
