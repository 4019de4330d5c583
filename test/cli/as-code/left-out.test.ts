import { describe, expect, test } from "bun:test";
import { jsonAt, runAt } from "../world.ts";
import { apply, forAllTests, planOf, upstream, weir } from "./applying.ts";

forAllTests();

test("a group whose registries are switched off is left out, and not written to", async () => {
  // As a server answers for such a group.
  using front = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      if (/\/groups\/1\/-\/virtual_registries\//.test(pathname)) {
        return Response.json({ message: "404 Not found" }, { status: 404 });
      }
      return fetch(weir.url + pathname + search, { headers: request.headers });
    },
  });
  const env = { WEIR_URL: `http://127.0.0.1:${front.port}` };
  const { code, out, err } = await runAt(weir, ["export"], { env });
  expect({ code, err }).toEqual({
    code: 0,
    err: "weir: the registries of the group default are switched off, and left out",
  });
  expect(out).not.toContain("up1");
  const text = `upstreams: [{ name: up1, url: "${upstream.url}" }]\nregistries: [{ name: default, upstreams: [up1] }]`;
  const refused = await runAt(weir, ["apply", "-f", "-"], { env, input: text });
  expect(refused).toMatchObject({ code: 1, out: "" });
  expect(refused.err).toContain("the registries of the group default are switched off");
  expect((await runAt(weir, ["registry", "list"], { env })).out).not.toContain(" default  default");
});

test("an upstream in no registry, an administrator and the switch of a group: there and back", async () => {
  const text = (admin: boolean, enabled: boolean) => `
groups: [{ path: loose, virtual_registries: { enabled: ${enabled} } }]
users: [{ username: deputy, admin: ${admin} }]
${enabled ? "upstreams: [{ group: loose, name: lost, url: docker.io }]" : ""}`;
  expect((await apply(text(false, true))).err).toBe(
    "weir: done: 3 to add, 0 to change, 0 to remove",
  );
  expect(await planOf(text(false, true))).toEqual([]);
  expect(await jsonAt(weir, ["upstream", "show", "loose/lost"])).toMatchObject({
    url: "https://registry-1.docker.io",
    registry_upstreams: [],
  });
  const changed = await apply(text(true, false));
  expect(changed.out).toContain("~ user deputy\n    admin: false → true\n");
  expect(changed.out).toContain("~ virtual registries of loose\n    enabled: true → false\n");
  expect(await planOf(text(true, false))).toEqual([]);
  const { out: told } = await runAt(weir, ["export"]);
  expect(told).toContain("virtual_registries:\n      enabled: false\n");
  expect(await planOf(told)).toEqual([]);
  expect((await apply(text(false, true))).err).toContain("switched off");
  expect(
    (await apply("groups: [{ path: loose, virtual_registries: { enabled: true } }]")).code,
  ).toBe(0);
  expect((await apply(text(false, true))).out).toContain("admin: true → false");
});

describe("bad files", () => {
  const table: [what: string, text: string, told: RegExp][] = [
    ["not YAML", "a: [", /^weir: the standard input: line 1, column \d+ is not well-formed/],
    ["unknown keys", "upstrems: []", /upstrems: is not known; did you mean upstreams\?/],
    [
      "another id",
      `upstreams: [{ name: up1, url: "http://127.0.0.1:1" }]\nregistries: [{ id: 77, name: default, upstreams: [up1] }]`,
      /^weir: registries\[0\]\.id: the registry default\/default has the id 1 there/,
    ],
  ];
  test.each(table)("%s", async (_, text, told) => {
    const { code, out, err } = await apply(text);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(told);
  });

  test("what only a server reads is told of", async () => {
    const text =
      "settings: { listen: 127.0.0.1:1 }\nusers: [{ username: u, tokens: [{ name: t }] }]";
    const { err } = await runAt(weir, ["apply", "--file", "-", "--dry-run"], { input: text });
    expect(err).toContain("weir: settings: read by a server at its start");
    expect(err).toContain("weir: users' tokens: made by a server at its start");
  });
});
