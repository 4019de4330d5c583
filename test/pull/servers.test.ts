import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { holdAnswer } from "../fakes/held-answer.ts";
import { newDatabase } from "../fakes/new-database.ts";
import { OtherTransaction } from "../fakes/postgres-lock.ts";
import { lackOfPostgres, PostgresServer, type TestDatabase } from "../fakes/postgres.ts";
import { until } from "../fakes/until.ts";
import { FakeUpstream } from "../fakes/upstream.ts";
import { buildImage } from "../fakes/image.ts";
import { adminToken, TestWeir, type WeirOptions } from "../fakes/weir.ts";

const lack = lackOfPostgres();
const unless = lack ? ` (${lack})` : "";
const name = "library/app";
const cache = (response: Response) =>
  response.headers.get("x-weir-cache")?.replace(/; age=\d+/, "");

describe.skipIf(lack !== undefined)(`two servers on one database${unless}`, () => {
  let upstream: FakeUpstream;
  let database: TestDatabase;
  let one: TestWeir;
  let other: TestWeir;
  beforeEach(async () => {
    upstream = await FakeUpstream.start();
    database = await newDatabase();
    const options = {
      database,
      upstreams: [{ fake: upstream }],
      users: [
        {
          username: "ann",
          admin: false,
          memberships: [{ group: "default", role: "developer" as const }],
          tokens: [],
        },
      ],
    };
    // At once, on a database that knows nothing.
    [one, other] = await Promise.all([TestWeir.start(options), TestWeir.start(options)]);
  });
  afterEach(async () => {
    await one.stop();
    await other.stop();
    await database.remove();
    await upstream.stop();
  });

  /** What a second changes. */
  const aSecond = () => other.clock.step(1001);

  test("what one has fetched, the other has", async () => {
    const image = upstream.image(name, "latest");
    expect(cache(await one.manifest(name, "latest"))).toBe('miss; upstream="up1"');
    expect(cache(await other.manifest(name, "latest"))).toBe('hit; upstream="up1"');
    const [layer = ""] = image.layers;
    const bytes = await (await one.blob(name, layer)).bytes();
    await one.settled(name, layer);
    // It has a folder of its own here, in which the blob is not.
    const again = await other.blob(name, layer);
    expect([again.status, (await again.bytes()).toHex()]).toEqual([200, bytes.toHex()]);
    await other.settled(name, layer);
    expect((await one.blob(name, layer)).status).toBe(200);
  });

  test("what one brings while the other looks for it may be asked for by both, and is the same", async () => {
    const image = upstream.image(name, "latest");
    const [layer = ""] = image.layers;
    await one.manifest(name, "latest");
    await one.token(name);
    const late = holdAnswer("PostgreSQL", "hasSeen");
    const pull = one.blob(name, layer);
    await late.given;
    const bytes = await (await other.blob(name, layer)).bytes();
    await other.settled(name, layer);
    late.release();
    expect(await (await pull).bytes()).toEqual(bytes);
    await one.settled(name, layer);
    expect(upstream.count(`GET /v2/${name}/blobs/${layer}`)).toBe(2);
    const rows = await one.query(`select 1 from cache_entries where reference = '${layer}'`);
    expect(rows).toHaveLength(1);
    // Who looks from now on finds it at both.
    for (const weir of [one, other])
      expect(cache(await weir.blob(name, layer))).toBe('hit; upstream="up1"');
  });

  test("a token that is revoked at one opens nothing at the other, a second later", async () => {
    upstream.image(name, "latest");
    const [ann] = (await one.api("GET", "/users?search=ann")) as { id: number }[];
    const made = (await one.api(
      "POST",
      `/users/${ann?.id}/personal_access_tokens`,
      { name: "t", scopes: ["api"] },
      201,
    )) as {
      id: number;
      token: string;
    };
    const pullToken = await other.token(name, made.token);
    const pull = () =>
      fetch(other.url + other.path(name, "manifests", "latest"), {
        headers: { Authorization: `Bearer ${pullToken}` },
      });
    expect((await pull()).status).toBe(200);
    await one.api("DELETE", `/personal_access_tokens/${made.id}`, undefined, 204);
    aSecond();
    expect((await pull()).status).toBe(401);
  });

  test("a tag that one has found moved is the new one at the other, which asks nobody", async () => {
    const before = upstream.image(name, "latest");
    expect((await other.manifest(name, "latest")).headers.get("docker-content-digest")).toBe(
      before.digest,
    );
    const after = upstream.image(name, "latest");
    await one.api(
      "POST",
      `/virtual_registries/container/registries/1/refresh?image=${name}:latest`,
    );
    const asked = upstream.count();
    aSecond();
    const moved = await other.manifest(name, "latest");
    expect([moved.headers.get("docker-content-digest"), cache(moved)]).toEqual([
      after.digest,
      'hit; upstream="up1"',
    ]);
    expect(upstream.count()).toBe(asked);
  });

  test("what is purged at one is gone at the other", async () => {
    upstream.image(name, "latest");
    await other.manifest(name, "latest");
    await one.api("DELETE", "/virtual_registries/container/upstreams/1/cache", undefined, 204);
    aSecond();
    expect(cache(await other.manifest(name, "latest"))).toBe('miss; upstream="up1"');
  });

  test("both add, move and remove at once: positions run from 1 without gaps, and no more than there may be", async () => {
    const base = "/virtual_registries/container";
    const create = (weir: TestWeir, n: number) =>
      weir.api(
        "POST",
        `${base}/registries/1/upstreams`,
        { name: `n${n}`, url: `https://u${n}.example` },
        201,
      );
    const created = await Promise.allSettled(
      Array.from({ length: 8 }, (_, n) => create(n % 2 ? one : other, n)),
    );
    expect(created.filter(({ status }) => status === "fulfilled")).toHaveLength(4);
    const associations = async () => {
      const registry = (await one.api("GET", `${base}/registries/1`)) as {
        registry_upstreams: { id: number; position: number }[];
      };
      return registry.registry_upstreams;
    };
    const all = await associations();
    const work = all.map(({ id }, n) =>
      n === 2
        ? one.api("DELETE", `${base}/registry_upstreams/${id}`, undefined, 204)
        : (n % 2 ? one : other).api("PATCH", `${base}/registry_upstreams/${id}`, {
            position: 5 - n,
          }),
    );
    await Promise.all(work);
    const positions = (await associations()).map(({ position }) => position);
    expect(positions.toSorted()).toEqual([1, 2, 3, 4]);
  });

  test("both remove the same registry at once: it is gone once", async () => {
    const remove = (weir: TestWeir) =>
      fetch(`${weir.url}/api/v4/virtual_registries/container/registries/1`, {
        method: "DELETE",
        headers: { "PRIVATE-TOKEN": "an-administrator-token-for-tests-only" },
      });
    const answers = await Promise.all([remove(one), remove(other), remove(one)]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([204, 404, 404]);
    const events = (await one.api("GET", "/audit_events?action=registry.delete")) as unknown[];
    expect(events).toHaveLength(1);
  });
});

describe.skipIf(lack !== undefined)(`a database that is gone${unless}`, () => {
  let server: PostgresServer;
  let upstream: FakeUpstream;
  let weir: TestWeir;
  beforeAll(async () => {
    server = await PostgresServer.start();
    await server.query("postgres", "create database weir");
    upstream = await FakeUpstream.start();
    weir = await TestWeir.start({
      database: { url: server.url("weir") },
      upstreams: [{ fake: upstream }],
      env: { WEIR_DATABASE_TIMEOUT_SECONDS: "2" },
    });
  });
  afterAll(async () => {
    await weir.stop();
    await upstream.stop();
    await server.remove();
  });

  const readiness = async () => {
    const answer = await fetch(`${weir.url}/readyz`);
    const { parts } = (await answer.json()) as { parts: Record<string, string> };
    return [answer.status, parts["database"]];
  };
  /** What is logged from here on. */
  const listen = () => {
    const from = weir.logLines.length;
    return () => weir.logLines.slice(from).map(({ message, code }) => [message, code]);
  };
  const status = async (from: TestWeir, repository: string) => {
    const answer = await from.manifest(repository, "1");
    await answer.bytes();
    return [answer.status, cache(answer)?.split(";")[0]];
  };

  test("pulls go on from memory for 30 seconds, then there is a plain refusal, and then all is well again", async () => {
    const image = upstream.image(name, "latest");
    const [layer = ""] = image.layers;
    const pull = async () => {
      const manifest = await weir.manifest(name, "latest");
      await manifest.bytes();
      const blob = await weir.blob(name, layer);
      await blob.bytes();
      return [manifest, blob];
    };
    await pull();
    await weir.settled(name, layer);
    await pull();
    const hits = async () => (await pull()).map((answer) => [answer.status, cache(answer)]);
    const hit = [200, 'hit; upstream="up1"'];
    await server.kill();
    for (const ms of [5000, 10_000, 14_000]) {
      weir.clock.step(ms);
      expect(await hits()).toEqual([hit, hit]);
    }
    const ready = async () => (await fetch(`${weir.url}/readyz`)).status;
    expect(await ready()).toBe(503);
    const unknown = await weir.manifest(name, "never-asked-for");
    expect([unknown.status, unknown.headers.get("retry-after")]).toEqual([503, "2"]);
    weir.clock.step(2000);
    for (const answer of await pull()) {
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "2"]);
    }
    await server.run();
    await until(async () => (await ready()) === 200);
    expect(await hits()).toEqual([hit, hit]);
  });

  test("metrics are told all the same, with what is known without it, and nobody waits long for them", async () => {
    const scrape = async () => {
      const answer = await fetch(`${weir.url}/metrics`);
      const lines = (await answer.text()).split("\n");
      const failures = 'weir_work_failures{work="purges"}';
      const names = ["weir_ready", "weir_breaker_state", "weir_upstreams", "weir_store_bytes"];
      const told = [...names, failures];
      return [answer.status, lines.filter((line) => told.some((name) => line.startsWith(name)))];
    };
    const state = [
      'weir_breaker_state{upstream_id="1",upstream="up1"} 0',
      'weir_upstreams{breaker="closed"} 1',
      'weir_upstreams{breaker="half_open"} 0',
      'weir_upstreams{breaker="open"} 0',
    ];
    const ready = (database: 0 | 1) => [
      'weir_ready{part="server"} 1',
      `weir_ready{part="database"} ${database}`,
      'weir_ready{part="blob_store"} 1',
    ];
    const bytes = expect.stringMatching(/^weir_store_bytes \d+$/);
    const work = 'weir_work_failures{work="purges"} 0';
    const well = [200, [...state, bytes, work, ...ready(1)]];
    const away = [200, [...state, work, ...ready(0)]];
    await until(async () => (await readiness())[0] === 200);
    expect(await scrape()).toEqual(well);
    await server.kill();
    expect(await scrape()).toEqual(away);
    weir.clock.step(60_000);
    expect(await scrape()).toEqual(away);
    await server.run();
    await until(async () => (await readiness())[0] === 200);
    expect(await scrape()).toEqual(well);
    weir.clock.step(60_000);
    // A bucket is asked now, and counts as well for ten seconds: the clock would not wait for its answer later.
    await until(async () => (await readiness())[0] === 200);
    server.pause();
    try {
      let isOver = false;
      const { pending } = weir.clock;
      const scraped = scrape().finally(() => (isOver = true));
      await until(() => weir.clock.pending > pending);
      await until(() => {
        weir.clock.step(50);
        return isOver;
      });
      expect(await scraped).toEqual(away);
    } finally {
      server.resume();
    }
    await until(async () => (await readiness())[0] === 200);
    expect(await scrape()).toEqual(well);
  });

  test("read-only: what is cached is served, the rest passed on, changes are refused; all is well afterwards", async () => {
    const cached = upstream.image("library/cached", "1");
    const other = upstream.image("library/other", "1", buildImage({ label: "other" }));
    const pull = async (repository: string, [layer = ""]: readonly string[]) => {
      const manifest = await weir.manifest(repository, "1");
      await manifest.bytes();
      const blob = await weir.blob(repository, layer);
      await blob.bytes();
      return [manifest.status, blob.status, cache(manifest)?.split(";")[0]];
    };
    const readOnly = async (change: string) => {
      await server.query("postgres", `alter system ${change}`);
      await server.query("postgres", "select pg_reload_conf()");
    };
    const change = (path: string) => {
      const body = JSON.stringify({ path, name: path });
      const headers = { "PRIVATE-TOKEN": adminToken, "Content-Type": "application/json" };
      return fetch(`${weir.url}/api/v4/groups`, { method: "POST", headers, body });
    };
    const group = async (path: string) => (await change(path)).status;
    await pull("library/cached", cached.layers);
    await readOnly("set default_transaction_read_only = on");
    await until(async () => (await group(`g${crypto.randomUUID()}`)) === 503);
    const refused = await change("refused");
    expect([refused.headers.get("retry-after"), await refused.json()]).toEqual([
      "2",
      {
        message:
          "503 Service Unavailable - the database of this server takes no changes: it is read-only",
      },
    ]);
    weir.clock.step(60_000);
    expect(await pull("library/cached", cached.layers)).toEqual([200, 200, "hit"]);
    expect(await readiness()).toEqual([200, "takes no changes: it is read-only"]);
    for (let n = 0; n < 2; n++) {
      expect((await pull("library/other", other.layers)).slice(0, 2)).toEqual([200, 200]);
    }
    expect(weir.logLines.some(({ level }) => level === "warn" || level === "error")).toBe(true);
    await readOnly("reset default_transaction_read_only");
    await until(async () => (await group(`g${crypto.randomUUID()}`)) === 201);
    expect(await readiness()).toEqual([200, "ok"]);
    const messages = weir.logLines.map(({ message }) => message);
    expect(messages).toContain("the database takes no changes: it is read-only");
    expect(messages).toContain("the database takes changes again");
    await pull("library/other", other.layers);
    expect(await pull("library/other", other.layers)).toEqual([200, 200, "hit"]);
  });

  test("hanging: what was pulled lately goes on, the rest is refused in time, and then all is well again", async () => {
    upstream.image("library/slow", "1");
    const status = async (tag: string) => {
      const answer = await weir.manifest("library/slow", tag);
      await answer.bytes();
      return answer.status;
    };
    expect(await status("1")).toBe(200);
    expect(await status("1")).toBe(200);
    const ready = async () => (await fetch(`${weir.url}/readyz`)).status;
    server.pause();
    try {
      weir.clock.step(5000);
      expect(await status("1")).toBe(200);
      expect(await status("never-asked-for")).toBe(503);
      expect(await ready()).toBe(503);
    } finally {
      server.resume();
    }
    await until(async () => (await ready()) === 200);
    expect(await status("1")).toBe(200);
  });

  test("restarted: nobody notices", async () => {
    upstream.image("library/restarted", "1");
    await status(weir, "library/restarted");
    const logged = listen();
    await server.stop();
    await server.run();
    expect(await status(weir, "library/restarted")).toEqual([200, "hit"]);
    expect(await readiness()).toEqual([200, "ok"]);
    expect(logged().filter(([text]) => text === "the database does not answer")).toEqual([]);
  });

  test("out of connections: what was pulled lately goes on, /readyz and the log have the reason, and then all is well again", async () => {
    upstream.image("library/full", "1");
    await server.stop();
    await server.run({ max_connections: "12", superuser_reserved_connections: "0" });
    await until(async () => (await readiness())[0] === 200);
    await status(weir, "library/full");
    expect(await status(weir, "library/full")).toEqual([200, "hit"]);
    const logged = listen();
    const others: OtherTransaction[] = [];
    const another = () =>
      OtherTransaction.begin(server.url("postgres")).then(
        (other) => others.push(other),
        () => undefined,
      );
    await another();
    // Those that the server has got are taken from it, which takes a moment, and then all that there are.
    await until(async () => {
      await others[0]?.run(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'weir'",
      );
      await another();
      return others.length === 12;
    });
    weir.clock.step(5000);
    expect(await status(weir, "library/full")).toEqual([200, "hit"]);
    expect(await readiness()).toEqual([503, "does not answer (POSTGRES_53300)"]);
    expect((await weir.manifest("library/never-asked-for", "1")).status).toBe(503);
    expect(logged()).toContainEqual(["the database does not answer", "POSTGRES_53300"]);
    for (const other of others) await other.end("rollback");
    await until(async () => (await readiness())[0] === 200);
    expect(await status(weir, "library/full")).toEqual([200, "hit"]);
    expect(logged()).toContainEqual(["the database answers again", undefined]);
    await server.stop();
    await server.run();
  });

  test("a schema newer than the program: who runs goes on, who starts says what to do", async () => {
    upstream.image("library/newer", "1");
    upstream.image("library/newest", "1");
    await until(async () => (await readiness())[0] === 200);
    await status(weir, "library/newer");
    const step = "'9999_later', '2030-01-01T00:00:00.000Z'";
    await server.query("weir", `insert into kysely_migration values (${step})`);
    await server.query("weir", "alter table upstreams add column later text");
    const start = () =>
      TestWeir.start({
        database: { url: server.url("weir") },
        upstreams: [{ fake: upstream }],
      });
    expect(await status(weir, "library/newer")).toEqual([200, "hit"]);
    expect((await status(weir, "library/newest"))[0]).toBe(200);
    expect(await readiness()).toEqual([200, "ok"]);
    const refused: unknown = await start().catch((error: unknown) => error);
    expect(refused).toMatchObject({
      problem: "newer",
      message: expect.stringContaining("start that release again, or restore a backup"),
    });
    await server.query("weir", "alter table upstreams drop column later");
    await server.query("weir", "delete from kysely_migration where name = '9999_later'");
    const second = await start();
    expect((await status(second, "library/newer"))[0]).toBe(200);
    await second.stop();
  });

  test("a secret key that does not fit: what is cached is served, /readyz and the log say it, until the password is given again", async () => {
    const closed = await FakeUpstream.start({
      auth: { kind: "basic", username: "u", password: "p" },
    });
    closed.image("library/closed", "1");
    closed.image("library/later", "1");
    const database = await newDatabase();
    const start = (word: string, upstreams: WeirOptions["upstreams"]) =>
      TestWeir.start({
        database,
        upstreams,
        registry: { upstreams: ["up1"] },
        env: { WEIR_SECRET_KEY: `the ${word} master secret of these tests` },
      });
    const login = { username: "u", password: "p" };
    const first = await start("first", [{ fake: closed, settings: login }]);
    await status(first, "library/closed");
    expect(await status(first, "library/closed")).toEqual([200, "hit"]);
    await first.stop();
    const second = await start("second", []);
    const told = async () => {
      const answer = await fetch(`${second.url}/readyz`);
      const { parts } = (await answer.json()) as { parts: Record<string, string> };
      return [answer.status, parts["database"]];
    };
    const text = "the secret key does not open the passwords of upstreams (1)";
    expect(await told()).toEqual([200, text]);
    const metrics = await (await fetch(`${second.url}/metrics`)).text();
    expect(metrics).toContain('\nweir_ready{part="database"} 1\n');
    expect(metrics).toContain('\nweir_impaired{part="database"} 1\n');
    // What cannot be counted anew is told as it was, and makes it no less ready.
    await database.query("alter table upstreams rename to upstreams_away");
    await database.query("update generation set value = value + 1");
    expect(await told()).toEqual([200, text]);
    await database.query("alter table upstreams_away rename to upstreams");
    expect(await status(second, "library/closed")).toEqual([200, "hit"]);
    expect((await status(second, "library/later"))[0]).not.toBe(200);
    expect(second.logLines).toContainEqual(
      expect.objectContaining({
        level: "warn",
        message: "the password of an upstream cannot be opened with this secret key",
        upstream: "up1",
      }),
    );
    await second.api("PATCH", "/virtual_registries/container/upstreams/1", login);
    expect(await told()).toEqual([200, "ok"]);
    expect((await status(second, "library/later"))[0]).toBe(200);
    await second.stop();
    await database.remove();
    await closed.stop();
  });
});
