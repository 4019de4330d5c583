import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { operations } from "./conformance.ts";

const folder = path.join(import.meta.dir, "../../../docs");
const page = readFileSync(path.join(folder, "api.md"), "utf8");

/** `/groups/:group/members` and `/groups/{id}/members` are one. */
const plain = (path: string) => path.replace(/:\w+|\{\w+\}|<\w+>/g, ":").replace(/\?.*$/, "");

/** What the rows of the page's tables say: methods, and paths that have them all. */
function* rows(): Generator<string> {
  const known: string[] = [];
  for (const [, methods = "", cell = ""] of page.matchAll(/^\| ([A-Z][A-Z, ]*) \| ([^|]*) \|/gm)) {
    const paths = [...cell.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => resolve(text, known));
    known.push(...paths);
    for (const path of paths) for (const method of methods.split(", ")) yield `${method} ${path}`;
  }
}

/** `…/registries/:id/cache` goes on from the newest path that has the first word behind the dots. */
function resolve(text: string, known: readonly string[]): string {
  const path = plain(text);
  if (!path.startsWith("…")) return path;
  const rest = path.slice(1);
  const first = `/${rest.split("/")[1] ?? ""}`;
  const before = known.toReversed().find((one) => one.includes(first));
  if (before === undefined) throw new Error(`${text} goes on from nothing`);
  return before.slice(0, before.indexOf(first)) + rest;
}

test("each endpoint of the document stands in docs/api.md, and nothing else does", () => {
  const documented = new Set(
    operations.map(({ method, path }) => `${method} ${plain(path)}`.replace("/api/v4", "")),
  );
  const told = new Set(rows());
  expect([...told].sort()).toEqual([...documented].sort());
});

test("what other pages name of the API is there", () => {
  const documented = new Set(operations.map(({ method, path }) => `${method} ${plain(path)}`));
  // Itself is none of its operations.
  documented.add("GET /api/v4/openapi.json");
  const named = readdirSync(folder)
    .filter((name) => name.endsWith(".md"))
    .flatMap((name) => [
      ...readFileSync(path.join(folder, name), "utf8").matchAll(
        /`((?:GET|PUT|POST|PATCH|DELETE) \/api\/v4\/[^ `]+)`/g,
      ),
    ])
    .map(([, text = ""]) => plain(text));
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((one) => !documented.has(one))).toEqual([]);
});
