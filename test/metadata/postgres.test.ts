import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { CompiledQuery, Kysely, type KyselyConfig } from "kysely";
import { undoubted } from "../../src/metadata/caches.ts";
import { rowsByKey } from "../../src/metadata/entry-rows.ts";
import { Lookups } from "../../src/metadata/lookups.ts";
import type { Metadata } from "../../src/metadata/contract.ts";
import { postgresDialect } from "../../src/metadata/postgres/dialect.ts";
import { postgresWords } from "../../src/metadata/postgres/words.ts";
import type { Schema } from "../../src/metadata/schema.ts";
import { sqliteDialect } from "../../src/metadata/sqlite/dialect.ts";
import { openDatabase, sqliteWords } from "../../src/metadata/sqlite/open.ts";
import { tablesInOrder } from "../../src/metadata/tables.ts";
import { SteppedClock } from "../fakes/clock.ts";
import { pool } from "../fakes/metadata-postgres.ts";
import { postgresDatabase } from "../fakes/new-database.ts";
import {
  fetched,
  registrySettings,
  sampleRegistry,
  shownBlob,
  upstreamSettings,
} from "../fakes/metadata-samples.ts";
import { sqliteFolder } from "../fakes/metadata-sqlite.ts";
import { OtherTransaction, waits } from "../fakes/postgres-lock.ts";
import { lackOfPostgres } from "../fakes/postgres.ts";
import { until } from "../fakes/until.ts";
import { metadataSuite } from "../suites/metadata.ts";

const lack = lackOfPostgres();

describe.skipIf(lack !== undefined)(`PostgreSQL${lack ? ` (${lack})` : ""}`, () => {
  metadataSuite("PostgreSQL", async () => {
    const clock = new SteppedClock();
    const database = await postgresDatabase(clock);
    const bed = {
      clock,
      metadata: await database.open(),
      async reopen() {
        await bed.metadata.close();
        bed.metadata = await database.open();
        return bed.metadata;
      },
      async close() {
        await bed.metadata.close();
        await database.remove();
      },
    };
    return bed;
  });

  describe("one database", () => {
    let database: Awaited<ReturnType<typeof postgresDatabase>>;
    let metadata: Metadata;
    beforeEach(async () => {
      database = await postgresDatabase();
      metadata = await database.open();
    });
    afterEach(async () => {
      await metadata.close();
      await database.remove();
    });

    test("has the tables and columns that SQLite has", async () => {
      const folder = sqliteFolder();
      await (await folder.open()).close();
      const file = new Database(folder.file, { readonly: true });
      const own = file
        .query<{ tables: string }, []>(
          `select m.name || '.' || c.name as tables from sqlite_master m join pragma_table_xinfo(m.name) c
          where m.type = 'table' and m.name not like 'sqlite%' and m.name not like 'kysely%' order by 1`,
        )
        .all();
      file.close(true);
      folder.remove();
      const rows = await database.query(
        `select table_name || '.' || column_name collate "C" as tables from information_schema.columns
        where table_schema = 'public' and table_name not like 'kysely%'
        and table_name <> 'cache_changes' order by 1`,
      );
      expect(rows).toEqual(own);
    });

    test("its tables can be copied in the order in which SQLite's can", async () => {
      const folder = sqliteFolder();
      await (await folder.open()).close();
      const file = new Kysely<Schema>({ dialect: sqliteDialect(openDatabase(folder.file)) });
      const db = new Kysely<Schema>({ dialect: postgresDialect({ ...pool, url: database.url }) });
      const order = await tablesInOrder(db, postgresWords);
      expect(await tablesInOrder(file, sqliteWords)).toEqual(order);
      for (const [child, parent] of [
        ["upstreams", "groups"],
        ["sessions", "tokens"],
        ["registry_upstreams", "registries"],
      ] as const) {
        expect(order.indexOf(parent)).toBeGreaterThanOrEqual(0);
        expect(order.indexOf(child)).toBeGreaterThan(order.indexOf(parent));
      }
      await file.destroy();
      await db.destroy();
      folder.remove();
    });

    test("compares all texts by their bytes", async () => {
      const other = await database.query(
        `select table_name, column_name from information_schema.columns where table_schema = 'public'
        and table_name not like 'kysely%' and data_type in ('text', 'character varying')
        and collation_name is distinct from 'C'`,
      );
      expect(other).toEqual([]);
      const { group } = await sampleRegistry(metadata);
      for (const name of ["b", "B", "a", "_"]) {
        await metadata.directory.saveUpstream(
          group.id,
          upstreamSettings({ name, url: `https://${name === "_" ? "u" : name}.example` }),
        );
      }
      const rows = await database.query("select name from upstreams order by name");
      expect(rows.map(({ name }) => name)).toEqual(["B", "Docker Hub", "_", "a", "b"]);
    });

    test("an id that was chosen is given out", async () => {
      const { group } = await sampleRegistry(metadata);
      const save = (id: number | undefined, name: string) =>
        metadata.directory.saveRegistry(group.id, registrySettings({ id, name }));
      await save(7, "chosen");
      expect((await save(undefined, "next")).id).toBe(8);
      await save(3, "before");
      expect((await save(undefined, "last")).id).toBe(9);
    });

    test("audit events are neither changed nor deleted, by whatever statement", async () => {
      await sampleRegistry(metadata);
      const { audit } = metadata;
      const before = await audit.list({}, { page: 1, perPage: 10 });
      expect(before.items.length).toBeGreaterThan(0);
      for (const statement of [
        "update audit_events set action = 'x'",
        "delete from audit_events",
        "truncate audit_events",
      ]) {
        expect(database.query(statement)).rejects.toThrow(/audit_events are (?:not changed|kept)/);
      }
      expect(await audit.list({}, { page: 1, perPage: 10 })).toEqual(before);
    });

    test("a text with a zero byte is found nowhere, and does no harm", async () => {
      await sampleRegistry(metadata);
      expect(await metadata.directory.group("default\0")).toBeUndefined();
      expect(await metadata.credentials.byHash("\0")).toBeUndefined();
      expect(await metadata.directory.group("default")).toBeDefined();
    });

    test("goes on when another server has added a column to its tables", async () => {
      const { group } = await sampleRegistry(metadata);
      const save = (name: string) => metadata.directory.saveGroup({ path: "default", name });
      const list = { words: [], page: 1, perPage: 10 };
      // Prepared on each connection that there can be.
      const all = () =>
        Promise.all(Array.from({ length: 8 }, () => metadata.identity.users.list(list)));
      await all();
      await metadata.management.upstreams.list(group.id, list);
      await database.query(
        "alter table users add column later text; alter table upstreams add column later text",
      );
      expect((await all()).map(({ total }) => total)).toEqual(Array(8).fill(0));
      const upstreams = await metadata.management.upstreams.list(group.id, list);
      expect(upstreams.items).toHaveLength(1);
      await metadata.management.upstreams.change(upstreams.items[0]?.id ?? 0, {
        description: "new",
      });
      expect((await save("again")).name).toBe("again");
      await database.query(
        "alter table users drop column later; alter table upstreams drop column later",
      );
    });

    test("looks entries up by their index, however many there are", async () => {
      const { upstream } = await sampleRegistry(metadata);
      await database.query(`insert into manifests (digest, media_type, payload)
        select 'sha256:' || md5(n::text) || md5(n::text), 't', '' from generate_series(1, 20000) n`);
      await database.query(`insert into cache_entries (group_id, upstream_id, repository, kind, reference, digest, proof,
        content_type, size, upstream_checked_at, downloaded_at) select ${upstream.groupId}, ${upstream.id}, 'r' || n % 100,
        'manifest', 't' || n, 'sha256:' || md5(n::text) || md5(n::text), 'shown', 't', 1, 1, 1 from generate_series(1, 20000) n`);
      await database.query("analyze cache_entries; analyze manifests");
      const asked: { sql: string; parameters: readonly unknown[] }[] = [];
      const log: KyselyConfig["log"] = ({ query }) => void asked.push(query);
      const dialect = postgresDialect({ ...pool, url: database.url });
      const db = new Kysely<Schema>({ dialect, log });
      const lookups = new Lookups(rowsByKey(db));
      const places = undoubted([upstream.id, upstream.id + 1, upstream.id + 2]);
      expect(await lookups.manifests(places, "r5", "t105")).toHaveLength(1);
      expect(await lookups.entries(places, "r5", "manifest", "t105")).toHaveLength(1);
      for (const { sql, parameters } of asked.slice()) {
        const explain = CompiledQuery.raw(`explain ${sql}`, [...parameters]);
        const { rows } = await db.executeQuery<Record<string, string>>({ ...explain });
        const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
        expect(plan).toMatch(
          /Index Scan using \S*cache_entries_upstream_id_repository_kind_reference/,
        );
        expect(plan).not.toContain("Seq Scan");
      }
      await db.destroy();
    });

    test("what comes under former credentials is not shown, whichever transaction was first", async () => {
      const { group, upstream } = await sampleRegistry(metadata);
      const manifest = fetched(upstream, "one");
      const found = async (tag: string) =>
        (await metadata.cache.manifests([upstream.id], "library/alpine", tag))[0]?.proof;

      // Another server stores, and has not ended yet.
      await metadata.cache.storeManifest(manifest);
      const storing = await OtherTransaction.begin(database.url);
      await storing.run(
        `select id from upstreams where id = ${upstream.id} and version = ${upstream.version} for share`,
      );
      await storing.run(
        `insert into cache_entries (group_id, upstream_id, repository, kind, reference, digest, proof, content_type, size,
          upstream_checked_at, downloaded_at) select group_id, upstream_id, repository, kind, 'late', digest, 'shown',
          content_type, size, 1, 1 from cache_entries where reference = 'latest'`,
      );
      const changing = metadata.directory.saveUpstream(
        group.id,
        upstreamSettings({ password: "another" }),
      );
      await waits(database);
      await storing.end("commit");
      const changed = await changing;
      expect(changed.version).toBe(upstream.version + 1);
      expect([await found("latest"), await found("late")]).toEqual(["named", "named"]);

      // Another server changes them, and has not ended yet.
      const other = await OtherTransaction.begin(database.url);
      await other.run(`update upstreams set version = version + 1 where id = ${upstream.id}`);
      const late = metadata.cache.storeManifest({ ...manifest, upstreamVersion: changed.version });
      await waits(database);
      await other.end("commit");
      await late;
      expect(await found("latest")).toBe("named");
    });

    test("its connections are set for what our transactions need", async () => {
      const names = [
        "statement_timeout",
        "idle_in_transaction_session_timeout",
        "transaction_isolation",
        "jit",
      ];
      await database.query(
        "do $$ begin execute format('alter database %I set default_transaction_isolation = serializable', current_database()); end $$",
      );
      const db = new Kysely<Schema>({ dialect: postgresDialect({ ...pool, url: database.url }) });
      const settings = await Promise.all(
        names.map(async (name) => {
          const shown = CompiledQuery.raw(`select current_setting('${name}') as value`);
          const { rows } = await db.executeQuery<{ value: string }>({ ...shown });
          return rows[0]?.value;
        }),
      );
      await db.destroy();
      await database.query(
        "do $$ begin execute format('alter database %I reset all', current_database()); end $$",
      );
      expect(settings).toEqual(["5s", "30s", "read committed", "off"]);
    });

    test("two that wait for each other both come to their end", async () => {
      const { upstream } = await sampleRegistry(metadata);
      const patient = await database.open({ statementMs: 20_000 });
      // Counted in this order.
      const blobs = ["a", "b", "c"]
        .map((text) => shownBlob(upstream, text))
        .toSorted((one, other) => (one.reference < other.reference ? -1 : 1));
      for (const blob of blobs) await metadata.cache.storeBlob(blob);
      const [first, second, third] = blobs.map(
        ({ digest }) => `update cache_entries set size = size where digest = '${digest}'`,
      ) as [string, string, string];
      const holder = await OtherTransaction.begin(database.url);
      await holder.run(second);
      const other = await OtherTransaction.begin(database.url);
      // It is not the one who looks for circles.
      await other.run("set local deadlock_timeout = '1min'");
      await other.run(third);
      const deadlocks = async () => {
        const [row] = await database.query(
          "select deadlocks::int as n from pg_stat_database where datname = current_database()",
        );
        return row?.["n"];
      };
      const before = await deadlocks();
      const counting = patient.cache.countDownloads(
        blobs.map((blob) => ({ ...blob, count: 1, lastAt: blob.now })),
      );
      await waits(database);
      const waiting = other.run(first);
      await waits(database, 2);
      // From here on they wait for each other, and ours looks for it a second later: it has come to its last wait.
      await holder.end("commit");
      await waiting;
      await other.end("commit");
      await counting;
      await patient.close();
      await until(async () => (await deadlocks()) !== before);
      const rows = await database.query("select sum(downloads_count)::int as n from cache_entries");
      expect(rows).toEqual([{ n: 3 }]);
    });
  });
});
