import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { fetched } from "../../fakes/metadata-samples.ts";
import { type Described, operations } from "./conformance.ts";
import { samples } from "./identity/endpoints.ts";
import { populate } from "./identity/population.ts";
import { ApiWorld, base, secrets } from "./world.ts";

const group = "/api/v4/groups/default";
let world: ApiWorld;
beforeEach(async () => {
  world = await ApiWorld.open();
  await world.call("admin", "POST", `${group}/-/virtual_registries/cleanup/policy`, { body: {} });
  const rule = { target: "repository", effect: "deny", pattern: "library/**" };
  await world.call("admin", "POST", `${base}/upstreams/1/rules`, { body: rule });
});
afterEach(() => world.close());

/** What can be read and changed, each with a change of it. */
const things: [name: string, path: string, method: "PATCH" | "PUT", change: object][] = [
  ["a registry", `${base}/registries/1`, "PATCH", { description: "one" }],
  ["an upstream", `${base}/upstreams/1`, "PATCH", { description: "one" }],
  ["a group", group, "PUT", { name: "One" }],
  ["a Dependency Proxy", `${group}/dependency_proxy/settings`, "PUT", { enabled: false }],
  ["a cleanup policy", `${group}/-/virtual_registries/cleanup/policy`, "PATCH", { cadence: 14 }],
  ["a TTL policy", `${group}/dependency_proxy/ttl_policy`, "PUT", { ttl: 5 }],
  ["registries as a whole", `${group}/-/virtual_registries/settings`, "PUT", { enabled: false }],
];

test("the limit of a group has a tag of its own, which what is cached does not change", async () => {
  const path = `${group}/-/virtual_registries/space`;
  const put = (body: object, tag: string) =>
    world.call("admin", "PUT", path, { body, headers: { "If-Match": tag } });
  const tag = await tagOf(path);
  expect(tag).toMatch(/^"[0-9a-f]{32}"$/);
  const writers = [5000, 6000].map((bytes) => put({ cache_max_bytes: bytes }, tag));
  expect((await Promise.all(writers)).map(({ status }) => status).sort()).toEqual([200, 412]);
  const now = await tagOf(path);
  expect(now).not.toBe(tag);
  const upstream = await world.metadata.management.upstreams.get(1);
  if (!upstream) throw new Error("there is an upstream 1");
  await world.metadata.cache.storeManifest(fetched(upstream, "one"));
  expect(await tagOf(path)).toBe(now);
  expect((await put({ cache_max_bytes: null }, '"other"')).status).toBe(412);
  const lifted = await put({ cache_max_bytes: null }, now);
  expect([lifted.status, lifted.headers.get("etag")]).toEqual([200, tag]);
});

const tagOf = async (path: string) =>
  (await world.call("owner", "GET", path)).headers.get("etag") ?? "none";
const change = (path: string, method: string, body: object, headers: Record<string, string>) =>
  world.call("owner", method, path, { body, headers });

for (const [name, path, method, body] of things) {
  describe(name, () => {
    test("says by its tag whether it is what somebody has seen", async () => {
      const tag = await tagOf(path);
      expect(tag).toMatch(/^"[0-9a-f]{32}"$/);
      expect(await tagOf(path)).toBe(tag);
      const changed = await change(path, method, body, { "If-Match": tag });
      expect(changed.status).toBe(200);
      expect(changed.headers.get("etag")).not.toBe(tag);
      if (!path.endsWith("virtual_registries/settings")) {
        expect(await tagOf(path)).toBe(changed.headers.get("etag") ?? "");
      }
    });

    test("of two who write at once, the second is told", async () => {
      const tag = await tagOf(path);
      const statuses = await Promise.all(
        [1, 2].map(async () => (await change(path, method, body, { "If-Match": tag })).status),
      );
      expect(statuses.sort()).toEqual([200, 412]);
    });

    test("a condition that does not hold changes nothing and is not on record", async () => {
      const before = await world.call("owner", "GET", path);
      for (const tag of ['"other"', 'W/"weak"', '"a", "b"', '""']) {
        const reply = await change(path, method, body, { "If-Match": tag });
        expect(reply).toMatchObject({
          status: 412,
          body: { message: "412 Precondition Failed" },
        });
      }
      expect((await world.call("owner", "GET", path)).body).toEqual(before.body);
      const { items } = await world.metadata.audit.list(
        { actor: "owner" },
        { page: 1, perPage: 9 },
      );
      expect(items).toEqual([]);
    });

    test("any tag will do for an asterisk, one of several for a list", async () => {
      const tag = await tagOf(path);
      const listed = await change(path, method, body, { "If-Match": `"x", ${tag}` });
      expect(listed.status).toBe(200);
      const any = await change(path, method, body, { "If-Match": "*" });
      expect(any.status).toBe(200);
    });

    test("400 for what is no list of tags", async () => {
      for (const tag of ["abc", '"a" "b"', "W/x", `"${"x".repeat(5000)}"`]) {
        expect((await change(path, method, body, { "If-Match": tag })).status).toBe(400);
      }
    });
  });
}

test("a password alone makes another tag of an upstream, and of a Dependency Proxy", async () => {
  const upstream = `${base}/upstreams/2`;
  await change(upstream, "PATCH", { username: "a", password: "one" }, {});
  const before = await tagOf(upstream);
  await change(upstream, "PATCH", { password: "two" }, {});
  expect(await tagOf(upstream)).not.toBe(before);
  const proxy = `${group}/dependency_proxy/settings`;
  await change(proxy, "PUT", { identity: "a", secret: "one" }, {});
  const seen = await tagOf(proxy);
  await change(proxy, "PUT", { identity: "a", secret: "two" }, {});
  expect(await tagOf(proxy)).not.toBe(seen);
});

test("deleting and emptying honour the tag too; a tag that is none of its own never holds", async () => {
  const gone = async (path: string, tag: string) =>
    (await world.call("owner", "DELETE", path, { headers: { "If-Match": tag } })).status;
  const upstream = `${base}/upstreams/1`;
  const registry = `${base}/registries/1`;
  for (const path of [upstream, registry, `${upstream}/cache`, `${registry}/cache`, group]) {
    expect(await gone(path, '"other"')).toBe(412);
  }
  expect(await gone(`${upstream}/cache`, await tagOf(upstream))).toBe(204);
  expect(await gone(upstream, await tagOf(upstream))).toBe(204);
  expect(await gone(registry, await tagOf(registry))).toBe(204);
  const { body } = await world.call("owner", "GET", `${group}/members`);
  const members = body as { id: number; access_level: number }[];
  const member = members.find(({ access_level: level }) => level === 10);
  const membership = `${group}/members/${member?.id}`;
  expect(await gone(membership, '"other"')).toBe(412);
  const level = { access_level: 20 };
  const seen = { "If-Match": await tagOf(membership) };
  const writers = await Promise.all(
    [1, 2].map(() => world.call("admin", "PUT", membership, { body: level, headers: seen })),
  );
  expect(writers.map(({ status }) => status).sort()).toEqual([200, 412]);
  expect(await gone(group, await tagOf(group))).toBe(204);
});

const someSecret = `whsec_${btoa("x".repeat(32))}`;
/** Made by an administrator, with a tag in the answer, and deleted under it. */
const made: [name: string, path: string, body: object][] = [
  ["a rule", `${base}/upstreams/1/rules`, { target: "tag", effect: "deny", pattern: "x" }],
  [
    "a webhook",
    `${group}/-/virtual_registries/webhooks`,
    { url: "https://hooks.example.com/x", secret: someSecret },
  ],
  ["a project", "/api/v4/projects", { namespace_id: 1, path: "site" }],
  ["a personal access token", "/api/v4/personal_access_tokens", { name: "t", scopes: ["api"] }],
  ["a group's access token", `${group}/access_tokens`, { name: "t", scopes: ["api"] }],
  ["a deploy token", `${group}/deploy_tokens`, { name: "t", scopes: ["read_virtual_registry"] }],
];
test.each(made)(
  "%s is deleted under the tag of the answer that made it, and no other",
  async (_, path, body) => {
    const { headers, body: answer, status } = await world.call("admin", "POST", path, { body });
    expect(status).toBe(201);
    const tag = headers.get("etag") ?? "none";
    const one = `${path}/${(answer as { id: number }).id}`;
    const remove = async (tag: string) =>
      (await world.call("admin", "DELETE", one, { headers: { "If-Match": tag } })).status;
    expect(await remove('"other"')).toBe(412);
    expect([await remove(tag), await remove(tag)]).toEqual([204, 404]);
  },
);

test("a token that is used keeps its tag", async () => {
  const path = "/api/v4/personal_access_tokens";
  const { body } = await world.call("admin", "POST", path, {
    body: { name: "t", scopes: ["api"] },
  });
  const { id, token } = body as { id: number; token: string };
  const read = () => world.call("admin", "GET", `${path}/${id}`);
  const before = await read();
  await world.call(undefined, "GET", "/api/v4/user", { headers: { "PRIVATE-TOKEN": token } });
  world.clock.step(60_000);
  await world.metadata.audit.list({}, { page: 1, perPage: 1 });
  const after = await read();
  expect(after.headers.get("etag")).toBe(before.headers.get("etag") ?? "none");
});

test("a user, and a rule, are changed under their tags: the second of two writers is told", async () => {
  const user = "/api/v4/users/4";
  const seen = (await world.call("admin", "GET", user)).headers.get("etag") ?? "none";
  const rule = `${base}/upstreams/1/rules/1`;
  const list = await world.call("admin", "PATCH", rule, { body: { effect: "allow" } });
  const writers: [path: string, tag: string, body: object][] = [
    [user, seen, { name: "One" }],
    [rule, list.headers.get("etag") ?? "none", { pattern: "one/*" }],
  ];
  for (const [path, tag, body] of writers) {
    const both = await Promise.all(
      [1, 2].map(() => world.call("admin", "PATCH", path, { body, headers: { "If-Match": tag } })),
    );
    expect([path, both.map(({ status }) => status).sort()]).toEqual([path, [200, 412]]);
  }
});

test("with If-Match, If-Unmodified-Since is not asked", async () => {
  const path = `${base}/registries/1`;
  const headers = { "If-Unmodified-Since": new Date(0).toUTCString() };
  expect((await change(path, "PATCH", { description: "a" }, headers)).status).toBe(412);
  const both = { ...headers, "If-Match": await tagOf(path) };
  expect((await change(path, "PATCH", { description: "a" }, both)).status).toBe(200);
});

test("what has no time is not asked for it, but a date must be one", async () => {
  const headers = { "If-Unmodified-Since": "yesterday" };
  const deleted = await world.call("owner", "DELETE", group, { headers });
  expect(deleted).toMatchObject({ status: 400 });
});

/** Changes of what is there already for which nobody has to say what he has seen. */
const unconditional: Record<string, string> = {
  "PUT /api/v4/user/password":
    "the old password is asked for, and it is another one once it was changed",
  "DELETE /api/v4/session": "it ends what one came by, whatever that is by now",
  "DELETE /api/v4/user/sessions/{id}": "a session is never another, and ends once",
};
/** They end with the job: the answer that made them has the tag, and nobody looks at them again. */
const untagged = ["DELETE /api/v4/admin/job_tokens/{id}"];
/** The other way to change something: a verb in the path of what can be read. */
const deeds = /\/(?:rotate|block|unblock|activate|deactivate|pin)$/;
/** What a change is of, where that is not what is at its own path. */
const subjectPath = (path: string) =>
  path
    .replace("dependency_proxy/cache", "dependency_proxy/settings")
    .replace(/\/(?:cache|pin|rotate|block|unblock|activate|deactivate)$/, "");

const isConditional = ({ operation: { parameters = [] } }: Described) =>
  parameters.some(({ in: place, name }) => place === "header" && name === "If-Match");
const hasTag = ({ responses }: Described["operation"]) =>
  Object.entries(responses).some(([status, { headers }]) => status < "3" && headers?.["ETag"]);

describe("each change that the document has", () => {
  const changes = operations.filter(
    ({ method, path }) => method !== "GET" && (method !== "POST" || deeds.test(path)),
  );

  test("knows If-Match, and what it is for is told with an ETag, but for those with a reason", () => {
    const without = changes.filter((change) => !isConditional(change)).map(({ name }) => name);
    expect(without.sort()).toEqual(Object.keys(unconditional).sort());
    const untold = changes.filter(isConditional).filter(({ path, operation }) => {
      const read = operations.find((one) => one.name === `GET ${subjectPath(path)}`);
      const isTold = read !== undefined && hasTag(read.operation);
      return !isTold || operation.responses["412"] === undefined;
    });
    expect(untold.map(({ name }) => name)).toEqual(untagged);
  });

  test("makes none under the tag of something else", async () => {
    const population = await populate();
    const headers = { "PRIVATE-TOKEN": secrets.admin, "If-Match": '"other"' };
    const identities = `/api/v4/users/${population.users["guest"]}/identities/company`;
    await population.call("admin", "PUT", identities, { subject: "1" });
    for (const { name, method } of changes.filter(isConditional)) {
      const { path, body, before } = samples[name] ?? { path: "" };
      await before?.(population);
      const to = typeof path === "string" ? path : path(population);
      const sent = typeof body === "function" ? body(population) : body;
      const reply = await population.with(headers, method, to, sent);
      expect([name, reply.status, reply.body]).toEqual([
        name,
        412,
        { message: "412 Precondition Failed" },
      ]);
    }
    await population.world.close();
  });
});
