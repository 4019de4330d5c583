import { existsSync, readdirSync, statSync } from "node:fs";
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

interface Known {
  blobs: { digest: string; size: number; removing_at: number | null }[];
  counted: { scope: string; owner_id: number; bytes: number }[];
  sums: { manifests: number | null; blobs: number | null; unneeded: number | null }[];
  needed: { scope: string; id: number; n: number }[];
  gone: { kind: string; digest: string }[];
  misnoted: { kind: string; digest: string }[];
}

const held = (row: string) => `(${row}.proof = 'shown' or ${row}.upstream_etag is not null)`;

const neededBy = (scope: string) => `
  select '${scope}' as scope, id, cast(sum(size) as bigint) as n from (
    select ${scope}_id as id, kind, digest, max(size) as size from cache_entries as e
    where ${held("e")} group by ${scope}_id, kind, digest
  ) as ${scope}s group by id`;

const unnoted = (table: string, kind: string) => `
  select '${kind}', c.digest from ${table} as c where not exists (
    select 1 from cache_entries as e where e.digest = c.digest and e.kind = '${kind}' and ${held("e")}
  ) and not exists (
    select 1 from unneeded_content as u where u.digest = c.digest and u.kind = '${kind}'
  )`;

const questions: Record<keyof Known, string> = {
  blobs: "select digest, size, removing_at from blobs",
  counted: "select scope, owner_id, bytes from cached_bytes",
  sums: `select (select cast(sum(length(payload)) as bigint) from manifests) as manifests,
    (select cast(sum(size) as bigint) from blobs) as blobs,
    (select cast(sum(size) as bigint) from unneeded_content) as unneeded`,
  needed: `${neededBy("upstream")} union all ${neededBy("group")}`,
  gone: `select distinct e.digest, e.kind from cache_entries as e where e.proof = 'shown' and not (
    case when e.kind = 'blob' then exists (
      select 1 from blobs as b where b.digest = e.digest and b.removing_at is null
    ) else exists (select 1 from manifests as m where m.digest = e.digest) end
  )`,
  misnoted: `select u.kind, u.digest from unneeded_content as u where exists (
      select 1 from cache_entries as e where e.digest = u.digest and e.kind = u.kind and ${held("e")}
    ) union all ${unnoted("blobs", "blob")} union all ${unnoted("manifests", "manifest")}`,
};

/** How the database and the store of a server are looked into behind its back. */
export interface Insight {
  queries(texts: readonly string[]): Promise<unknown[][]>;
  /** By digest, the size of what is stored. */
  storedSizes(): Promise<Map<string, number>>;
}

/** What is stored, and whether what is known of it is right. */
export async function storeOfWeir(weir: Insight): Promise<StoreFacts> {
  const names = Object.keys(questions);
  const answers = await weir.queries(Object.values(questions));
  const known = Object.fromEntries(names.map((name, i) => [name, answers[i]]));
  return factsOf(known as unknown as Known, await weir.storedSizes());
}

/** By digest, the size of each file. */
export function filesOf(folder: string): Map<string, number> {
  const found = new Map<string, number>();
  if (!existsSync(folder)) return found;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    found.set(`${path.relative(folder, file).split("/")[0]}:${entry.name}`, statSync(file).size);
  }
  return found;
}

function factsOf(known: Known, files: Map<string, number>): StoreFacts {
  const present = known.blobs.filter(({ removing_at: at }) => at === null);
  const rows = new Map(present.map(({ digest, size }) => [digest, size]));
  const leavingNow = known.blobs.filter(({ removing_at: at }) => at !== null);
  const counted = new Map(
    known.counted.map(({ scope, owner_id: id, bytes }) => [`${scope} ${id}`, bytes]),
  );
  const bytesOf = (scope: string, id: number) => counted.get(`${scope} ${id}`) ?? 0;
  const { manifests, blobs, unneeded } = known.sums[0] ?? {};
  const wrong: string[] = [];
  const compare = (what: string, found: number, wanted: number) => {
    if (found !== wanted) wrong.push(`${what}: ${found} counted, ${wanted} there`);
  };
  compare("stored", bytesOf("stored", 0), (manifests ?? 0) + (blobs ?? 0));
  compare("leaving", bytesOf("leaving", 0), unneeded ?? 0);
  const needed = new Map(known.needed.map(({ scope, id, n }) => [`${scope} ${id}`, n]));
  for (const key of new Set([...needed.keys(), ...counted.keys()])) {
    if (/^(?:upstream|group) /.test(key)) compare(key, counted.get(key) ?? 0, needed.get(key) ?? 0);
  }
  for (const [digest, size] of rows) {
    if (files.get(digest) !== size) wrong.push(`${digest} is not stored`);
  }
  for (const { digest, kind } of known.gone) wrong.push(`${kind} ${digest} is cached and gone`);
  for (const { kind, digest } of known.misnoted) {
    wrong.push(`${kind} ${digest} is noted as unneeded otherwise than it is`);
  }
  return {
    files,
    rows,
    removing: new Set(leavingNow.map(({ digest }) => digest)),
    manifests: manifests ?? 0,
    stored: bytesOf("stored", 0),
    leaving: bytesOf("leaving", 0),
    bytesOf,
    wrong,
  };
}
