import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { ApiWorld, base } from "./world.ts";

let world: ApiWorld;
beforeEach(async () => {
  world = await ApiWorld.open();
});
afterEach(() => world.close());

const registries = "/api/v4/groups/default/-/virtual_registries/container/registries";
const upstreams = `${base}/registries/1/upstreams`;
const one = { url: "https://new.example.com", name: "New" };
const long = (length: number) => "x".repeat(length);
const error = (text: string) => ({ error: text });
const message = (field: string, ...texts: string[]) => ({ message: { [field]: texts } });
const mustBeUrl =
  "must be an address such as https://registry.example.com, with a port or path if need be, " +
  "without user, password or query, of at most 255 characters";
const group = "/api/v4/groups/default";
const mustBePart =
  "must be 1 to 255 letters and digits with . _ __ or - between them, and not dependency_proxy or virtual_registries";
const printable = "must be 1 to 510 printable characters";

type Row = [method: string, path: string, body: unknown, answer: object];
const table: Row[] = [
  ["POST", registries, undefined, error("name is missing")],
  ["POST", registries, { name: "" }, error("name is empty")],
  ["POST", registries, { name: "  " }, error("name is empty")],
  ["POST", registries, { name: 7 }, error("name is invalid")],
  ["POST", registries, { name: null }, error("name is invalid")],
  ["POST", registries, [], error("the body must be a JSON object")],
  ["POST", registries, { name: "a", ask: "all" }, error("ask does not have a valid value")],
  [
    "POST",
    registries,
    { name: long(256) },
    message("name", "is too long (maximum is 255 characters)"),
  ],
  ["POST", registries, { name: "a\nb" }, message("name", "must not have control characters")],
  ["POST", registries, { name: "main" }, message("name", "has already been taken")],
  [
    "POST",
    registries,
    { name: "a", description: long(1025) },
    message("description", "is too long (maximum is 1024 characters)"),
  ],
  [
    "PATCH",
    `${base}/registries/1`,
    {},
    error("name, description, on_unsure, ask are missing, at least one parameter must be provided"),
  ],
  [
    "PATCH",
    `${base}/registries/1`,
    { id: 2, group_id: 2 },
    error("id is not known, group_id is not known"),
  ],
  ["POST", upstreams, {}, error("url is missing, name is missing")],
  ["POST", upstreams, { ...one, url: "" }, error("url is empty")],
  ["POST", upstreams, { ...one, url: "ftp://x" }, message("url", mustBeUrl)],
  ["POST", upstreams, { ...one, url: `https://x/${long(255)}` }, message("url", mustBeUrl)],
  ["POST", upstreams, { ...one, url: "https://a:b@c" }, message("url", mustBeUrl)],
  [
    "POST",
    upstreams,
    { ...one, url: "http://10.0.0.1" },
    message(
      "url",
      "is an inner address, which upstreams may have only where WEIR_ALLOWED_UPSTREAM_ADDRESSES says so",
    ),
  ],
  [
    "POST",
    upstreams,
    { ...one, username: "u" },
    error("username, password provide all or none of parameters"),
  ],
  [
    "POST",
    upstreams,
    { ...one, username: "u", password: "" },
    message("password", "can't be blank"),
  ],
  [
    "POST",
    upstreams,
    { ...one, username: "", password: "p" },
    message("username", "can't be blank"),
  ],
  [
    "POST",
    upstreams,
    { ...one, username: "u", password: long(511) },
    message("password", "is too long (maximum is 510 characters)"),
  ],
  ["POST", upstreams, { ...one, username: "u", password: "a\nb" }, message("password", printable)],
  [
    "POST",
    upstreams,
    { ...one, cache_validity_hours: -1 },
    error("cache_validity_hours does not have a valid value"),
  ],
  [
    "POST",
    upstreams,
    { ...one, cache_validity_hours: 1.5 },
    error("cache_validity_hours is invalid"),
  ],
  [
    "POST",
    upstreams,
    { ...one, cache_validity_hours: "1" },
    error("cache_validity_hours is invalid"),
  ],
  ["POST", upstreams, { ...one, library_prefix: "yes" }, error("library_prefix is invalid")],
  [
    "POST",
    upstreams,
    { ...one, denied_means: "no" },
    error("denied_means does not have a valid value"),
  ],
  [
    "POST",
    upstreams,
    { ...one, ca: "no certificate" },
    message("ca", "must be one or more certificates in PEM, of at most 32 KiB"),
  ],
  [
    "POST",
    upstreams,
    { ...one, rules: [{ target: "image", effect: "allow", pattern: "a", more: 1 }] },
    error("rules[0].target does not have a valid value, rules[0].more is not known"),
  ],
  [
    "POST",
    upstreams,
    { ...one, rules: Array.from({ length: 21 }, (_, i) => rule(`p${i}`)) },
    message("rules", "must be at most 20"),
  ],
  [
    "POST",
    upstreams,
    { ...one, rules: [rule("a"), rule("a")] },
    message("rules", "has a rule twice"),
  ],
  ["PATCH", `${base}/upstreams/1`, { password: "" }, message("password", "can't be blank")],
  ["POST", `${base}/registry_upstreams`, { registry_id: 1 }, error("upstream_id is missing")],
  [
    "POST",
    `${base}/registry_upstreams`,
    { registry_id: 1, upstream_id: 1 },
    message("upstream_id", "has already been taken"),
  ],
  ["PATCH", `${base}/registry_upstreams/1`, {}, error("position is missing")],
  [
    "PATCH",
    `${base}/registry_upstreams/1`,
    { position: 0 },
    error("position does not have a valid value"),
  ],
  [
    "PATCH",
    `${base}/registry_upstreams/1`,
    { position: 21 },
    error("position does not have a valid value"),
  ],
  ["POST", `${base}/upstreams/1/test`, { url: "" }, error("url is empty")],
  ["POST", `${base}/upstreams/1/test`, { username: "u" }, message("password", "can't be blank")],
  ["POST", `${base}/upstreams/1/test`, { password: "p" }, message("username", "can't be blank")],
  ["GET", `${base}/upstreams/1/cache_entries?page=0`, undefined, error("page is invalid")],
  ["GET", `${base}/upstreams/1/cache_entries?per_page=x`, undefined, error("per_page is invalid")],
  ["DELETE", `${base}/cache_entries/a+b`, undefined, error("id is invalid")],
  ["GET", `${base}/registries/1/explain`, undefined, error("image is missing")],
  ["PUT", group, {}, error("name, path are missing, at least one parameter must be provided")],
  ["PUT", group, { path: "" }, error("path is empty")],
  ...["a/b", "a..b", "-a", "a b", "dependency_proxy", long(256)].map((path): Row => {
    return ["PUT", group, { path }, message("path", mustBePart)];
  }),
  ["PUT", group, { path: "Other" }, message("path", "has already been taken")],
  ["PUT", group, { path: "fine", name: " " }, error("name is empty")],
  [
    "PUT",
    `${group}/dependency_proxy/settings`,
    {},
    error("enabled, identity, secret are missing, at least one parameter must be provided"),
  ],
  ["PUT", `${group}/dependency_proxy/settings`, { enabled: "yes" }, error("enabled is invalid")],
  ["PUT", `${group}/dependency_proxy/settings`, { enabled: null }, error("enabled is invalid")],
  ...[{ identity: "a" }, { secret: "s" }, { enabled: false, identity: null }].map((body): Row => {
    const text = "identity, secret provide all or none of parameters";
    return ["PUT", `${group}/dependency_proxy/settings`, body, error(text)];
  }),
  [
    "PUT",
    `${group}/dependency_proxy/settings`,
    { identity: "a", secret: "" },
    message("secret", "can't be blank"),
  ],
  [
    "PUT",
    `${group}/dependency_proxy/settings`,
    { identity: null, secret: "s" },
    message("identity", "can't be blank"),
  ],
  [
    "PUT",
    `${group}/dependency_proxy/settings`,
    { identity: "a", secret: long(256) },
    message("secret", "is too long (maximum is 255 characters)"),
  ],
  [
    "PUT",
    `${group}/dependency_proxy/settings`,
    { identity: "a:b", secret: "s" },
    message("identity", "must be 1 to 510 printable characters without a colon"),
  ],
  [
    "PUT",
    `${group}/dependency_proxy/ttl_policy`,
    {},
    error("enabled, ttl are missing, at least one parameter must be provided"),
  ],
  ...[0, -1, 36_501].map((ttl): Row => {
    const answer = error("ttl does not have a valid value");
    return ["PUT", `${group}/dependency_proxy/ttl_policy`, { ttl }, answer];
  }),
  ...[1.5, "1", null].map((ttl): Row => {
    return ["PUT", `${group}/dependency_proxy/ttl_policy`, { ttl }, error("ttl is invalid")];
  }),
  [
    "GET",
    `${base}/registries/1/explain?image=UPPER`,
    undefined,
    error("image is not <repository>[:<tag>][@<digest>]"),
  ],
  [
    "POST",
    `${base}/registries/1/refresh?image=a@sha256:${long(64).replaceAll("x", "a")}`,
    undefined,
    error("image must name a tag: a digest stays as it is"),
  ],
];

function rule(pattern: string) {
  return { target: "repository", effect: "deny", pattern };
}

for (const [method, path, body, answer] of table) {
  test(`${method} ${path.replace(base, "")} ${JSON.stringify(body)?.slice(0, 80)}`, async () => {
    const before = await world.metadata.generation();
    const reply = await world.call("owner", method, path, { ...(body !== undefined && { body }) });
    expect({ status: reply.status, body: reply.body }).toEqual({ status: 400, body: answer });
    expect(await world.metadata.generation()).toBe(before);
    expect(world.tested).toEqual([]);
  });
}

describe("bodies", () => {
  const json = { "Content-Type": "application/json" };
  const form = { "Content-Type": "application/x-www-form-urlencoded" };
  const post = (body: string, headers: Record<string, string>) =>
    world.call("owner", "POST", upstreams, { body, headers });

  test("a form says what JSON says", async () => {
    const fields = new URLSearchParams({
      ...one,
      cache_validity_hours: "5",
      library_prefix: "true",
      description: "7",
      rules: JSON.stringify([rule("a/**")]),
    });
    expect(await post(fields.toString(), form)).toMatchObject({
      status: 201,
      body: {
        cache_validity_hours: 5,
        library_prefix: true,
        description: "7",
        rules: [rule("a/**")],
      },
    });
  });

  test("a multipart form too", async () => {
    const body = new FormData();
    body.set("name", "by form");
    const headers = { "PRIVATE-TOKEN": "secret-of-an-owner" };
    const response = await world.fetch("POST", registries, { body, headers });
    expect([response.status, await response.json()]).toMatchObject([201, { name: "by form" }]);
  });

  const refused: [
    what: string,
    body: string,
    headers: Record<string, string>,
    status: number,
    answer: object,
  ][] = [
    [
      "a field twice in JSON",
      '{"name":"a","name":"b"}',
      json,
      400,
      error("name is given more than once"),
    ],
    ["a field twice in a form", "name=a&name=b", form, 400, error("name is given more than once")],
    ["no JSON", "{", json, 400, error("the body is not well-formed JSON")],
    [
      "another type",
      "<a/>",
      { "Content-Type": "text/xml" },
      415,
      error("the body must be application/json or a form"),
    ],
    [
      "too much",
      JSON.stringify({ name: long(65_536) }),
      json,
      413,
      { message: "413 Request Entity Too Large" },
    ],
  ];
  for (const [what, body, headers, status, answer] of refused) {
    test(`${what}: ${status}`, async () => {
      const reply = await post(body, headers);
      expect({ status: reply.status, body: reply.body }).toEqual({ status, body: answer });
    });
  }
});

test("many at once: no more registries and upstreams than there may be", async () => {
  const made = async (path: string, body: (i: number) => object) => {
    const calls = Array.from({ length: 10 }, (_, i) =>
      world.call("owner", "POST", path, { body: body(i) }),
    );
    const replies = await Promise.all(calls);
    const last = replies.findLast(({ status }) => status === 400)?.body;
    return [replies.filter(({ status }) => status === 201).length, last];
  };
  expect(await made(registries, (i) => ({ name: `r${i}` }))).toEqual([
    4,
    message("base", "5 registries is the maximum allowed per top-level group."),
  ]);
  const body = (i: number) => ({ ...one, url: `https://u${i}.example.com` });
  expect(await made(upstreams, body)).toEqual([
    3,
    message("registry_upstreams.position", "must be less than or equal to 5"),
  ]);
  const twice = { ...one, url: "https://u0.example.com/v2/" };
  const second = `${base}/registries/3/upstreams`;
  expect(await world.call("owner", "POST", second, { body: twice })).toMatchObject({
    status: 400,
    body: message("group", "already has an upstream with the same credentials"),
  });
});

test("another group's upstream cannot be added, and looks like one that is not there", async () => {
  const add = (registry_id: number, upstream_id: number) =>
    world.call("owner", "POST", `${base}/registry_upstreams`, {
      body: { registry_id, upstream_id },
    });
  const none = { status: 404, body: { message: "404 Upstream Not Found" } };
  expect(await add(1, 3)).toMatchObject(none);
  expect(await add(1, 999)).toMatchObject(none);
  const noRegistry = { status: 404, body: { message: "404 Not found" } };
  expect(await add(2, 1)).toMatchObject(noRegistry);
  expect(await add(999, 1)).toMatchObject(noRegistry);
});

test("a subgroup has no registries and upstreams to manage", async () => {
  await world.metadata.directory.saveGroup({ path: "default/tools", name: "Tools" });
  const tools = "/api/v4/groups/default%2Ftools/-/virtual_registries/container";
  const answer = { message: "400 Bad request - only available on top-level groups." };
  for (const [method, path, body] of [
    ["GET", `${tools}/registries`],
    ["GET", `${tools}/upstreams`],
    ["POST", `${tools}/upstreams/test`, { url: "https://new.example.com" }],
  ] as const) {
    const reply = await world.call("owner", method, path, { ...(body && { body }) });
    expect({ status: reply.status, body: reply.body }).toEqual({ status: 400, body: answer });
  }
  const created = await world.call("owner", "POST", `${tools}/registries`, { body: { name: "r" } });
  expect({ status: created.status, body: created.body }).toEqual({
    status: 400,
    body: message("group", "must be a top level Group"),
  });
  expect((await world.call("stranger", "GET", `${tools}/registries`)).status).toBe(404);
});
