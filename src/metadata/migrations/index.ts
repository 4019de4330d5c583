import { type Kysely, sql } from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import { MetadataError } from "../contract.ts";
import type { Db } from "../schema.ts";
import { firstLight } from "./0001_first_light.ts";
import { choosing } from "./0002_choosing.ts";
import { dependencyProxy } from "./0003_dependency_proxy.ts";
import { lists } from "./0004_lists.ts";
import { identity } from "./0005_identity.ts";
import { audit } from "./0006_audit.ts";
import { people } from "./0007_people.ts";
import { removals } from "./0008_removals.ts";
import { background } from "./0009_background.ts";
import { statistics } from "./0010_statistics.ts";
import { servers } from "./0012_servers.ts";
import { space, type Trigger } from "./0013_space.ts";
import { prefetchesAndWebhooks } from "./0014_prefetches_and_webhooks.ts";
import { rules } from "./0015_rules.ts";
import { descent } from "./0018_descent.ts";
import { caches } from "./0019_caches.ts";
import { repositories } from "./0020_repositories.ts";
import { oidcIssuers } from "./0022_oidc_issuers.ts";
import { recentStatistics } from "./0024_recent_statistics.ts";
import { contentsInOrder } from "./0027_contents_in_order.ts";
import { oldLists } from "./0028_old_lists.ts";
import { names } from "./0029_names.ts";
import { countedTogether } from "./0030_counted_together.ts";
import { entryHash } from "./0031_entry_hash.ts";

/** The few words in which the SQL of two engines differs. */
export interface SqlWords {
  /** A primary key that is never given out twice. */
  id: string;
  /** 64 bits. */
  integer: string;
  bytes: string;
  /** Follows the expression of a generated column. */
  computed: string;
  /** Ends the description of a table. */
  table: string;
  /** The same for a small table that is only read by its primary key. */
  keyed: string;
  /** What refuses to change rows of a table, and to delete those that `keeps`, of `old`, is true of. */
  appendOnly: (table: string, keeps: string) => string[];
  /** What runs these statements after such changes of a row. */
  trigger: (trigger: Trigger) => string[];
  /** What keeps `entry_counts` in step with the entries that can be seen; a bucket is the id without so many of its last bits. */
  entryCounts: (bucketBits: number) => string[];
  /** The same for `repository_counts`; while these are made, and until the step is done, nobody else writes entries. */
  repositoryCounts: string[];
  /** A statement of a trigger that adds `size` to `cached_bytes`, where the condition holds. */
  addBytes: (scope: string, owner: string, size: string, condition: string) => string;
  /** What `addBytes` needs to be there. */
  bytesAdded: string[];
  /** What has content count once where several entries that need it go in one statement. */
  leftAtOnce: string[];
  /** What has an entry that comes to another content lock both in the order in which everybody does. */
  contentsInOrder: string[];
  /** What has few statements of triggers do for all that is counted what many did. */
  countedTogether: (bucketBits: number) => string[];
  /** The index by which entries are looked up, where that is not their key. */
  entryHash: string[];
  /** What makes ids that somebody chose count as given out, for a table where that can be. */
  givenIds: (table: string) => string[];
  /** A query for the names of our tables, as far as there are any. */
  tables: string;
  /** A query for which of them refers to which: `child` to `parent`. */
  references: string;
  /** A statement of a migration as this engine takes it. */
  adapted: (statement: string) => string;
}

/** Forward only. A list, not a folder: a bundled executable has no files to look through. */
const steps: Record<string, (words: SqlWords) => string[]> = {
  "0001_first_light": firstLight,
  "0002_choosing": choosing,
  "0003_dependency_proxy": dependencyProxy,
  "0004_lists": lists,
  "0005_identity": identity,
  "0006_audit": audit,
  "0007_people": people,
  "0008_removals": removals,
  "0009_background": background,
  "0010_statistics": statistics,
  "0012_servers": servers,
  "0013_space": space,
  "0014_prefetches_and_webhooks": prefetchesAndWebhooks,
  "0015_rules": rules,
  "0018_descent": descent,
  "0019_caches": caches,
  "0020_repositories": repositories,
  "0022_oidc_issuers": oidcIssuers,
  "0024_recent_statistics": recentStatistics,
  "0027_contents_in_order": contentsInOrder,
  "0028_old_lists": oldLists,
  "0029_names": names,
  "0030_counted_together": countedTogether,
  "0031_entry_hash": entryHash,
};

/** The names under which a database has on record what was done to it. */
export const stepNames: readonly string[] = Object.keys(steps);

/**
 * Brings the database to the newest schema, or leaves it as it was. Safe to repeat. Throws a `MetadataError`
 * (`newer`) when a later release has been there already.
 */
export async function migrate(db: Db, words: SqlWords): Promise<void> {
  const done = await stepsDone(db, words);
  refuseNewer(done);
  // The migrator would look through all tables first, which takes longer than the rest of a start.
  if (stepNames.every((name) => done.has(name))) return;
  const { error } = await migratorOf(db, words).migrateToLatest();
  if (error) throw error;
}

/** What carries the steps out, as far as is asked. */
export function migratorOf(db: Db, words: SqlWords): Migrator {
  const migrations = Object.fromEntries(
    Object.entries(steps).map(([name, statements]) => [
      name,
      migration(statements(words).map(words.adapted)),
    ]),
  );
  const provider = { getMigrations: () => Promise.resolve(migrations) };
  return new Migrator({ db, provider });
}

function migration(statements: readonly string[]): Migration {
  return {
    async up(db: Kysely<unknown>) {
      for (const statement of statements) await sql.raw(statement).execute(db);
    },
  };
}

/** A table that is there while another database is being copied into this one. */
export const unfinishedCopy = "unfinished_copy";

/** Half of an instance is none: a server would take it for a new one. Throws a `MetadataError`. */
export async function refuseUnfinished(db: Db, words: SqlWords): Promise<void> {
  const tables = await sql.raw<{ name: string }>(words.tables).execute(db);
  if (!tables.rows.some(({ name }) => name === unfinishedCopy)) return;
  throw new MetadataError(
    "unusable",
    "weir migrate has not come to its end with this database: stop the old server and run weir migrate --finish",
  );
}

async function stepsDone(db: Db, words: SqlWords): Promise<ReadonlySet<string>> {
  const tables = await sql.raw<{ name: string }>(words.tables).execute(db);
  if (!tables.rows.some(({ name }) => name === "kysely_migration")) return new Set();
  const done = await sql<{ name: string }>`select name from kysely_migration`.execute(db);
  return new Set(done.rows.map(({ name }) => name));
}

function refuseNewer(done: ReadonlySet<string>): void {
  const unknown = [...done].find((name) => !(name in steps));
  if (unknown === undefined) return;
  throw new MetadataError(
    "newer",
    `a newer release has changed the database (step "${unknown}"): start that release again, ` +
      "or restore a backup from before the update",
  );
}
