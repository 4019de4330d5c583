import { afterEach, beforeEach, expect, test } from "bun:test";
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync } from "node:fs";
import { constants } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DescriptorTarget } from "../../src/lib/log-target.ts";
import { SteppedClock } from "../fakes/clock.ts";
import { until } from "../fakes/until.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "weir-log-"));
  file = path.join(folder, "log");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("lines wait for each other, and come in order, each whole", async () => {
  const clock = new SteppedClock();
  const fd = openSync(file, "w");
  const target = new DescriptorTarget(clock, fd);
  target.write("one\n");
  target.write("two\n");
  expect(readFileSync(file, "utf8")).toBe("");
  clock.step(100);
  await until(() => readFileSync(file, "utf8") === "one\ntwo\n");
  const many = Array.from({ length: 5000 }, (_, i) => `line ${i} ${"x".repeat(50)}\n`);
  for (const line of many) target.write(line);
  await target.flush();
  expect(readFileSync(file, "utf8")).toBe(`one\ntwo\n${many.join("")}`);
  closeSync(fd);
});

test("a reader that does not read stops nobody: what is too much is dropped and counted", async () => {
  const clock = new SteppedClock();
  const pipe = path.join(folder, "pipe");
  expect(Bun.spawnSync(["mkfifo", pipe]).exitCode).toBe(0);
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
  const target = new DescriptorTarget(clock, writer);
  const line = `${"x".repeat(1023)}\n`;
  for (let i = 0; i < 20_000; i++) target.write(line); // 20 MB into a pipe of 64 KiB, without blocking
  let text = "";
  const buffer = Buffer.alloc(1 << 20);
  const drain = () => {
    try {
      text += buffer.toString("utf8", 0, readSync(reader, buffer));
    } catch {
      // Nothing there at the moment: the target tries again when its clock goes on.
    }
    clock.step(100);
    return text.includes("log lines lost");
  };
  await until(drain);
  const lines = text.trimEnd().split("\n");
  const last = JSON.parse(lines.at(-1) ?? "") as { lines: number };
  expect(lines.slice(0, -1).every((one) => one.length === 1023)).toBe(true);
  expect(last.lines + lines.length - 1).toBe(20_000);
  closeSync(writer);
  closeSync(reader);
});
