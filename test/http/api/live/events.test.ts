import { describe, expect, test } from "bun:test";
import { sampleBytes, Tap } from "../../../fakes/upstream.ts";
import { until } from "../../../fakes/until.ts";
import { sessionCookie, Visitor } from "../../../fakes/people.ts";
import { adminToken } from "../../../fakes/weir.ts";
import { container, Events, read } from "./stream.ts";
import { fake, forEachTest, name, start, weir } from "../../one-upstream.ts";

forEachTest();

const references = ({ pulls }: Events) => pulls.map(({ reference }) => reference);
async function newToken(fields: object = {}): Promise<{ id: number; token: string }> {
  const body = { name: "t", scopes: ["read_api"], ...fields };
  return (await weir.api("POST", "/personal_access_tokens", body, 201)) as {
    id: number;
    token: string;
  };
}

describe("events of a group", () => {
  test("begin with fills and health, then tell each pull as it ends", async () => {
    fake.image(name, "1");
    await start();
    const events = await Events.open(weir);
    await events.until(() => events.heard.length >= 2);
    expect(events.heard.slice(0, 2)).toMatchObject([
      { event: "fills", data: [] },
      { event: "health", data: [{ id: 1, name: "up1", breaker: "closed", requests: 0 }] },
    ]);
    await read(weir.manifest(name, "1"));
    await read(weir.manifest(name, "gone"));
    await events.until(() => events.pulls.length === 2);
    expect(references(events)).toEqual(["1", "gone"]);
    expect(events.pulls[1]?.error?.code).toBe("manifest_unknown");
    for (const { event, id, data } of events.heard) {
      if (event === "pull") expect(id).toBe((data as { id: string }).id);
    }
    await events.until(
      () => (events.of("health").at(-1) as { requests: number }[])[0]?.requests === 2,
    );
  });

  test("tell of a fill while it runs, and of its end", async () => {
    await start();
    const tap = new Tap();
    const digest = fake.blob(name, sampleBytes(3_000_000, 1));
    fake.fault(`GET /v2/${name}/blobs/*`, { tap });
    tap.release(2_000_000);
    const events = await Events.open(weir);
    const pull = read(weir.blob(name, digest));
    const fills = () => events.of("fills") as { digest: string; received: number }[][];
    await events.until(() => fills().at(-1)?.[0]?.received === 2_000_000);
    expect(fills().at(-1)).toMatchObject([
      { upstream_id: 1, repository: name, digest, size: 3_000_000, followers: 1 },
    ]);
    const told = fills().length;
    await events.until(() => events.text.includes(": still here"));
    expect([fills().length, events.pulls.length]).toEqual([told, 0]);
    tap.open();
    await pull;
    await events.until(() => events.pulls.length === 1 && fills().at(-1)?.length === 0);
  });

  test("are narrowed, and skip what is too much, failures last", async () => {
    fake.image(name, "1");
    fake.image("tools/app", "1");
    await start();
    const [all, tools, failed] = [
      await Events.open(weir),
      await Events.open(weir, "?repository=tools/*"),
      await Events.open(weir, "?failed=true"),
    ];
    for (let i = 0; i < 40; i++) await read(weir.manifest(name, "1"));
    await read(weir.manifest("tools/app", "1"));
    for (let i = 0; i < 3; i++) await read(weir.manifest(name, "gone"));
    await all.until(
      () => all.pulls.length >= 28 && tools.pulls.length > 0 && failed.pulls.length >= 3,
    );
    expect(all.of("skipped")).toEqual([{ pulls: 16 }]);
    expect(references(all)).toEqual([
      ...Array.from({ length: 25 }, () => "1"),
      "gone",
      "gone",
      "gone",
    ]);
    expect(tools.pulls.map(({ repository }) => repository)).toEqual(["tools/app"]);
    expect(references(failed)).toEqual(["gone", "gone", "gone"]);
    expect([tools.of("skipped"), failed.of("skipped")]).toEqual([[], []]);
  });

  test("go on where they were heard last", async () => {
    fake.image(name, "1");
    await start();
    const first = await Events.open(weir);
    await read(weir.manifest(name, "1"));
    await first.until(() => first.pulls.length === 1);
    first.leave();
    await read(weir.manifest(name, "gone"));
    await read(weir.manifest(name, "1"));
    const again = await Events.open(weir, "", { after: first.pulls[0]?.id });
    await again.until(() => again.pulls.length === 2);
    expect(references(again)).toEqual(["gone", "1"]);
    expect(again.of("skipped")).toEqual([]);
    for (let i = 0; i < 120; i++) await read(weir.manifest(name, "1"));
    const late = await Events.open(weir, "", { after: first.pulls[0]?.id });
    await late.until(() => late.pulls.length >= 100);
    expect(late.heard[0]).toMatchObject({ event: "skipped", data: { pulls: 22 } });
    expect(late.pulls.length).toBe(100);
  });

  test("say so where the position is not known any more", async () => {
    fake.image(name, "1");
    await start();
    await read(weir.manifest(name, "1"));
    for (const after of ["nonsense", "0123456789ab-1", "", `${"x".repeat(5000)}-1`]) {
      const events = await Events.open(weir, "", { after });
      await events.until(() => events.heard.length > 0);
      expect(events.heard[0]).toMatchObject({ event: "skipped", data: { pulls: null } });
      expect(events.pulls).toEqual([]);
      events.leave();
    }
  });

  test("have a heartbeat, and an end after a quarter of an hour", async () => {
    await start();
    const events = await Events.open(weir);
    await events.until(() => events.text.includes(": still here"));
    expect(events.isOver).toBe(false);
    const begun = weir.clock.now();
    await events.until(() => events.isOver);
    expect(weir.clock.now() - begun).toBeLessThanOrEqual(900_000);
    expect(weir.clock.now() - begun).toBeGreaterThan(800_000);
  });

  test("end with the token, and a stop waits for none of them", async () => {
    await start();
    const token = await newToken();
    const events = await Events.open(weir, "", { token: token.token });
    const stays = await Events.open(weir);
    await weir.api("DELETE", `/personal_access_tokens/${token.id}`, undefined, 204);
    // Within a quarter of a minute, look by look; that it is over is heard somewhat later.
    for (let ms = 0; ms < 20_000; ms += 500) {
      weir.clock.step(500);
      await weir.begun();
    }
    await until(() => events.isOver);
    expect(stays.isOver).toBe(false);
    await weir.halt();
    await until(() => stays.isOver);
    await weir.run();
  });

  test("end with the session, which they do not keep alive", async () => {
    await start({ env: { WEIR_SESSION_IDLE_SECONDS: "300" } });
    const visitor = new Visitor(weir);
    await visitor.signIn({ token: adminToken });
    const events = await Events.open(weir, "", { cookie: `${sessionCookie}=${visitor.secret}` });
    expect(events.status).toBe(200);
    const begun = weir.clock.now();
    await events.until(() => events.isOver);
    expect(weir.clock.now() - begun).toBeGreaterThan(280_000);
    expect(weir.clock.now() - begun).toBeLessThan(320_000);
    expect(await visitor.name()).toBeUndefined();
  });

  test("end where the group's registries are switched off", async () => {
    await start();
    const events = await Events.open(weir);
    const settings = "/groups/default/-/virtual_registries/settings";
    await weir.api("PUT", settings, { enabled: false });
    await events.until(() => events.isOver);
  });

  test("names vanish from them once their owner is no maintainer any more, and all once he is no member", async () => {
    fake.image(name, "1");
    await start({
      users: [
        {
          username: "keeper",
          admin: false,
          memberships: [{ group: "default", role: "maintainer" }],
          tokens: [
            {
              name: "t",
              secret: "a-token-of-a-keeper-of-some-length",
              scopes: ["api"],
              expiresAt: undefined,
            },
          ],
        },
      ],
    });
    const events = await Events.open(weir, "", { token: "a-token-of-a-keeper-of-some-length" });
    await read(weir.manifest(name, "1"));
    await events.until(() => events.pulls.length === 1);
    const users = (await weir.api("GET", "/users?search=keeper")) as { id: number }[];
    const membership = `/groups/default/members/${users[0]?.id}`;
    await weir.api("PUT", membership, { access_level: 30 });
    for (let i = 0; i < 40; i++) {
      weir.clock.step(500);
      await weir.begun();
    }
    await read(weir.manifest(name, "1"));
    await events.until(() => events.pulls.length === 2);
    expect(events.pulls.map(({ actor }) => actor)).toEqual(["admin", null]);
    await weir.api("DELETE", membership, undefined, 204);
    await events.until(() => events.isOver);
  });

  test("are for ten listeners of one user, and who leaves makes room", async () => {
    await start();
    const all = await Promise.all(Array.from({ length: 10 }, () => Events.open(weir)));
    expect(all.map(({ status }) => status)).toEqual(all.map(() => 200));
    expect((await Events.open(weir)).status).toBe(429);
    all[0]?.leave();
    await until(async () => (await Events.open(weir)).status === 200);
  });
});

describe("health", () => {
  interface Health {
    upstreams: {
      breaker: string;
      requests: number;
      errors: number;
      latency_ms: { p50: number | null; p95: number | null };
      last_error: { reason: string; message: string; next: string; at: string } | null;
      budget: { limit: number; remaining: number; resets_at: string } | null;
    }[];
    fills: { digest: string; received: number; followers: number; size: number | null }[];
  }
  const health = async () => (await weir.api("GET", `${container}/health`)) as Health;

  test("says what upstreams were asked, what went wrong last, and what a limit leaves", async () => {
    fake.image(name, "1");
    const headers = { "ratelimit-limit": "100;w=3600", "ratelimit-remaining": "63;w=3600" };
    fake.fault(`GET /v2/${name}/manifests/*`, { headers });
    await start();
    expect((await health()).upstreams[0]).toMatchObject({
      requests: 0,
      errors: 0,
      latency_ms: { p50: null, p95: null },
      last_error: null,
      budget: null,
    });
    await read(weir.manifest(name, "1"));
    fake.fault("* /v2/broken/*", { status: 500 });
    await read(weir.manifest("broken/app", "1"));
    const [seen] = (await health()).upstreams;
    expect(seen).toMatchObject({
      latency_ms: { p50: 0, p95: 0 },
      last_error: {
        at: new Date(weir.clock.now()).toISOString(),
        reason: "broken",
        message: 'upstream "up1" answered with status 500',
        next: expect.stringContaining("operators") as string,
      },
      budget: {
        limit: 100,
        remaining: 63,
        resets_at: new Date(weir.clock.now() + 3_600_000).toISOString(),
      },
    });
    expect(seen?.errors).toBeGreaterThan(0);
    expect(seen?.requests).toBe(fake.count());
    weir.clock.step(6 * 60_000);
    expect((await health()).upstreams[0]).toMatchObject({
      requests: 0,
      latency_ms: { p50: null },
      last_error: { reason: "broken" },
    });
    weir.clock.step(3_600_000);
    expect((await health()).upstreams[0]?.budget).toBeNull();
  });

  test("shows a fill with its bytes and readers while it runs", async () => {
    await start();
    const tap = new Tap();
    const digest = fake.blob(name, sampleBytes(3_000_000, 1));
    fake.fault(`GET /v2/${name}/blobs/*`, { tap });
    tap.release(1_500_000);
    const answer = await weir.blob(name, digest);
    await until(async () => (await health()).fills[0]?.received === 1_500_000);
    expect((await health()).fills).toEqual([
      {
        upstream_id: 1,
        repository: name,
        digest,
        size: 3_000_000,
        received: 1_500_000,
        followers: 1,
        started_at: new Date(weir.clock.now()).toISOString(),
      },
    ] as unknown as Health["fills"]);
    tap.open();
    await answer.arrayBuffer();
    await until(async () => (await health()).fills.length === 0);
  });
});
