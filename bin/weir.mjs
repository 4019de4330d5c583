#!/usr/bin/env node
// The command `weir`: starts src/main.ts on the pinned Bun.
import { fileURLToPath } from "node:url";
import { runBun } from "./bun.mjs";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
// Bun's own limit of 256 outgoing requests is per process and can only be raised from outside.
const env = { BUN_CONFIG_MAX_HTTP_REQUESTS: "2048", ...process.env };
process.exitCode = await runBun([main, ...process.argv.slice(2)], env);
