import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { operations } from "./conformance.ts";
import { samples } from "./identity/endpoints.ts";
import { populate, type Population } from "./identity/population.ts";
import { base, secrets } from "./world.ts";

let given: Population;
beforeAll(async () => {
  given = await populate();
  for (const { before } of Object.values(samples)) await before?.(given);
});
afterAll(() => given.world.close());

const v4 = "/api/v4";
const groups = `${v4}/groups`;
const registries = `${groups}/1/-/virtual_registries/container/registries`;
const upstreams = `${groups}/1/-/virtual_registries/container/upstreams`;
const call = (method: string, path: string, body?: unknown, headers = {}) =>
  given.world.call("admin", method, path, { ...(body !== undefined && { body }), headers });
const sampleOf = (name: string) => {
  const { path, body } = samples[name] ?? { path: "" };
  return {
    path: typeof path === "string" ? path : path(given),
    body: typeof body === "function" ? body(given) : body,
  };
};

describe("every endpoint", () => {
  const withBody = operations.filter(({ action, name }) => action && sampleBody(name));
  function sampleBody(name: string): boolean {
    return samples[name]?.body !== undefined;
  }

  test("refuses a field that is not known, by its name, and changes nothing", async () => {
    for (const { name, method } of withBody) {
      const { path, body } = sampleOf(name);
      const reply = await call(method, path, { ...body, "no such <field>": 1 });
      expect([name, reply.status]).toEqual([name, 400]);
      expect([name, JSON.stringify(reply.body)]).toEqual([
        name,
        expect.stringContaining("no such <field>"),
      ]);
    }
  });

  test("refuses each of its fields by name where it is of another type", async () => {
    for (const { name, method } of withBody) {
      const { path, body = {} } = sampleOf(name);
      for (const field of Object.keys(body)) {
        const reply = await call(method, path, { ...body, [field]: { wrong: [true] } });
        expect([name, field, reply.status]).toEqual([name, field, 400]);
        expect(JSON.stringify(reply.body)).toContain(field);
      }
    }
  });

  test("refuses query parameters that are not known", async () => {
    for (const { name, method, action } of operations) {
      if (!action) continue;
      const { path } = sampleOf(name);
      const sign = path.includes("?") ? "&" : "?";
      const reply = await call(method, `${path}${sign}zzz=1`, sampleOf(name).body);
      expect([name, reply.status, reply.body]).toEqual([name, 400, { error: "zzz is not known" }]);
    }
  });

  test("refuses a body that is too large before it has been read", async () => {
    const large = { name: "x".repeat(10 << 20) };
    for (const { name, method } of withBody) {
      const reply = await call(method, sampleOf(name).path, large);
      expect([name, reply.status]).toEqual([name, 413]);
    }
  });

  test("refuses a body that is no UTF-8, no JSON, no object, or a form with too little", async () => {
    const bytes = new Uint8Array([
      ...Buffer.from('{"name":"'),
      0xc3,
      0x28,
      0xff,
      ...Buffer.from('"}'),
    ]);
    for (const { name, method } of withBody) {
      const { path } = sampleOf(name);
      const raw = async (body: BodyInit, type: string) => {
        const headers = { "PRIVATE-TOKEN": secrets.admin, "Content-Type": type };
        const response = await given.world.fetch(method, path, { body, headers });
        return [name, response.status, (await response.json()) as unknown];
      };
      const json = "application/json";
      const form = { error: "the body is not well-formed JSON" };
      expect(await raw(bytes, json)).toEqual([name, 400, form]);
      expect(await raw("{", json)).toEqual([name, 400, form]);
      expect(await raw("[]", json)).toEqual([
        name,
        400,
        { error: "the body must be a JSON object" },
      ]);
      expect((await raw("<a/>", "application/xml"))[1]).toBe(415);
    }
  });

  test("that is a list refuses pages that there are not, by the parameter's name", async () => {
    const lists = operations.filter(({ operation }) =>
      JSON.stringify(operation).includes('"name":"per_page"'),
    );
    expect(lists.length).toBeGreaterThan(8);
    for (const { name } of lists) {
      const { path } = sampleOf(name);
      const [plain = ""] = path.split("?");
      for (const field of ["page", "per_page"]) {
        for (const value of ["-1", "0", "1.5", "1e3", "all", "", "99999999999999999999"]) {
          const reply = await call("GET", `${plain}?${field}=${value}`);
          expect([name, value, reply.status, reply.body]).toEqual([
            name,
            value,
            400,
            { error: value === "" ? expect.stringContaining(field) : `${field} is invalid` },
          ]);
        }
      }
    }
  });
});

/** What would do harm if anybody took it for more than a text. */
const texts = [
  "'; drop table registries; --",
  `" or 1=1`,
  "%' escape '\\",
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "{{7*7}}${7*7}",
  "../../etc/passwd",
  "é‮‎".normalize("NFC").replace(/\p{C}/gu, ""),
  "表情 🐳",
];

describe("SQL and HTML in names", () => {
  test("are texts: stored, found and told as they are, and never as a page", async () => {
    for (const text of texts) {
      const made = await call("POST", registries, { name: text, description: text });
      expect([text, made.status]).toEqual([text, 201]);
      const { id } = made.body as { id: number };
      const read = await call("GET", `${base}/registries/${id}`);
      expect(read.body).toMatchObject({ name: text, description: text });
      expect(read.headers.get("content-type")).toBe("application/json");
      expect(read.headers.get("x-content-type-options")).toBe("nosniff");
      expect(read.headers.get("content-security-policy")).toContain("default-src 'none'");
      await call("DELETE", `${base}/registries/${id}`);
    }
    expect((await call("GET", registries)).body).toHaveLength(2);
  });

  test("find what has them when they are searched for", async () => {
    const lists = [
      `${upstreams}?upstream_name=`,
      `${base}/upstreams/1/cache_entries?search=`,
      `${base}/upstreams/1/cache_entries?repository=library/alpine&search=`,
      `${base}/upstreams/1/repositories?search=`,
      `${v4}/users?search=`,
      `${v4}/projects?search=`,
      `${groups}?search=`,
      `${groups}/1/members?query=`,
    ];
    for (const list of lists) {
      for (const text of [...texts, "%", "_", "\\", "*", '"']) {
        const reply = await call("GET", `${list}${encodeURIComponent(text)}`);
        expect([list, text, reply.status]).toEqual([list, text, 200]);
        // No wildcard and no operator: nothing here has such a name, but for the signs of names.
        if (!["_", '"'].includes(text)) expect([list, text, reply.body]).toEqual([list, text, []]);
      }
    }
  });

  test("stand in a path for nothing", async () => {
    for (const text of texts) {
      const group = await call("GET", `${groups}/${encodeURIComponent(text)}`);
      expect([text, group.status]).toEqual([text, 404]);
      const registry = await call("GET", `${base}/registries/${encodeURIComponent(text)}`);
      expect([text, registry.status]).toEqual([text, 400]);
    }
  });

  test("control characters are refused, by the field's name", async () => {
    for (const text of ["a\u0000b", "a\nb", "\u202eb", "\u0007"]) {
      const reply = await call("POST", registries, { name: text });
      expect(reply).toMatchObject({
        status: 400,
        body: { message: { name: ["must not have control characters"] } },
      });
    }
  });
});

test("what is no UTF-8 when it is decoded, in a form or a query, is refused by the name of its field", async () => {
  const text = "is not UTF-8, or has a % that stands for nothing";
  const type = "application/x-www-form-urlencoded";
  for (const name of ["%C3%28", "%FF", "a%ED%A0%80", "%ZZ", "100%"]) {
    const made = await call("POST", registries, `description=a&name=${name}`, {
      "Content-Type": type,
    });
    expect([name, made.status, made.body]).toEqual([name, 400, { error: `name ${text}` }]);
    const found = await call("GET", `${groups}?search=${name}`);
    expect([name, found.status, found.body]).toEqual([name, 400, { error: `search ${text}` }]);
  }
  const form = { "PRIVATE-TOKEN": secrets.admin, "Content-Type": type };
  const body = new Uint8Array([...Buffer.from("name="), 0xc3, 0x28]);
  const raw = await given.world.fetch("POST", registries, { body, headers: form });
  expect([raw.status, await raw.json()]).toEqual([
    400,
    { error: "the body is not a well-formed form" },
  ]);
  const encoded = await call("POST", registries, "name=%E8%A1%A8+%26", { "Content-Type": type });
  expect(encoded).toMatchObject({ status: 201, body: { name: "表 &" } });
  await call("DELETE", `${base}/registries/${(encoded.body as { id: number }).id}`);
});

describe("what belongs elsewhere, or to nothing", () => {
  const associations = `${base}/registry_upstreams`;

  test("an upstream of another group, of none, and of a registry that has it already", async () => {
    const add = (body: object) => call("POST", associations, body);
    expect(await add({ registry_id: 1, upstream_id: 3 })).toMatchObject({
      status: 404,
      body: { message: "404 Upstream Not Found" },
    });
    expect((await add({ registry_id: 1, upstream_id: 999 })).status).toBe(404);
    expect((await add({ registry_id: 999, upstream_id: 1 })).status).toBe(404);
    expect(await add({ registry_id: 1, upstream_id: 1 })).toMatchObject({
      status: 400,
      body: { message: { upstream_id: ["has already been taken"] } },
    });
  });

  test("of two who add the same at once, one is told", async () => {
    const body = { registry_id: 3, upstream_id: 2 };
    const both = await Promise.all([1, 2].map(() => call("POST", associations, body)));
    expect(both.map(({ status }) => status).sort()).toEqual([201, 400]);
  });

  test("members of nobody, projects of no group, tokens of no user", async () => {
    const nobody = { user_id: 999, access_level: 10 };
    expect((await call("POST", `${groups}/1/members`, nobody)).status).toBe(404);
    const project = { namespace_id: 999, path: "new" };
    expect((await call("POST", `${v4}/projects`, project)).status).toBe(404);
    const token = { name: "t", scopes: ["api"] };
    expect((await call("POST", `${v4}/users/999/personal_access_tokens`, token)).status).toBe(404);
    const job = { user_id: 1, project_id: 999 };
    expect((await call("POST", `${v4}/admin/job_tokens`, job)).status).toBe(404);
  });

  test("ids of another group's things, to its owner", async () => {
    const owner = (method: string, path: string, body?: object) =>
      given.world.call("owner", method, path, { ...(body && { body }) });
    const { tokens } = given;
    for (const [method, path] of [
      ["DELETE", `${groups}/1/access_tokens/${tokens.foreignGroup}`],
      ["POST", `${groups}/1/access_tokens/${tokens.foreignGroup}/rotate`],
      ["DELETE", `${groups}/1/deploy_tokens/${tokens.group}`],
      ["GET", `${v4}/personal_access_tokens/${tokens.personal}`],
      ["GET", `${groups}/2/members`],
      ["GET", `${v4}/projects/3`],
    ] as const) {
      expect([path, (await owner(method, path)).status]).toEqual([path, 404]);
    }
  });
});

describe("addresses of upstreams", () => {
  test("with a login in them, or what is no address of a registry, are refused by the field's name", async () => {
    for (const url of [
      "https://user:secret@registry.example.com",
      "https://user@registry.example.com",
      "ftp://registry.example.com",
      "javascript:alert(1)",
      "file:///etc/passwd",
      "https://registry.example.com/?a=b",
      "https://registry.example.com/#a",
      "https://",
      "registry example com",
      "<b>https://a.example</b>",
      `https://${"a".repeat(300)}.example`,
      "http://10.0.0.1",
    ]) {
      for (const path of [upstreams, `${base}/registries/1/upstreams`, `${upstreams}/test`]) {
        const fields = path.endsWith("/test") ? { url } : { url, name: "n" };
        const reply = await call("POST", path, fields);
        expect([url, reply.status]).toEqual([url, 400]);
        expect([url, JSON.stringify(reply.body)]).toEqual([url, expect.stringMatching(/url/)]);
        expect(JSON.stringify(reply.body)).not.toContain("secret");
      }
    }
  });
});
