import { afterEach, beforeEach, expect, test } from "bun:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { Console, consolePolicy } from "../../src/http/console/serving.ts";
import { keptBundle } from "../../src/http/console/kept.ts";
import { filesToEmbed, loadConsole } from "../../src/http/console/files.ts";
import { createLog } from "../../src/lib/log.ts";
import { SteppedClock } from "../fakes/clock.ts";
import { FakeUpstream } from "../fakes/upstream.ts";
import { TestWeir } from "../fakes/weir.ts";

let weir: TestWeir;
let upstream: FakeUpstream;
beforeEach(async () => {
  upstream = await FakeUpstream.start();
  weir = await TestWeir.start({ upstreams: [{ fake: upstream }] });
});
afterEach(async () => {
  await weir.stop();
  await upstream.stop();
});

const html = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };

function get(path: string, headers: Record<string, string> = {}, method = "GET") {
  // Without `decompress` the bytes are those of the wire.
  return fetch(weir.url + path, { method, headers, decompress: false });
}

const textOf = async (path: string) =>
  (await get(path, { ...html, "accept-encoding": "identity" })).text();

/** What the page names. */
const assetsOf = (page: string) =>
  [...page.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = ""]) => path);

test("the page says what it may load, that nobody frames it, and is asked for anew each time", async () => {
  const { status, headers } = await get("/");
  expect(status).toBe(200);
  expect(headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(headers.get("content-security-policy")).toBe(consolePolicy);
  expect(consolePolicy).not.toContain("unsafe");
  expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
  expect(headers.get("referrer-policy")).toBe("no-referrer");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("cache-control")).toBe("no-cache");
  expect(headers.get("x-request-id")).toBeString();
});

test("nothing stands in the page that its policy forbids, and all that it names is here", async () => {
  const page = await textOf("/");
  expect(page).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|https?:/i);
  const assets = assetsOf(page);
  expect(assets.length).toBe(3);
  for (const path of assets) {
    const { status, headers } = await get(path);
    expect(status).toBe(200);
    expect(headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(headers.get("content-security-policy")).toBe(consolePolicy);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  }
});

test("who has it is told so", async () => {
  const etag = (await get("/")).headers.get("etag") ?? "";
  const again = await get("/", { "if-none-match": `"other", ${etag}` });
  expect(again.status).toBe(304);
  expect(await again.text()).toBe("");
  expect(again.headers.get("content-security-policy")).toBe(consolePolicy);
  expect((await get("/", { "if-none-match": '"other"' })).status).toBe(200);
});

test("HEAD has the headers and no bytes", async () => {
  const whole = await get("/", { "accept-encoding": "br" });
  const head = await get("/", { "accept-encoding": "br" }, "HEAD");
  expect(head.status).toBe(200);
  expect(head.headers.get("content-length")).toBe(String((await whole.bytes()).length));
  expect(await head.text()).toBe("");
});

const encodings: [
  accepted: string,
  sent: string | null,
  read: (bytes: Uint8Array) => Uint8Array,
][] = [
  ["gzip, deflate, br, zstd", "br", (bytes) => brotliDecompressSync(bytes)],
  ["gzip, deflate", "gzip", (bytes) => gunzipSync(bytes)],
  ["br;q=0, GZIP;q=0.5", "gzip", (bytes) => gunzipSync(bytes)],
  ["identity", null, (bytes) => bytes],
  ["br;q=0.000, brotli, *;q=0", null, (bytes) => bytes],
];
for (const [accepted, sent, read] of encodings) {
  test(`Accept-Encoding: ${accepted} gets ${sent ?? "the bytes as they are"}`, async () => {
    const [script = ""] = assetsOf(await textOf("/")).filter((path) => path.endsWith(".js"));
    const plain = await (await get(script, { "accept-encoding": "identity" })).bytes();
    const response = await get(script, { "accept-encoding": accepted });
    expect(response.headers.get("content-encoding")).toBe(sent);
    expect(response.headers.get("vary")).toContain("Accept-Encoding");
    expect(Buffer.from(read(await response.bytes())).equals(plain)).toBe(true);
  });
}

test("browsers get the page wherever they go to in it; programs, the API and the registry say what is not there", async () => {
  const page = await textOf("/");
  for (const path of ["/registries/3", "/registries/3?group=acme", "/anything/at/all"]) {
    expect(await textOf(path)).toBe(page);
    const program = await get(path, { accept: "application/json" });
    expect([path, program.status]).toEqual([path, 404]);
    expect(await program.json()).toMatchObject({
      errors: [{ message: "there is nothing at this path" }],
    });
  }
  for (const path of ["/api", "/api/v4/nothing", "/v2/nothing", "/assets/index-old.js"]) {
    const { status, headers } = await get(path, html);
    expect([path, status < 400]).toEqual([path, false]);
    expect(headers.get("content-type")).toBe("application/json");
  }
  const form = await fetch(`${weir.url}/registries`, { method: "POST", headers: html });
  expect(form.status).toBe(404);
});

test("all of it, compressed, is less than 250 kB, and what the first screen needs much less", async () => {
  const all = await filesToEmbed();
  expect(all.length).toBeGreaterThan(4);
  expect(all.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThan(250_000);
  const files = await loadConsole();
  const first = await Promise.all(
    assetsOf(await textOf("/")).map(async (path) => await files.get(path.slice(1))?.as("gzip")),
  );
  expect(first.reduce((sum, bytes) => sum + (bytes?.length ?? Infinity), 0)).toBeLessThan(190_000);
});

test("where it cannot be bundled the log says why, and the page that there is none", async () => {
  const lines: string[] = [];
  const log = createLog(new SteppedClock(), "info", {
    write: (line) => void lines.push(line),
    async flush() {},
  });
  const broken = async () => {
    throw new Error('Could not resolve: "react"');
  };
  const screens = new Console({ load: broken, log });
  await screens.prepare();
  expect(lines.join()).toContain("the console cannot be bundled");
  expect(lines.join()).toContain("Could not resolve");
  const exchange = { id: "1", started: 0, via: null, certified: false };
  const answer = await screens.answer(new Request("http://weir.test/"), exchange);
  expect(answer?.status).toBe(503);
  expect(answer?.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(await answer?.text()).toContain("Pulls, the API and the command line work without it");
  const other = new Request("http://weir.test/x", { headers: { accept: "*/*" } });
  expect(await screens.answer(other, exchange)).toBeUndefined();
  expect(lines.length).toBe(1);
});

test("what was bundled once of these sources is not bundled again", async () => {
  const files = await loadConsole();
  const kept = await keptBundle(() => Promise.reject(new Error("bundled again")));
  expect(kept.map(({ path }) => path).toSorted()).toEqual([...files.keys()].toSorted());
});
