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

/** As pages write numbers. */
const grouped = (value: number) => value.toLocaleString("en-US");

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

  test.each<[file: string, constant: string, words: (value: number) => string]>([
    ["oci/manifest", "maxManifestBytes", (n) => `| a manifest | ${n >> 20} MiB |`],
    ["oci/manifest", "maxChildren", (n) => `| ${grouped(n)} objects |`],
    ["http/api/input", "maxBody", (n) => `| ${n >> 10} KiB; `],
    ["http/server", "idleSeconds", (n) => `without a byte either way | ${n} s |`],
    [
      "upstream/redirect",
      "maxRedirects",
      (n) => `| redirects of one request to an upstream | ${n} |`,
    ],
    ["upstream/tokens", "maxAnswer", (n) => `| the answer of a token service | ${n >> 10} KiB |`],
    ["upstream/lists", "maxTags", (n) => `| ${grouped(n)}; `],
    ["upstream/lists", "maxReferrers", (n) => `; ${grouped(n)} | the upstream's list is unusable`],
    ["pull/tags", "maxPage", (n) => `| tags in one answer | ${grouped(n)} |`],
    ["access/scopes", "maxRepositories", (n) => `| repositories in one pull token | ${n} |`],
    ["pull/running-fills", "maxFills", (n) => `| downloads into the cache | ${n}, `],
    [
      "pull/running-fills",
      "maxAbandonedPerGroup",
      (n) => `waits for any more, of one group | ${n} |`,
    ],
    ["pull/windows", "maxOpen", (n) => `| ${n} at a time, `],
    ["pull/windows", "maxWaiting", (n) => ` at a time, ${n} wait | 503 |`],
    ["access/people/hashing", "maxWaiting", (n) => `cores 2; ${n} wait, `],
    ["access/people/hashing", "maxOfAccount", (n) => ` wait, ${n} of one account | 429 |`],
    ["access/people/sessions", "maxSessions", (n) => `of one user in the console | ${n} |`],
    ["http/api/test-rate", "maxTests", (n) => `| ${n} a minute | 429 |`],
    ["lib/tar/reader", "maxEntries", (n) => `| ${grouped(n)} files, `],
    ["oci/archive", "maxImages", (n) => ` files, ${grouped(n)} images | 422 |`],
    ["pull/images/export", "maxManifests", (n) => `| ${grouped(n)} manifests, `],
    [
      "pull/images/export",
      "maxManifestsBytes",
      (n) => ` manifests, ${n >> 20} MiB of them | 413 |`,
    ],
    ["metadata/prefetches/managed", "maxPerRegistry", (n) => `of one image | ${n}; `],
    ["work/prefetch/work", "maxAtOnce", (n) => `; ${n}, one of a group; `],
    ["work/prefetch/walk", "maxObjects", (n) => ` of a group; ${grouped(n)} objects |`],
    ["metadata/webhooks/managed", "maxPerGroup", (n) => `under way | ${n}; `],
    ["metadata/webhooks/tell", "maxPending", (n) => `; ${grouped(n)}; `],
    ["work/webhooks/work", "maxAtOnce", (n) => `; ${n}, `],
    ["work/webhooks/work", "maxOfGroup", (n) => `, ${n} of one group | refused; dropped`],
    ["metadata/oidc-issuers/contract", "maxOidcIssuers", (n) => `| trusted issuers | ${n} |`],
    ["blobs/s3/upload", "maxParts", (n) => `| ${grouped(n)} parts of `],
    ["blobs/s3/store", "defaultPartBytes", (n) => ` parts of ${(2 * n) >> 20} MiB |`],
    ["access/incidents", "maxPending", (n) => `| ${n} different ones |`],
    ["lib/log-target", "maxWaiting", (n) => `leaves waiting | ${n >> 20} MiB |`],
    ["lib/tracing/exporter", "maxWaiting", (n) => `| ${grouped(n)} | dropped |`],
    ["http/metrics/upstreams", "maxNames", (n) => `| upstreams told apart in metrics | ${n}; `],
    ["http/metrics/upstreams", "maxStates", (n) => `; ${n} with their state |`],
  ])("operations.md has the limit of %s, %s", (file, constant, words) => {
    const [, value = ""] =
      new RegExp(`const ${constant} = ([\\d_]+(?: << \\d+)?);`).exec(read(`src/${file}.ts`)) ?? [];
    const [number = Number.NaN, shift = 0] = value.replaceAll("_", "").split(" << ").map(Number);
    const [, limits = ""] = /\n## Limits\n([^]*?)\n## /.exec(read("docs/operations.md")) ?? [];
    expect(number).toBeGreaterThan(0);
    expect(limits).toContain(words(number * 2 ** shift));
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
    const modules = read("test/go/go.mod");
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
