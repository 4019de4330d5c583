import { afterEach, beforeEach, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import fc from "fast-check";
import { Kysely } from "kysely";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { CopyProgress, CopyReport } from "../../src/metadata/copies/contract.ts";
import { PostgresCopy } from "../../src/metadata/copies/copy.ts";
import { migrate } from "../../src/metadata/migrations/index.ts";
import { postgresDialect } from "../../src/metadata/postgres/dialect.ts";
import { postgresWords } from "../../src/metadata/postgres/words.ts";
import type { Schema } from "../../src/metadata/schema.ts";
import { catalogOf, expectCopied, rowsOfFile, tablesOfFile } from "../fakes/copied.ts";
import { pool } from "../fakes/metadata-postgres.ts";
import { putMigrated } from "../fakes/migrated.ts";
import {
  emptyDatabase,
  lackOfPostgres,
  PostgresServer,
  type TestDatabase,
} from "../fakes/postgres.ts";

const runs = Number(process.env["WEIR_COPY_RUNS"] ?? 3);
const lack = lackOfPostgres();
const copyTest = (name: string, body: () => Promise<void>) =>
  lack ? test.skip(`${name} (${lack})`, body) : test(name, body, 60_000 + 10_000 * runs);

const messageOf = (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (error: unknown) => (error as Error).message,
  );

/** A database of a data folder, and where it is copied to. */
class Moved {
  readonly #folder = mkdtempSync(path.join(tmpdir(), "weir-copies-"));
  readonly file = path.join(this.#folder, "weir.db");

  private constructor(readonly target: TestDatabase) {}

  static async begin(target?: TestDatabase): Promise<Moved> {
    const moved = new Moved(target ?? (await emptyDatabase()));
    await putMigrated(moved.file);
    return moved;
  }

  /** As its server does, beside whoever reads it. */
  write(...statements: string[]): void {
    const database = new Database(this.file, { strict: true });
    try {
      database.run("pragma journal_mode = wal");
      database.run("pragma foreign_keys = on");
      database.transaction(() => statements.forEach((one) => database.run(one)))();
    } finally {
      database.close(true);
    }
  }

  get rows(): number {
    return tablesOfFile(this.file).flatMap((table) => rowsOfFile(this.file, table)).length;
  }

  /** A round; a last one comes to the end. */
  async round(
    {
      isLast = false,
      rowsAtOnce,
      lost = [],
    }: { isLast?: boolean; rowsAtOnce?: { least: number; most: number }; lost?: [] } = {},
    progress: (done: CopyProgress) => void = () => undefined,
  ): Promise<CopyReport> {
    const to = { url: this.target.url, ca: undefined };
    const how = { alone: isLast, ...(rowsAtOnce && { rowsAtOnce }) };
    const copy = PostgresCopy.open(this.file, to, how);
    try {
      const report = await copy.run(progress);
      if (isLast) await copy.finish(lost);
      return report;
    } finally {
      await copy.close();
    }
  }

  finish = () => this.round({ isLast: true });

  expectSame = () => expectCopied(this.file, this.target.url);

  async end(): Promise<void> {
    await this.target.remove();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

let moved: Moved;
beforeEach(async () => {
  if (!lack) moved = await Moved.begin();
});
afterEach(async () => {
  if (!lack) await moved.end();
});

const digestOf = (n: number) => `sha256:${n.toString(16).padStart(64, "0")}`;
const numbers = (count: number) =>
  `(with recursive t (n) as (select 1 union all select n + 1 from t where n < ${count}) select n from t)`;

const group = (n: number, parent?: number) =>
  parent === undefined
    ? `insert or ignore into groups (path, name) values ('g${n}', 'a group')`
    : `insert or ignore into groups (path, name, parent_id) select 'g${n}', 'below', id from groups where path = 'g${parent}'`;
const upstream = (n: number, of: number) =>
  `insert into upstreams (group_id, name, url, cache_validity_hours, denied_means, library_prefix, created_at, updated_at)
    select id, 'u${n}', 'https://u${n}.example/"\\', 24, 'absent', 0, 0, 0 from groups where path = 'g${of}'`;
const swap = (table: string, column: string, a: string, b: string) => [
  `update ${table} set ${column} = '-' where ${column} = '${a}'`,
  `update ${table} set ${column} = '${a}' where ${column} = '${b}'`,
  `update ${table} set ${column} = '${b}' where ${column} = '-'`,
];
const manifest = (n: number) => [
  `insert or ignore into manifests (digest, media_type, payload)
    values ('${digestOf(n)}', 'm', x'00ff5c${n.toString(16).padStart(4, "0")}')`,
  `insert or ignore into manifest_children (parent_digest, child_digest, kind, media_type, size)
    values ('${digestOf(n)}', '${digestOf(n + 1)}', 'blob', 'é\u{1f40b}\\u0000', ${n})`,
];
const blob = (n: number) =>
  `insert or ignore into blobs (digest, size, stored_at, verified_at) values ('${digestOf(n)}', ${n}, 0, 0)`;
const entry = (n: number, tag: number) =>
  `insert or replace into cache_entries (group_id, upstream_id, repository, kind, reference, digest, proof, content_type, size, upstream_checked_at, downloaded_at)
    values (1, 1, 'library/app', 'manifest', 'v${tag}', '${digestOf(n)}', 'shown', 'm', ${n}, 1, ${n})`;
const user = (n: number) =>
  `insert or ignore into users (username, email, admin, created_at) values ('n${n}', 'n${n}@x.example', 0, 0)`;
const event = (n: number) =>
  `insert into audit_events (at, actor_kind, actor_name, action, subject_kind, result, details)
    values (${n}, 'user', 'n${n}', 'test', 'nothing', 'success', '{}')`;

/** What a server may do to its database between two looks at it. */
const change = fc
  .tuple(fc.nat(11), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }))
  .map(([what, n, m]): string[] => {
    const all: string[][] = [
      [group(n)],
      [group(n, m)],
      [`delete from groups where path = 'g${n}'`],
      swap("groups", "path", `g${n}`, `g${m}`),
      [upstream(n, m)],
      manifest(n),
      [`delete from manifests where digest = '${digestOf(n)}'`],
      [blob(n), `delete from blobs where digest = '${digestOf(m)}'`],
      [entry(n, m)],
      [`delete from cache_entries where reference = 'v${n}'`, entry(m, n)],
      [user(n), ...swap("users", "username", `n${n}`, `n${m}`)],
      [event(n), `delete from users where username = 'n${m}'`],
    ];
    return all[what] ?? [];
  });

/** A round, in which this happens after so many steps; `isKilled`: and then it ends. */
const round = fc.record({
  before: fc.array(change, { maxLength: 15 }),
  at: fc.nat(40),
  meanwhile: fc.array(change, { maxLength: 15 }),
  isKilled: fc.boolean(),
});

copyTest(
  "whatever is changed before and within rounds, and wherever they are killed, the last one makes the copy what its source is",
  async () => {
    const rowsAtOnce = { least: 1, most: 3 };
    const check = fc.asyncProperty(
      fc.array(round, { minLength: 1, maxLength: 4 }),
      fc.array(change, { maxLength: 15 }),
      fc.nat(60),
      async (rounds, before, killedAt) => {
        const one = await Moved.begin();
        const killer = (at: number, then: () => void) => {
          let steps = 0;
          return () => void (steps++ === at && then());
        };
        const killed = () => {
          throw new Error("killed");
        };
        const endOf = async (work: Promise<unknown>) => {
          expect(await messageOf(work)).toMatch(/^done$|^killed$/);
        };
        try {
          one.write(...[1, 2, 3, 4, 5].flatMap((n) => [group(n), user(n), blob(n), entry(n, n)]));
          for (const { before, at, meanwhile, isKilled } of rounds) {
            one.write(...before.flat());
            const then = () => {
              one.write(...meanwhile.flat());
              if (isKilled) killed();
            };
            await endOf(one.round({ rowsAtOnce }, killer(at, then)));
          }
          one.write(...before.flat());
          // As a last one that is killed.
          await endOf(one.round({ rowsAtOnce }, killer(killedAt, killed)));
          const last = await one.round({ rowsAtOnce, isLast: true });
          expect(last).toMatchObject({ rows: one.rows, putOff: 0 });
          await one.expectSame();
        } finally {
          await one.end();
        }
      },
    );
    await fc.assert(check, { numRuns: runs });
  },
);

copyTest("the last round writes nothing where nothing has changed, and else what has", async () => {
  moved.write(
    `insert into groups (path, name) select 'g' || n, 'a group' from ${numbers(3000)}`,
    ...[1, 2, 3].flatMap((n) => [...manifest(n), blob(n), entry(n, n)]),
  );
  const { rows } = moved;
  expect(await moved.round()).toMatchObject({ rows, copied: rows, putOff: 0 });
  expect(await moved.round()).toMatchObject({ rows, copied: 0, putOff: 0 });
  moved.write(
    "update groups set name = 'another' where path = 'g7'",
    "delete from groups where path = 'g8'",
    "insert into groups (path, name) values ('g3001', 'new'), ('g8', 'again')",
  );
  const done: CopyProgress = { compared: 0, copied: 0 };
  const last = await moved.round({ isLast: true }, (now) => void Object.assign(done, now));
  expect(last).toEqual({
    tables: tablesOfFile(moved.file).length,
    rows: rows + 1,
    copied: 3,
    putOff: 0,
  });
  expect(done).toEqual({ compared: rows, copied: 3 });
  await moved.expectSame();
});

copyTest("afterwards it is a database as the schema makes it", async () => {
  moved.write(...[1, 2, 3].map((n) => group(n)), "delete from groups where path = 'g3'");
  await moved.round();
  // While it is being made, nothing follows from a row that comes or goes.
  const references = "select 1 from pg_constraint where contype = 'f'";
  expect(await moved.target.query(references)).toEqual([]);
  await moved.finish();
  const fresh = await emptyDatabase();
  const db = new Kysely<Schema>({ dialect: postgresDialect({ url: fresh.url, ...pool }) });
  try {
    await migrate(db, postgresWords);
    expect(await catalogOf(moved.target.url)).toEqual(await catalogOf(fresh.url));
  } finally {
    await db.destroy();
    await fresh.remove();
  }
  expect((await moved.target.query(references)).length).toBeGreaterThan(20);
  // Ids go on where they were.
  const insert = "insert into groups (path, name) values ('later', 'later') returning id";
  expect(await moved.target.query(insert)).toEqual([{ id: 4 }]);
});

copyTest(
  "rows that take each other's names while they are read are put off to the next round",
  async () => {
    moved.write(`insert into groups (path, name) select 'g' || n, 'a group' from ${numbers(100)}`);
    const { rows } = moved;
    let before = 0;
    const rowsAtOnce = { least: 16, most: 500 };
    const first = await moved.round({ rowsAtOnce }, ({ copied }) => {
      const isGroups = copied - before === 16;
      before = copied;
      // The first 16 are there now.
      if (isGroups) moved.write(...swap("groups", "path", "g1", "g90"));
    });
    expect(first).toMatchObject({ rows: rows - 84, copied: rows - 84, putOff: 84 });
    expect(await moved.target.query("select count(*) as n from groups")).toEqual([{ n: 16 }]);
    expect(await moved.round()).toMatchObject({ rows, copied: 85, putOff: 0 });
    // The one that has the name in the target is looked at later.
    moved.write(...swap("groups", "path", "g2", "g91"));
    expect(await moved.finish()).toMatchObject({ rows, copied: 2, putOff: 0 });
    await moved.expectSame();
  },
);

copyTest("a part that has grown past what a transaction takes is cut", async () => {
  const blobs = (step: number) =>
    `insert or ignore into blobs (digest, size, stored_at, verified_at)
      select printf('sha256:%064x', n * ${step}), n, 0, 0 from ${numbers(700)}`;
  moved.write(blobs(6));
  await moved.round();
  moved.write(blobs(1), "update blobs set size = size + 1 where size % 100 = 0");
  expect(await moved.round()).toMatchObject({ putOff: 0 });
  const parts = await moved.target.query(
    "select row_count as n from unfinished_copy_parts where table_name = 'blobs' order by id",
  );
  expect(Math.max(...parts.map(({ n }) => Number(n)))).toBeLessThanOrEqual(531);
  expect(await moved.finish()).toMatchObject({ copied: 0 });
  await moved.expectSame();
});

copyTest("what another instance has begun to copy there goes", async () => {
  moved.write(...[1, 2, 3, 4].flatMap((n) => [group(n), ...manifest(n), blob(n), event(n)]));
  await moved.round();
  const other = await Moved.begin();
  try {
    other.write(group(3), group(9), ...manifest(4), user(1));
    const to = { url: moved.target.url, ca: undefined };
    const copy = PostgresCopy.open(other.file, to, { alone: true });
    try {
      await copy.run(() => undefined);
      await copy.finish([]);
    } finally {
      await copy.close();
    }
    await expectCopied(other.file, moved.target.url);
  } finally {
    await other.end();
  }
});

copyTest("whoever owns the database may do all of it", async () => {
  const role = `mover_${crypto.randomUUID().replaceAll("-", "")}`;
  const { target } = moved;
  const { pathname } = new URL(target.url);
  await target.query(`create role ${role} login nosuperuser`);
  await target.query(`alter database ${pathname.slice(1)} owner to ${role}`);
  const url = target.url.replace("weir@", `${role}@`);
  const owned = await Moved.begin({ ...target, url, remove: async () => undefined });
  try {
    owned.write(group(1), group(2, 1), upstream(1, 1), ...manifest(1));
    await owned.round();
    owned.write("delete from groups where path = 'g2'", event(1));
    await owned.finish();
    await owned.expectSame();
  } finally {
    await owned.end();
    await target.query(`reassign owned by ${role} to weir`);
    await target.query(`drop role ${role}`);
  }
});

copyTest("a target that dies in the middle is gone on with when it is back", async () => {
  const server = await PostgresServer.start();
  await server.query("postgres", "create database moved");
  const url = server.url("moved");
  const query = (text: string) => server.query("moved", text);
  const one = await Moved.begin({ url, query, remove: () => server.remove() });
  try {
    one.write(`insert into groups (path, name) select 'g' || n, 'a group' from ${numbers(5000)}`);
    let dying: Promise<void> | undefined;
    const killed = one.round({}, ({ copied }) => {
      if (copied > 2000) dying ??= server.kill();
    });
    expect(await messageOf(killed)).toContain("does not answer");
    await dying;
    await server.run();
    const { rows, copied } = await one.finish();
    expect(rows).toBe(one.rows);
    expect(copied).toBeLessThan(3100);
    await one.expectSame();
  } finally {
    await one.end();
  }
});

copyTest("two that copy there at once do not mix", async () => {
  moved.write(group(1));
  await moved.round();
  moved.write(
    `insert into groups (path, name) select 'g' || n, 'a group' from ${numbers(5000)} where n > 1`,
  );
  const both = await Promise.all([messageOf(moved.round()), messageOf(moved.round())]);
  expect(both).toContain("done");
  for (const one of both) expect(one).toMatch(/^done$|another weir migrate fills it/);
  await moved.finish();
  await moved.expectSame();
});

copyTest("what the previous release has begun is begun anew", async () => {
  for (const statement of [
    "create table unfinished_copy (mark text not null, table_name text, position text)",
    "insert into unfinished_copy values ('/data/weir.db 4096 1', 'groups', '[3]')",
    "create table groups (id bigint primary key)",
    "insert into groups values (3)",
  ]) {
    await moved.target.query(statement);
  }
  moved.write(group(1), group(2));
  await moved.round();
  await moved.finish();
  await moved.expectSame();
});

copyTest("a copy that is not what its source is lets no server in", async () => {
  moved.write(...[1, 2, 3].map((n) => group(n)));
  await moved.round();
  await moved.target.query("delete from groups where path = 'g2'");
  expect(await messageOf(moved.finish())).toContain(
    "groups has 3 rows, its copy 2: the copy is not used",
  );
  expect(await moved.target.query("select count(*) as n from unfinished_copy")).toEqual([{ n: 1 }]);
});

copyTest("a row that refers to nothing lets no server in", async () => {
  moved.write(group(1), upstream(1, 1));
  const database = new Database(moved.file);
  database.run("pragma foreign_keys = off");
  database.run("delete from groups");
  database.close(true);
  await moved.round();
  expect(await messageOf(moved.finish())).toContain("refers to one that is not there");
  const triggers = "select 1 from pg_trigger where not tgisinternal and tgenabled <> 'D'";
  expect(await moved.target.query(triggers)).toEqual([]);
});

copyTest("a text with a character that PostgreSQL has not is copied without it", async () => {
  moved.write(
    `insert into groups (path, name) values ('g1', 'a' || char(0) || '\\u0000' || char(92))`,
  );
  await moved.round();
  expect(await moved.round()).toMatchObject({ copied: 0 });
  await moved.finish();
  expect(await moved.target.query("select name from groups")).toEqual([
    { name: "a\uFFFD\\u0000\\" },
  ]);
});

copyTest("what a server that was killed has left in its log comes along", async () => {
  const killed = await Moved.begin();
  const database = new Database(killed.file, { strict: true });
  try {
    database.run("pragma journal_mode = wal");
    database.run(group(7));
    for (const end of ["", "-wal"]) {
      await Bun.write(moved.file + end, Bun.file(killed.file + end));
    }
  } finally {
    database.close(true);
    await killed.end();
  }
  expect(await moved.round()).toMatchObject({ putOff: 0 });
  await moved.finish();
  expect(await moved.target.query("select path from groups")).toEqual([{ path: "g7" }]);
});

copyTest("a source that is damaged is said to be", async () => {
  moved.write(`insert into groups (path, name) select 'g' || n, 'a group' from ${numbers(3000)}`);
  await moved.round();
  const { size } = Bun.file(moved.file);
  const bytes = new Uint8Array(await Bun.file(moved.file).arrayBuffer());
  // The last pages are those of the rows.
  bytes.fill(0xff, size - 20 * 4096);
  await Bun.write(moved.file, bytes);
  expect(await messageOf(moved.finish())).toContain("is damaged");
  expect(await moved.target.query("select count(*) as n from unfinished_copy")).toEqual([{ n: 1 }]);
});
