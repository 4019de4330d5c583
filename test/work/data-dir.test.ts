import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { isWellFormedSecret } from "../../src/lib/secret.ts";
import { DataDirError } from "../../src/work/contract.ts";
import { openDataDir } from "../../src/work/data-dir.ts";

let base: string;
let folder: string;
beforeEach(() => {
  base = mkdtempSync(path.join(tmpdir(), "weir-data-"));
  folder = path.join(base, "a", "data");
});
afterEach(() => rmSync(base, { recursive: true }));

const mode = (file: string) => statSync(file).mode & 0o777;

/** The message of a refusal. */
function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof DataDirError) return error.message;
    throw error;
  }
  throw new Error("it was not refused");
}

test("a missing folder is made, private, with a key of its own that stays", () => {
  const { secret } = openDataDir(folder, undefined);
  expect(isWellFormedSecret(secret, "weir_key_")).toBe(true);
  expect(mode(folder)).toBe(0o700);
  expect(mode(path.join(folder, "secret.key"))).toBe(0o600);
  expect(readFileSync(path.join(folder, "secret.key"), "utf8")).toBe(`${secret}\n`);
  expect(openDataDir(folder, undefined)).toEqual({ secret });
  expect(readdirSync(folder)).toEqual(["secret.key"]);
});

test("a folder that is there keeps its mode", () => {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o750);
  openDataDir(folder, undefined);
  expect(mode(folder)).toBe(0o750);
});

test("a given key is taken, and none is made", () => {
  expect(openDataDir(folder, "given")).toEqual({ secret: "given" });
  expect(readdirSync(folder)).toEqual([]);
});

describe("no usable folder", () => {
  const cases: [what: string, prepare: () => string, code: string][] = [
    ["a file", () => (writeFileSync(path.join(base, "f"), ""), path.join(base, "f")), "EEXIST"],
    [
      "below a file",
      () => (writeFileSync(path.join(base, "f"), ""), path.join(base, "f/d")),
      "ENOTDIR",
    ],
    ["a folder that takes no files", () => "/proc", "ENOENT"],
  ];
  test.each(cases)("%s", (_, prepare, code) => {
    const folder = prepare();
    expect(refusal(() => openDataDir(folder, undefined))).toBe(
      `WEIR_DATA_DIR: ${folder} cannot be written to (${code}); ` +
        "give a folder that this user may write to, or change its owner",
    );
  });
});

describe("no usable key", () => {
  const key = () => path.join(folder, "secret.key");
  beforeEach(() => mkdirSync(folder, { recursive: true }));

  test.each(["", "short\n", "a".repeat(64)])("%p", (text) => {
    writeFileSync(key(), text);
    const message = refusal(() => openDataDir(folder, undefined));
    expect(message).toStartWith(
      `${key()}: is no usable key (too short or too plain); restore it, or`,
    );
    expect(message).toContain("WEIR_SECRET_KEY");
    expect(readFileSync(key(), "utf8")).toBe(text);
  });

  test("a folder in its place", () => {
    mkdirSync(key());
    expect(refusal(() => openDataDir(folder, undefined))).toContain("is no usable key (EISDIR)");
  });

  test("a link to nowhere is not written through", () => {
    symlinkSync(path.join(base, "elsewhere"), key());
    expect(refusal(() => openDataDir(folder, undefined))).toContain("is no usable key (ENOENT)");
    expect(existsSync(path.join(base, "elsewhere"))).toBe(false);
  });
});
