import { describe, expect, test } from "bun:test";
import { Glob } from "bun";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { nextByCode, nextByReason, nextOfCut, nextOfRules } from "../src/http/live/next.ts";

const top = path.join(import.meta.dir, "..");
const read = (file: string) => readFileSync(path.join(top, file), "utf8");
const sources = [...new Glob("src/{pull,http,access,upstream}/**/*.ts").scanSync(top)].filter(
  (file) => !file.startsWith("src/http/api/"),
);

/** Texts that a client or an operator may meet: what errors are constructed with. */
function messages(): string[] {
  const call =
    /(?:new RegistryError\(\s*"\w+"|unauthorized\(|invalid\(|#error\("\w+"|explained\(\w+, "\w+"|failure\(\s*"\w+",\s*[\w.]+|contradiction\(\s*\w+)\s*,?\s*["`]([^"`]+)["`]/g;
  const variable = /const (?:message|did) =\s*([^;]+);/g;
  return sources.flatMap((file) => {
    const text = read(file);
    const variables = [...text.matchAll(variable)].flatMap(([, value = ""]) =>
      [...value.matchAll(/(=== )?["`]([^"`]+)["`]/g)]
        .filter(([, compared]) => compared === undefined)
        .map(([, , literal = ""]) => literal),
    );
    return [...[...text.matchAll(call)].map(([, literal = ""]) => literal), ...variables];
  });
}

/** The fixed part of a template. */
const fixed = (message: string) =>
  message
    .replace(/^upstream "\$\{\w+\}" /, "")
    .split(/\$\{[^}]*\}/)
    .toSorted((a, b) => b.length - a.length)[0]
    ?.trim() ?? "";

describe("documents", () => {
  test("troubleshooting lists every message", () => {
    const text = read("docs/troubleshooting.md").replaceAll("&lt;", "<").replaceAll("&gt;", ">");
    const all = messages()
      .map(fixed)
      .filter((message) => message.length > 3);
    expect(all.length).toBeGreaterThan(40);
    expect(all.filter((message) => !text.includes(message))).toEqual([]);
  });

  test("troubleshooting has what to do about each failure, word by word", () => {
    const text = read("docs/troubleshooting.md");
    const rows = [...Object.entries(nextByReason), ...Object.entries(nextByCode)];
    const wanted = [...rows.map(([key, next]) => `| ${key} | ${next} |`), nextOfRules, nextOfCut];
    expect(wanted.filter((one) => !text.includes(one))).toEqual([]);
  });

  test("each message is expected by a test, word by word", () => {
    const tests = [...new Glob("test/**/*.ts").scanSync(top)].map(read).join("\n");
    const all = messages()
      .map(fixed)
      .filter((message) => message.length > 3);
    expect(all.filter((message) => !tests.includes(message))).toEqual([]);
  });

  test("links lead somewhere", () => {
    const documents = [
      "README.md",
      "CONTRIBUTING.md",
      "SECURITY.md",
      ...new Glob("docs/**/*.md").scanSync(top),
    ];
    const dead = documents.flatMap((file) =>
      [...read(file).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)]
        .map(([, target = ""]) => path.join(path.dirname(file), target))
        .filter((target) => !existsSync(path.join(top, target)))
        .map((target) => `${file} → ${target}`),
    );
    expect(dead).toEqual([]);
  });

  test("clients.md names the versions that the end-to-end tests build", () => {
    const modules = read("test/e2e/lab/go/go.mod");
    const rows = read("docs/clients.md").split("\n");
    const clients = {
      crane: "github.com/google/go-containerregistry",
      regctl: "github.com/regclient/regclient",
      oras: "oras.land/oras",
      cosign: "github.com/sigstore/cosign/v3",
    };
    for (const [name, module] of Object.entries(clients)) {
      const version = new RegExp(`\\s${module} v(\\S+)`).exec(modules)?.[1];
      expect(rows.find((row) => row.startsWith(`| ${name} | `))).toContain(`| ${version} |`);
    }
  });
});
