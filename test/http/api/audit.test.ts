import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { newSecret } from "../../../src/lib/secret.ts";
import type { Reply } from "./world.ts";
import { ApiWorld, base, type Who } from "./world.ts";

let world: ApiWorld;
beforeEach(async () => {
  world = await ApiWorld.open();
  world.address = "192.0.2.7";
});
afterEach(() => world.close());

interface Event {
  action: string;
  group_id: number | null;
  result: string;
  actor: { name: string };
  details: Record<string, unknown>;
}
const all = "/api/v4/audit_events";
const ofGroup = "/api/v4/groups/default/audit_events";
const list = async (who: Who, path: string) => (await world.call(who, "GET", path)).body as Event[];
const change = (who: Who, id = 1, name = "renamed"): Promise<Reply> =>
  world.call(who, "PATCH", `${base}/upstreams/${id}`, { body: { name } });

describe("the record", () => {
  test("says of a change what it was, to the group's owners and to administrators", async () => {
    const { headers } = await change("maintainer");
    const [event] = await list("owner", ofGroup);
    expect(event).toEqual({
      id: expect.any(Number) as number,
      created_at: "2026-01-01T00:00:00.000Z",
      actor: { kind: "user", id: expect.any(Number) as number, name: "maintainer" },
      action: "upstream.update",
      subject: { kind: "upstream", id: 1, name: "renamed" },
      group_id: 1,
      address: "192.0.2.7",
      result: "success",
      request_id: headers.get("x-request-id"),
      details: { name: { from: "Docker Hub", to: "renamed" } },
    } as unknown as Event);
    expect((await list("admin", all))[0]).toEqual(event as Event);
  });

  test("says of an upstream whom it was for, and whom it is for since", async () => {
    const path = `${base}/upstreams/1`;
    const verified = { access: "verified", verified_group: "default" };
    expect((await world.call("owner", "PATCH", path, { body: verified })).status).toBe(200);
    await world.call("maintainer", "PATCH", path, { body: { access: "shared" } });
    const told = (await list("owner", ofGroup)).map(({ actor, details }) => [actor.name, details]);
    expect(told.slice(0, 2)).toEqual([
      ["maintainer", { verified_group: { from: "default", to: null } }],
      ["owner", { verified_group: { from: null, to: "default" } }],
    ]);
  });

  test("of one group says nothing of another, nor of what is no group's", async () => {
    await change("admin", 3, "theirs");
    await world.call(undefined, "GET", all, { headers: { "PRIVATE-TOKEN": "wrong" } });
    await change("maintainer");
    const own = await list("owner", `${ofGroup}?per_page=100`);
    expect(own.length).toBeGreaterThan(0);
    expect(own.every((event) => event.group_id === 1)).toBe(true);
    expect(JSON.stringify(own)).not.toMatch(/theirs|Theirs|other|login/);
    const subject = `${ofGroup}?subject=upstream:3`;
    expect(await list("owner", subject)).toEqual([]);
    expect((await list("admin", `${all}?subject=upstream:3`)).length).toBeGreaterThan(0);
  });

  test("of the server is for administrators with a token that may read", async () => {
    expect((await world.call("reading", "GET", all)).status).toBe(200);
    expect((await world.call("owner", "GET", all)).status).toBe(403);
    expect((await world.call("pulling", "GET", all)).status).toBe(403);
    expect((await world.call(undefined, "GET", all)).status).toBe(401);
  });

  test("has the refusals of people who are known, for the group that they were about", async () => {
    await change("guest");
    await change("guest");
    await change("pulling");
    const refused = (await list("owner", ofGroup)).filter(({ result }) => result === "refused");
    expect(refused).toMatchObject([
      {
        action: "api",
        actor: { name: "guest" },
        group_id: 1,
        address: "192.0.2.7",
        details: { request: "PATCH /virtual_registries/container/upstreams/{id}", count: 2 },
      },
    ]);
    const [scope] = await list("admin", `${all}?actor=pulling`);
    expect(scope).toMatchObject({ action: "api", result: "refused", group_id: null });
  });

  test("has failed tries with a token, as one, and the ban", async () => {
    const wrong = () => world.call(undefined, "GET", all, { headers: { "PRIVATE-TOKEN": "no" } });
    for (let i = 0; i < 12; i++) await wrong();
    world.address = "127.0.0.1";
    const found = await list("admin", all);
    const tries = found.filter(({ action }) => action.startsWith("login"));
    expect(tries.map(({ action, result, details }) => [action, result, details["count"]])).toEqual([
      ["login", "refused", 2],
      ["login.ban", "refused", undefined],
      ["login", "failure", 10],
    ]);
    expect(JSON.stringify(found)).not.toContain('"no"');
  });

  test("a job's token is one by its form, not by the header that it is said to be one in", async () => {
    const call = (token: string) =>
      world.call(undefined, "GET", all, { headers: { "JOB-TOKEN": token } });
    for (let i = 0; i < 10; i++) expect((await call(newSecret("weir_job_"))).status).toBe(401);
    for (let i = 0; i < 10; i++) expect((await call(`guessed ${i}`)).status).toBe(401);
    expect((await call("guessed")).status).toBe(403);
    expect((await call(newSecret("weir_job_"))).status).toBe(401);
  });

  test("does not have what reads, nor what was not there", async () => {
    await world.call("guest", "GET", `${base}/upstreams/1`);
    await world.call("stranger", "PATCH", `${base}/upstreams/1`, { body: { name: "x" } });
    await change("maintainer", 999);
    expect(
      (await list("admin", all)).filter(({ actor }) => actor.name !== "configuration"),
    ).toEqual([]);
  });
});

describe("the list", () => {
  test("comes in pages, the newest first, by each of its filters", async () => {
    for (const name of ["a", "b", "c"]) {
      world.folder.clock.step(60_000);
      await change("owner", 1, name);
    }
    const path = `${all}?actor=owner&per_page=2`;
    const { headers } = await world.call("admin", "GET", path);
    expect([headers.get("x-total"), headers.get("x-next-page")]).toEqual(["3", "2"]);
    const names = async (query: string) =>
      (await list("admin", `${all}?actor=owner&${query}`)).map(
        ({ details }) => (details["name"] as { to: string }).to,
      );
    expect(await names("per_page=2")).toEqual(["c", "b"]);
    expect(await names("per_page=2&page=2")).toEqual(["a"]);
    expect(await names("created_after=2026-01-01T00:02:00Z")).toEqual(["c", "b"]);
    expect(await names("created_before=2026-01-01T01:02:00%2B01:00")).toEqual(["a"]);
    expect(await names("action=upstream.update&subject=upstream:1")).toHaveLength(3);
    expect(await names("action=registry.create")).toEqual([]);
  });

  const wrong: [query: string, error: string][] = [
    ["created_after=yesterday", "created_after is invalid"],
    ["action=Drop%20table", "action is invalid"],
    ["subject=upstream", "subject is invalid"],
    ["actor=", "actor is empty"],
    ["page=600&per_page=100", "page is too far back; narrow the list by created_before"],
    ["sort=id", "sort is not known"],
  ];
  test.each(wrong)("refuses %s", async (query, error) => {
    expect(await world.call("admin", "GET", `${all}?${query}`)).toMatchObject({
      status: 400,
      body: { error },
    });
  });

  test("cannot be written", async () => {
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      for (const path of [all, `${all}/1`, ofGroup, `${ofGroup}/1`]) {
        expect((await world.call("admin", method, path)).status).toBe(404);
      }
    }
  });
});
