import { describe, expect, test } from "bun:test";
import { Glob } from "bun";
import { readFileSync } from "node:fs";
import path from "node:path";

/** Imports go to a later row only; folders of one row do not know each other (docs/architecture.md). */
const rows = [
  ["main.ts"],
  ["cli"],
  ["app.ts"],
  ["migration.ts"],
  ["stores.ts", "examination.ts"],
  ["config.ts"],
  ["http"],
  ["pull", "access", "work"],
  ["blobs", "metadata", "upstream"],
  ["oci"],
  ["lib"],
];
/** What constructs and joins: a server, and what a command looks at without one. */
const constructing = ["app.ts", "migration.ts", "stores.ts", "examination.ts"];
const src = path.join(import.meta.dir, "../src");
const files = [...new Glob("**/*.ts").scanSync(src)].sort();
const text = (file: string) => readFileSync(path.join(src, file), "utf8");
const code = (file: string) => text(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");

/** The noun that a file belongs to: its top folder, or the file itself at the top. */
const noun = (file: string) => file.split("/")[0] ?? "";
const rowOf = (file: string) => rows.findIndex((row) => row.includes(noun(file)));

function imports(file: string): string[] {
  const found = code(file).matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g);
  return [...found].map(([, target]) => path.join(path.dirname(file), target ?? ""));
}

const edges = files
  .flatMap((file) => imports(file).map((target) => ({ file, target })))
  .filter(({ target }) => target !== "../package.json");
const show = ({ file, target }: { file: string; target: string }) => `${file} → ${target}`;

describe("architecture", () => {
  test("every file has a place", () => {
    expect(files.filter((file) => rowOf(file) === -1)).toEqual([]);
  });

  test("imports go one way", () => {
    const wrong = edges.filter(
      ({ file, target }) => noun(file) !== noun(target) && rowOf(target) <= rowOf(file),
    );
    expect(wrong.map(show)).toEqual([]);
  });

  test("only app.ts, migration.ts, stores.ts and examination.ts import implementations; others see contracts", () => {
    const contracted = new Set(["http", "pull", "access", "work", "blobs", "metadata", "upstream"]);
    const wrong = edges.filter(
      ({ file, target }) =>
        contracted.has(noun(target)) &&
        noun(file) !== noun(target) &&
        !constructing.includes(file) &&
        !target.endsWith("/contract.ts"),
    );
    expect(wrong.map(show)).toEqual([]);
  });

  test("config.ts is for main.ts, cli/ and who constructs alone", () => {
    const wrong = edges.filter(
      ({ file, target }) =>
        target === "config.ts" &&
        !["main.ts", ...constructing].includes(file) &&
        noun(file) !== "cli",
    );
    expect(wrong.map(show)).toEqual([]);
  });

  const reserved: [what: string, pattern: RegExp, owners: string[]][] = [
    [
      "the environment",
      /\b(?:process|Bun|import\.meta)\.env\b/,
      // The second names it, so that nothing of it comes into the console.
      ["main.ts", "http/console/bundle.ts"],
    ],
    [
      "the clock",
      /\bDate\.now\(|new Date\(\)|\bperformance\.now\(|\bset(?:Timeout|Interval|Immediate)\(|Bun\.sleep/,
      ["lib/clock.ts"],
    ],
    [
      "outbound sockets",
      /(?<![.#\w])fetch\(|Bun\.connect|FetchSession|node:(?:https?|net|tls|dgram)"/,
      // The first dials whatever upstreams name, guarded; the second the endpoint of the operator's own bucket alone, which
      // may have an inner address; both have another connection tried beside theirs. A command asks the server that it is
      // for (docs/decisions/0018-command-line.md), and the last one our own server, on this machine.
      [
        "upstream/transport.ts",
        "blobs/s3/transport.ts",
        "lib/connecting.ts",
        "cli/outbound.ts",
        "cli/commands/healthcheck.ts",
      ],
    ],
    ["name look-ups", /Bun\.dns|node:dns/, ["upstream/guard.ts"]],
    ["console", /\bconsole\./, ["main.ts"]],
  ];
  for (const [what, pattern, owners] of reserved) {
    test(`${what}: ${owners.join(", ")} alone`, () => {
      const wrong = files.filter((file) => !owners.includes(file) && pattern.test(code(file)));
      expect(wrong.filter((file) => !(what === "console" && noun(file) === "cli"))).toEqual([]);
    });
  }

  test("files stay readable: under 400 lines, few over 220", () => {
    const long = files.map((file) => ({ file, lines: text(file).split("\n").length }));
    expect(long.filter(({ lines }) => lines > 400)).toEqual([]);
    expect(long.filter(({ lines }) => lines > 220).length).toBeLessThanOrEqual(files.length / 8);
  });

  test("contracts have no optional methods", () => {
    const wrong = files.filter((file) => file.endsWith("contract.ts") && /\w\?\(/.test(code(file)));
    expect(wrong).toEqual([]);
  });

  test("the console stands by itself: of the server it knows the API's document alone", () => {
    const web = path.join(import.meta.dir, "../web");
    const all = [...new Glob("**/*.{ts,tsx}").scanSync(web)];
    const read = (file: string) => readFileSync(path.join(web, file), "utf8");
    const outside = all.filter((file) =>
      [...read(file).matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].some(([, target = ""]) =>
        path.join(path.dirname(file), target).startsWith(".."),
      ),
    );
    expect(all.length).toBeGreaterThan(20);
    expect(outside).toEqual([]);
    const long = all.filter((file) => read(file).split("\n").length > 220);
    expect(long.filter((file) => file !== "api/schema.ts")).toEqual([]);
  });

  test("the server knows of the console's sources where it bundles them alone, and of its packages nowhere", () => {
    const packages =
      /from "(?:react|react-dom|react-aria[\w-]*|@tanstack\/[\w-]+|wouter|openapi-fetch)[/"]/;
    expect(files.filter((file) => packages.test(text(file)))).toEqual([]);
    // `upstream/web/` is something else.
    const naming = files.filter((file) => /"(?:\.\.\/)+web\/[^"]*"/.test(code(file)));
    expect(naming.filter((file) => !file.startsWith("upstream/"))).toEqual([
      "http/console/bundle.ts",
    ]);
  });
});
