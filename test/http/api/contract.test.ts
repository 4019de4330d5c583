import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { fetched, noon } from "../../fakes/metadata-samples.ts";
import { automationRows, somePrefetch, someWebhook } from "./automation-rows.ts";
import { cacheRows } from "./cache-rows.ts";
import { groupRows } from "./group-rows.ts";
import { pullRows } from "./pull-rows.ts";
import { registryRows } from "./registry-rows.ts";
import { groups, registries } from "./row.ts";
import { upstreamRows } from "./upstream-rows.ts";
import { ApiWorld, base, type Who } from "./world.ts";

let world: ApiWorld;
beforeEach(async () => {
  world = await ApiWorld.open();
  const upstream = await world.metadata.management.upstreams.get(1);
  if (!upstream) throw new Error("there is an upstream 1");
  await world.metadata.cache.storeManifest(fetched(upstream, "one"));
  await world.call("admin", "POST", `${groups}/1/${registries}`, { body: { name: "empty" } });
  await world.metadata.directory.saveGroup({ path: "default/tools", name: "Tools" });
  await world.metadata.directory.openDependencyProxy("default");
  const { prefetches, webhooks } = world.metadata.management;
  for (const id of [1, 2]) {
    await prefetches.create(id, somePrefetch);
    await webhooks.create(id, someWebhook);
  }
});
afterEach(() => world.close());

const someRule = { target: "repository", effect: "deny", pattern: "library/**" } as const;
const someCleanup = {
  enabled: false,
  keepDays: 30,
  cadence: 7,
  notifyOnSuccess: false,
  notifyOnFailure: false,
} as const;

const rows = {
  ...registryRows,
  ...upstreamRows,
  ...cacheRows,
  ...groupRows,
  ...pullRows,
  ...automationRows,
};
for (const [name, row] of Object.entries(rows)) {
  const { method, path, body, ok, shape, unknown, foreign, owner, policy, rule } = row;
  describe(name, () => {
    beforeEach(async () => {
      if (rule) await world.metadata.management.rules.create(1, someRule);
      if (policy) await world.metadata.management.cleanupPolicies.create(1, someCleanup);
    });
    const call = (who: Who | undefined, to = path, headers = {}) =>
      world.call(who, method, to, { ...(body && { body }), headers });
    const isRead = method === "GET";
    test(`${ok}, in its shape`, async () => {
      const reply = await call(owner ? "owner" : "maintainer");
      expect(reply).toMatchObject({ status: ok });
      if (shape) expect(shape.safeParse(reply.body).error).toBeUndefined();
      else expect(reply.body).toBeUndefined();
      expect(JSON.stringify(reply.body ?? "")).not.toMatch(/password|secret/);
      expect(reply.headers.get("cache-control")).toBe("no-store");
      expect(reply.headers.get("x-request-id")).toBeString();
    });

    test(isRead ? "is not on record" : "leaves one record of who did it, from where", async () => {
      world.address = "192.0.2.7";
      const recorded = async () => {
        const page = { page: 1, perPage: 100 };
        return (await world.metadata.audit.list({ actor: "owner" }, page)).items;
      };
      const reply = await call("owner");
      const requestId = reply.headers.get("x-request-id") ?? "";
      const actor = { kind: "user", id: expect.any(Number) as number, name: "owner" };
      const record = {
        actor,
        address: "192.0.2.7",
        requestId,
        groupId: expect.any(Number) as number,
      };
      expect(await recorded()).toEqual(
        isRead ? [] : [expect.objectContaining({ ...record, result: "success" })],
      );
    });

    test("401 for nobody, whatever the path", async () => {
      for (const to of [path, unknown ?? path, `${path}/nowhere`, path.split("?")[0]]) {
        for (const headers of [
          {},
          { "PRIVATE-TOKEN": "wrong" },
          { Authorization: "Basic YTpi" },
          { Authorization: `Bearer a, b` },
        ]) {
          const reply = await call(undefined, to, headers);
          expect(reply).toMatchObject({ status: 401, body: { message: "401 Unauthorized" } });
        }
        expect(await call("expired", to)).toMatchObject({ status: 401 });
      }
    });

    test("403 for a token without the scope", async () => {
      const pulling = await call("pulling");
      const insufficient = { error: "insufficient_scope", scope: isRead ? "read_api" : "api" };
      expect(pulling).toMatchObject({ status: 403, body: insufficient });
      expect((await call("reading")).status).toBe(isRead ? 200 : 403);
    });

    test(isRead && !owner ? "every role may" : "403 for lower roles", async () => {
      const lower: Who[] = ["guest", "developer", ...(owner ? ["maintainer" as const] : [])];
      for (const who of lower) {
        const { status } = await call(who);
        expect([who, status]).toEqual([who, isRead && !owner ? 200 : 403]);
      }
      expect((await call("owner")).status).toBe(ok);
    });

    test("404 for strangers, for what is not there and for what is another group's, alike", async () => {
      const replies = [await call("stranger")];
      for (const to of [unknown, foreign]) if (to) replies.push(await call("owner", to));
      for (const { status, body } of replies) {
        expect({ status, body }).toEqual({ status: 404, body: { message: "404 Not found" } });
      }
    });

    const idInPath = new RegExp(`(?<=^${base}/\\w+/)\\d+`);
    if (idInPath.test(path)) {
      test("400 for an id that is no number", async () => {
        for (const id of ["foo", "-1", "1e3", "1%2F2", "9".repeat(16)]) {
          const { status, body } = await call("maintainer", path.replace(idInPath, id));
          expect({ status, body }).toEqual({ status: 400, body: { error: "id is invalid" } });
        }
      });
    }

    if (method === "DELETE") {
      test("412 for what was changed since, 400 for what is no date", async () => {
        const since = (date: string) => call("owner", path, { "If-Unmodified-Since": date });
        const earlier = new Date(noon - 100_000_000).toUTCString();
        expect(await since(earlier)).toMatchObject({
          status: 412,
          body: { message: "412 Precondition Failed" },
        });
        expect((await since("yesterday")).status).toBe(400);
        const later = new Date(world.clock.now() + 1e9).toUTCString();
        expect((await since(later)).status).toBe(ok);
        // A cache can be emptied again, and what is not pinned is not pinned.
        expect((await call("owner")).status).toBe(/\/(?:cache|pin)$/.test(path) ? ok : 404);
      });
    }

    if (body) {
      test("400 for a field that is not known, by its name", async () => {
        const reply = await world.call("owner", method, path, { body: { ...body, zzz: 1 } });
        expect(reply).toMatchObject({ status: 400, body: { error: "zzz is not known" } });
      });
    }

    test("400 for query parameters that are not known or stand twice", async () => {
      const sign = path.includes("?") ? "&" : "?";
      const unknown = await call("owner", `${path}${sign}private_token=x`);
      expect(unknown).toMatchObject({ status: 400, body: { error: "private_token is not known" } });
      const twice = await call("owner", `${path}${sign}a=1&a=2`);
      expect(twice).toMatchObject({ status: 400, body: { error: "a is given more than once" } });
    });
  });
}

test("a bearer token opens it as well, and one in the query does not", async () => {
  const headers = { Authorization: "Bearer secret-of-a-guest" };
  expect((await world.call(undefined, "GET", `${base}/registries/1`, { headers })).status).toBe(
    200,
  );
  const query = `${base}/registries/1?private_token=secret-of-a-guest`;
  expect((await world.call(undefined, "GET", query)).status).toBe(401);
});

test("other paths: 404 for those who are known, 401 for the rest", async () => {
  for (const path of ["/api", "/api/v4", "/api/v4/nowhere", "/api/v3/x", `${base}/registries`]) {
    expect((await world.call(undefined, "GET", path)).status).toBe(401);
    expect((await world.call("admin", "GET", path)).status).toBe(404);
  }
});
