import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Metadata, Upstream } from "../../src/metadata/contract.ts";
import { postgresDatabase } from "../fakes/new-database.ts";
import {
  blobChild,
  digestOfText,
  fetched,
  noon,
  sampleRegistry,
  shownBlob,
  upstreamSettings,
} from "../fakes/metadata-samples.ts";
import { OtherTransaction } from "../fakes/postgres-lock.ts";
import { lackOfPostgres } from "../fakes/postgres.ts";
import { countedBytes, presentBytes } from "../fakes/repository-truth.ts";
import { until } from "../fakes/until.ts";

const lack = lackOfPostgres();
const all = Number.MAX_SAFE_INTEGER;
const always = { unmodifiedSince: undefined };

const median = (counts: readonly number[]) =>
  counts.toSorted((a, b) => a - b)[Math.floor(counts.length / 2)];

describe.skipIf(lack !== undefined)(`turns in PostgreSQL${lack ? ` (${lack})` : ""}`, () => {
  let database: Awaited<ReturnType<typeof postgresDatabase>>;
  let metadata: Metadata;
  let groupId: number;
  let one: Upstream;

  beforeEach(async () => {
    database = await postgresDatabase();
    metadata = await database.open({ connections: 12 });
    const { group, upstream } = await sampleRegistry(metadata, "one");
    groupId = group.id;
    one = upstream;
  });
  afterEach(async () => {
    await metadata.close();
    await database.remove();
  });

  const change = (password: string) =>
    metadata.directory.saveUpstream(groupId, upstreamSettings({ password }));
  const waiting = async (count: number) => {
    const rows = await database.query(
      "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    return rows.length >= count;
  };

  test("who comes to store something after a change waits behind it", async () => {
    const storing = await OtherTransaction.begin(database.url);
    await storing.run(
      `select pg_advisory_xact_lock_shared(hashtextextended(current_schema() || ' weir upstream ${one.id}', 0))`,
    );
    await storing.run(`select id from upstreams where id = ${one.id} for share`);
    // Beside the one who stores already.
    await metadata.cache.storeBlob(shownBlob(one, "before"));
    const order: string[] = [];
    const changing = change("another").then(() => order.push("change"));
    await until(() => waiting(1));
    const late = metadata.cache
      .storeBlob(shownBlob(one, "late"))
      .then(() => metadata.cache.name({ ...shownBlob(one, "late"), objects: [] }))
      .then(() => order.push("late"));
    await until(() => waiting(2));
    expect(order).toEqual([]);
    await storing.end("commit");
    await Promise.all([changing, late]);
    // It came under the former credentials.
    expect(await metadata.cache.blob(digestOfText("before"))).toBeDefined();
    expect(await metadata.cache.blob(digestOfText("late"))).toBeUndefined();
  });

  test.each([
    ["and the row", ["pg_advisory_xact_lock"]],
    ["of the row alone, as servers of an older version have it", []],
  ])("what has waited for its turn %s goes by the upstream as it is then", async (_, turns) => {
    const changing = await OtherTransaction.begin(database.url);
    for (const turn of turns)
      await changing.run(
        `select ${turn}(hashtextextended(current_schema() || ' weir upstream ${one.id}', 0))`,
      );
    // The version alone says whether it is still the one that was asked: this tells where the columns come from.
    await changing.run(
      `update upstreams set cache_epoch = 3, doubted_epoch = 3 where id = ${one.id}`,
    );
    const storing = metadata.cache.storeBlob(shownBlob(one, "late"));
    await until(() => waiting(1));
    await changing.end("commit");
    await storing;
    expect(await database.query("select upstream_id::float8 as cache from cache_entries")).toEqual([
      { cache: one.id + 3 * 2 ** 32 },
    ]);
  });

  test("what has waited behind a change, of the row alone, stores nothing", async () => {
    const changing = await OtherTransaction.begin(database.url);
    await changing.run(`update upstreams set version = version + 1 where id = ${one.id}`);
    const storing = metadata.cache.storeManifest(fetched(one, "late"));
    await until(() => waiting(1));
    await changing.end("commit");
    await storing;
    expect(await database.query("select id from cache_entries")).toEqual([]);
    expect(await database.query("select digest from manifests")).toEqual([]);
  });

  test("who comes to store something while a group is removed waits behind that", async () => {
    const storing = await OtherTransaction.begin(database.url);
    await storing.run(
      `select pg_advisory_xact_lock_shared(hashtextextended(current_schema() || ' weir upstream ${one.id}', 0))`,
    );
    await storing.run(`select id from upstreams where id = ${one.id} for share`);
    const removing = metadata.management.groups.remove(groupId);
    await until(() => waiting(1));
    const late = metadata.cache.storeBlob(shownBlob(one, "late"));
    await until(() => waiting(2));
    await storing.end("commit");
    await Promise.all([removing, late]);
    expect(await metadata.cache.blob(digestOfText("late"))).toBeUndefined();
  });

  test("a step of a purge that has waited behind stores is not taken for a slow one", async () => {
    for (let n = 0; n < 160; n++) await metadata.cache.storeBlob(shownBlob(one, `${n}`));
    await database.query(
      `insert into purges (upstream_id, include_pinned, last_id, created_at) values (${one.id}, 1, 1000000, 0)`,
    );
    // Lists, of which there are none.
    expect(await metadata.purges.step()).toBe(0);
    const storing = await OtherTransaction.begin(database.url);
    await storing.run(
      `select pg_advisory_xact_lock_shared(hashtextextended(current_schema() || ' weir upstream ${one.id}', 0))`,
    );
    const step = metadata.purges.step();
    await until(() => waiting(1));
    database.clock.step(1000);
    await storing.end("commit");
    expect(await step).toBe(50);
    expect(await metadata.purges.step()).toBe(100);
  });

  test("a change does not wait longer than those take who store at that moment, however many there are", async () => {
    const servers = 8;
    let stored = 0;
    const over = new AbortController();
    const storing = Array.from({ length: servers }, async (_, n) => {
      for (let i = 0; !over.signal.aborted; i++) {
        await metadata.cache.storeManifest(
          fetched(one, `${n} ${i % 4}`, { tag: undefined, repository: `r${n}` }),
        );
        stored++;
      }
    });
    await until(() => stored > 2 * servers);
    const meanwhile: number[] = [];
    for (let i = 0; i < 8; i++) {
      const before = stored;
      await metadata.management.upstreams.change(one.id, { description: `change ${i}` });
      meanwhile.push(stored - before);
    }
    over.abort();
    await Promise.all(storing);
    // Some of each come to their end before it gets its turn, and after it until we are told: of a single one that says nothing on
    // a machine that has other things to do. Without turns they do not end at all.
    expect(median(meanwhile)).toBeLessThanOrEqual(12 * servers);
  });

  test("two servers that store, evict, purge, count and sweep the same things at once never wait in a circle", async () => {
    // One that happens is found at once.
    await database.query(
      "do $$ begin execute format('alter database %I set deadlock_timeout = ''5ms''', current_database()); end $$",
    );
    const { upstream: two } = await sampleRegistry(metadata, "two");
    await metadata.close();
    const servers = [
      await database.open({ connections: 8, statementMs: 20_000 }),
      await database.open({ connections: 8, statementMs: 20_000 }),
    ];
    const [before] = await database.query(deadlocks);
    const layers = Array.from({ length: 12 }, (_, n) => blobChild(`layer ${n}`));
    const storing = (server: Metadata, upstream: Upstream, offset: number) => async (n: number) => {
      const turned = n % 2 === 0 ? layers : layers.toReversed();
      const children = [...turned.slice(n % 5), ...turned.slice(0, n % 5)];
      const image = `image ${(n + offset) % 4}`;
      const tag = `tag ${n % 3}`;
      await server.cache.storeManifest(fetched(upstream, image, { tag, children, now: noon + n }));
      await server.cache.storeBlob(shownBlob(upstream, `layer ${(n * 5 + offset) % 12}`));
    };
    const evicting =
      (server: Metadata, { id: cacheId }: Upstream) =>
      async () => {
        const wish = { cacheId, after: undefined, before: all, bytes: 40, isDry: false };
        await server.space.evict(wish);
      };
    const counting = (server: Metadata, upstreams: Upstream[]) => async (n: number) => {
      const pulled = upstreams.flatMap(({ id: upstreamId }) => [
        ...layers.map(({ kind, digest }) => ({ upstreamId, kind, reference: String(digest) })),
        ...[0, 1, 2, 3].map((image) => ({
          upstreamId,
          kind: "manifest" as const,
          reference: image === 3 ? digestOfText("image 0") : `tag ${image}`,
        })),
      ]);
      const turned = n % 2 === 0 ? pulled : pulled.toReversed();
      const lastAt = noon + n * 3_600_000;
      await server.cache.countDownloads(
        turned.map((key) => ({ ...key, repository: "library/alpine", count: 1, lastAt })),
      );
    };
    const giving = (server: Metadata, upstream: Upstream) => async () => {
      const { items } = await server.management.entries.list(upstream.id, {
        words: [],
        page: 1,
        perPage: 2,
      });
      const [first, second] = items;
      await server.cache.deleteEntry(first?.id ?? 0);
      if (second) await server.management.entries.remove(second.id, always);
    };
    const sweeping = (server: Metadata) => async () => {
      await server.sweep.note(noon, 5);
      for (const { kind, digest } of await server.sweep.due(noon, 3)) {
        if (kind === "manifest") await server.sweep.removeManifest(digest);
      }
    };
    const rounds = servers.flatMap((server, n) => [
      storing(server, one, n),
      storing(server, one, n + 2),
      storing(server, two, n + 1),
      evicting(server, n === 0 ? one : two),
      counting(server, n === 0 ? [one, two] : [two, one]),
      giving(server, n === 0 ? two : one),
      sweeping(server),
    ]);
    await Promise.all(
      rounds.map(async (round) => {
        for (let n = 0; n < 12; n++) await round(n);
      }),
    );
    for (const server of servers) await server.close();
    // What a connection has to tell is told by its end.
    await until(async () => (await database.query(others)).length === 0);
    const [after] = await database.query(deadlocks);
    expect(after).toEqual(before as Record<string, unknown>);
    expect(await database.query(countedBytes)).toEqual(await database.query(presentBytes));
    await database.query(
      "do $$ begin execute format('alter database %I reset all', current_database()); end $$",
    );
    metadata = await database.open();
  }, 60_000);
});

const others =
  "select 1 from pg_stat_activity where datname = current_database() and application_name = 'weir'";
const deadlocks = "select deadlocks::int from pg_stat_database where datname = current_database()";
