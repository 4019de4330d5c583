import { createHash } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { docsPage } from "../../../src/http/api/docs-page.ts";
import { ApiWorld } from "./world.ts";

let world: ApiWorld;
beforeEach(async () => {
  world = await ApiWorld.open();
});
afterEach(() => world.close());

const read = async (path: string) => {
  const response = await world.fetch("GET", path);
  return { headers: response.headers, status: response.status, text: await response.text() };
};

test("the page has every path and object of the document, and is open to all", async () => {
  const { text, status, headers } = await read("/api/docs");
  expect(status).toBe(200);
  expect(headers.get("content-type")).toBe("text/html; charset=utf-8");
  const described = JSON.parse((await read("/api/v4/openapi.json")).text) as {
    paths: Record<string, Record<string, { summary: string }>>;
    components: { schemas: object };
  };
  for (const [path, methods] of Object.entries(described.paths)) {
    expect(text).toContain(`<code>${path}</code>`);
    for (const { summary } of Object.values(methods)) expect(summary).toBeString();
  }
  for (const name of Object.keys(described.components.schemas)) {
    expect(text).toContain(`id="object-${name.toLowerCase()}"`);
  }
  expect(described).toEqual(JSON.parse((await read("/api/openapi.json")).text) as never);
});

test("it loads nothing and runs nothing, and its policy says so", async () => {
  const { text, headers } = await read("/api/docs");
  expect(text).not.toMatch(/<(?:script|link|img|iframe|object|form)\b|\son\w+=|\bstyle=|https?:/i);
  const [, style = ""] = /<style>(.*?)<\/style>/s.exec(text) ?? [];
  const hash = createHash("sha256").update(style).digest("base64");
  expect(headers.get("content-security-policy")).toBe(
    `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  );
  expect(headers.get("x-content-type-options")).toBe("nosniff");
});

test("each link leads to a place on the page, or to the document", async () => {
  const { text } = await read("/api/docs");
  const ids = new Set([...text.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id));
  for (const [, href = ""] of text.matchAll(/href="([^"]+)"/g)) {
    if (href !== "/api/v4/openapi.json") expect([...ids]).toContain(href.slice(1));
  }
});

test("text is text", () => {
  const summary = `<img src=x onerror="alert('1')">&`;
  const page = docsPage({
    info: { title: "A <b>", version: "<1>" },
    paths: { "/api/v4/<i>": { get: { summary, responses: {} } } },
    components: { schemas: {} },
  });
  expect(page).toContain("&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;");
  expect(page).not.toMatch(/<img|<b>A|<i>|<1>/);
});
