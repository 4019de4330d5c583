import { describe, expect, test } from "bun:test";
import { Kysely } from "kysely";
import { hashSecret } from "../../src/lib/secret.ts";
import { prepare } from "../../src/work/first-start.ts";
import { postgresDialect } from "../../src/metadata/postgres/dialect.ts";
import { migratorOf } from "../../src/metadata/migrations/index.ts";
import { postgresWords } from "../../src/metadata/postgres/words.ts";
import type { Schema } from "../../src/metadata/schema.ts";
import { pool, postgresOpener } from "../fakes/metadata-postgres.ts";
import { digestOfText, upstreamSettings } from "../fakes/metadata-samples.ts";
import { OtherTransaction, waits } from "../fakes/postgres-lock.ts";
import { emptyDatabase, lackOfPostgres } from "../fakes/postgres.ts";

const lack = lackOfPostgres();

describe.skipIf(lack !== undefined)(`PostgreSQL${lack ? ` (${lack})` : ""}`, () => {
  describe("opening", () => {
    const open = (url: string) => postgresOpener(url).open();

    test("many servers at once make one database, each of them", async () => {
      const database = await emptyDatabase();
      const all = await Promise.all(Array.from({ length: 4 }, () => open(database.url)));
      expect(await Promise.all(all.map((one) => one.unready()))).toEqual([
        undefined,
        undefined,
        undefined,
        undefined,
      ]);
      const steps = await database.query(
        "select count(*)::int as n, count(distinct name)::int as names from kysely_migration",
      );
      expect(steps[0]?.["n"]).toBe(steps[0]?.["names"] as number);
      await Promise.all(all.map((one) => one.close()));
      await database.remove();
    });

    test("many servers at once bring an older schema up to date, while the previous version pulls", async () => {
      const database = await emptyDatabase();
      const db = new Kysely<Schema>({ dialect: postgresDialect({ ...pool, url: database.url }) });
      const { error } = await migratorOf(db, postgresWords).migrateTo("0018_descent");
      expect(error).toBeUndefined();
      await db.destroy();
      await database.query(`insert into groups (path, name) values ('default', 'Default');
        insert into upstreams (group_id, name, url, cache_validity_hours, denied_means, library_prefix, created_at, updated_at)
        values (1, 'a', 'https://a.example', 24, 'absent', 1, 1, 2)`);
      // A pull of the previous version is about to note its entry, and waits for a table that the change has by then.
      const pull = await OtherTransaction.begin(database.url);
      await pull.run("set local deadlock_timeout = '1min'");
      await pull.run(previousEntry(0));
      const openers = Array.from({ length: 4 }, () => postgresOpener(database.url));
      const opening = Promise.all(openers.map((one) => one.open()));
      // All of them but the one whose turn it is wait for that.
      await waits(database, 4);
      await pull.run("select id from upstreams where id = 1 for share");
      await pull.end("commit");
      const opened = new AbortController();
      const pulling = (async () => {
        let n = 1;
        for (; !opened.signal.aborted; n++)
          await database.query(`begin; ${previousEntry(n)}; commit`);
        return n;
      })();
      const servers = await opening.finally(() => opened.abort());
      const entries = await pulling;
      // Given up for the pull's sake: as the database finds the circle, or after two seconds where it looked too early.
      expect(openers.flatMap(({ lines }) => lines).join("")).toMatch(
        /"code":"POSTGRES_(?:40P01|55P03)"/,
      );
      for (const server of servers) {
        expect(await server.unready()).toBeUndefined();
        const list = { words: [], page: 1, perPage: 1 };
        expect((await server.management.entries.list(1, list)).total).toBe(entries);
        expect(await server.space.bytesOf({ scope: "upstream", id: 1 })).toBe(entries);
        await server.close();
      }
      await database.remove();
    });

    test("the schema of a later release is refused", async () => {
      const database = await emptyDatabase();
      await (await open(database.url)).close();
      await database.query(
        "insert into kysely_migration values ('9999_later', '2030-01-01T00:00:00.000Z')",
      );
      expect(open(database.url)).rejects.toMatchObject({
        problem: "newer",
        message: expect.stringContaining("9999_later"),
      });
      await database.remove();
    });

    test("tables of somebody else are left as they are", async () => {
      const database = await emptyDatabase();
      await database.query("create table users (id integer)");
      expect(open(database.url)).rejects.toMatchObject({
        problem: "damaged",
        message: expect.stringContaining("of its own"),
      });
      const tables = await database.query(
        "select tablename from pg_tables where schemaname = 'public' and tablename not like 'kysely%'",
      );
      expect(tables).toEqual([{ tablename: "users" }]);
      await database.remove();
    });

    test("two first starts at once make one administrator's token, and tell it once", async () => {
      const database = await emptyDatabase();
      const servers = await Promise.all([open(database.url), open(database.url)]);
      const nothing = { users: [], oidcIssuers: [], webhooks: [], prefetches: [] };
      const declared = { groups: [], upstreams: [], registries: [], ...nothing };
      const firstUpstream = upstreamSettings({ username: undefined, password: undefined });
      const settings = { firstUpstream, adminToken: undefined, declared };
      const prepared = await Promise.all(
        servers.map((one) => one.alone("first start", () => prepare(one, settings))),
      );
      const made = prepared.flatMap(({ adminToken }) => adminToken ?? []);
      expect(made).toHaveLength(1);
      for (const { credentials } of servers) {
        expect(await credentials.byHash(hashSecret(made[0] ?? ""))).toMatchObject({
          user: { username: "admin", admin: true },
        });
      }
      expect(prepared.map(({ registry }) => registry?.id)).toEqual([1, 1]);
      await Promise.all(servers.map((one) => one.close()));
      await database.remove();
    });

    test("an address where nobody is, and a database that is not there, are said so", async () => {
      expect(open("postgres://weir@127.0.0.1:1/weir")).rejects.toMatchObject({
        problem: "unusable",
        message: expect.stringMatching(/the database weir at 127\.0\.0\.1:1 does not answer/),
      });
      const database = await emptyDatabase();
      const url = new URL(database.url);
      url.pathname = "/nobody-made-it";
      expect(open(url.href)).rejects.toMatchObject({
        problem: "unusable",
        message: expect.stringContaining("WEIR_DATABASE_URL must name a database that is there"),
      });
      await database.remove();
    });
  });
});

/** What a server of the previous version notes of a pull. */
const previousEntry = (
  n: number,
) => `insert into cache_entries (group_id, upstream_id, repository, kind, reference,
  digest, proof, content_type, size, upstream_checked_at, downloaded_at)
  values (1, 1, 'x/y', 'blob', '${digestOfText(String(n))}', '${digestOfText(String(n))}', 'shown', 't', 1, 1, 1)`;
