import { Database } from "bun:sqlite";
import { readdirSync, statSync } from "node:fs";
import path from "node:path";

export interface StoreFacts {
  /** By digest, the size of each stored file. */
  files: Map<string, number>;
  /** By digest, the size of each blob that is known. */
  rows: Map<string, number>;
  /** Blobs whose deletion has begun. */
  removing: Set<string>;
  /** Bytes of manifests. */
  manifests: number;
  /** As they are counted. */
  stored: number;
  leaving: number;
  bytesOf: (scope: string, id: number) => number;
  /** What is counted otherwise than it is, or points at content that is gone. */
  wrong: string[];
}

const held = (row: string) => `(${row}.proof = 'shown' or ${row}.upstream_etag is not null)`;

/** What is stored in a data folder, and whether what is known of it is right. */
export function storeOf(dataDir: string): StoreFacts {
  const database = new Database(path.join(dataDir, "weir.db"), { readonly: true });
  try {
    return factsOf(database, filesOf(path.join(dataDir, "blobs")));
  } finally {
    database.close();
  }
}

function filesOf(folder: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    found.set(`${path.relative(folder, file).split("/")[0]}:${entry.name}`, statSync(file).size);
  }
  return found;
}

function factsOf(database: Database, files: Map<string, number>): StoreFacts {
  const all = <T>(sql: string) => database.query<T, []>(sql).all();
  const rows = new Map(
    all<{ digest: string; size: number }>(
      "select digest, size from blobs where removing_at is null",
    ).map(({ digest, size }) => [digest, size]),
  );
  const one = (sql: string) => all<{ n: number | null }>(sql)[0]?.n ?? 0;
  const counted = new Map(
    all<{ scope: string; owner_id: number; bytes: number }>("select * from cached_bytes").map(
      ({ scope, owner_id: id, bytes }) => [`${scope} ${id}`, bytes],
    ),
  );
  const bytesOf = (scope: string, id: number) => counted.get(`${scope} ${id}`) ?? 0;
  const manifests = one("select sum(length(payload)) as n from manifests");
  const wrong: string[] = [];
  const compare = (what: string, found: number, wanted: number) => {
    if (found !== wanted) wrong.push(`${what}: ${found} counted, ${wanted} there`);
  };
  compare("stored", bytesOf("stored", 0), manifests + one("select sum(size) as n from blobs"));
  compare("leaving", bytesOf("leaving", 0), one("select sum(size) as n from unneeded_content"));
  for (const scope of ["upstream", "group"]) {
    const needed = new Map(
      all<{ id: number; n: number }>(`
        select id, sum(size) as n from (
          select ${scope}_id as id, kind, digest, max(size) as size from cache_entries as e
          where ${held("e")} group by ${scope}_id, kind, digest
        ) group by id`).map(({ id, n }) => [id, n]),
    );
    for (const id of new Set([...needed.keys(), ...idsOf(counted, scope)])) {
      compare(`${scope} ${id}`, bytesOf(scope, id), needed.get(id) ?? 0);
    }
  }
  for (const [digest, size] of rows) {
    if (files.get(digest) !== size) wrong.push(`${digest} is not stored`);
  }
  for (const { digest, kind } of all<{ digest: string; kind: string }>(`
    select distinct e.digest, e.kind from cache_entries as e where e.proof = 'shown' and not (
      case when e.kind = 'blob' then exists (
        select 1 from blobs as b where b.digest = e.digest and b.removing_at is null
      ) else exists (select 1 from manifests as m where m.digest = e.digest) end
    )`)) {
    wrong.push(`${kind} ${digest} is cached and gone`);
  }
  for (const { kind, digest } of all<{ kind: string; digest: string }>(`
    select u.kind, u.digest from unneeded_content as u where exists (
      select 1 from cache_entries as e where e.digest = u.digest and e.kind = u.kind and ${held("e")}
    ) union all
    select 'blob', b.digest from blobs as b where not exists (
      select 1 from cache_entries as e where e.digest = b.digest and e.kind = 'blob' and ${held("e")}
    ) and not exists (select 1 from unneeded_content as u where u.digest = b.digest and u.kind = 'blob')
    union all
    select 'manifest', m.digest from manifests as m where not exists (
      select 1 from cache_entries as e where e.digest = m.digest and e.kind = 'manifest' and ${held("e")}
    ) and not exists (
      select 1 from unneeded_content as u where u.digest = m.digest and u.kind = 'manifest'
    )`)) {
    wrong.push(`${kind} ${digest} is noted as unneeded otherwise than it is`);
  }
  const [stored, leaving] = [bytesOf("stored", 0), bytesOf("leaving", 0)];
  const removing = new Set(
    all<{ digest: string }>("select digest from blobs where removing_at is not null").map(
      ({ digest }) => digest,
    ),
  );
  return { files, rows, removing, manifests, stored, leaving, bytesOf, wrong };
}

function idsOf(counted: ReadonlyMap<string, number>, scope: string): number[] {
  return [...counted.keys()].flatMap((key) => {
    const [name, id] = key.split(" ");
    return name === scope ? [Number(id)] : [];
  });
}
