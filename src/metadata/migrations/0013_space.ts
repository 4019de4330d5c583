import { held } from "../space/held.ts";
import type { SqlWords } from "./index.ts";

/** Limits in bytes, what is counted against them, and what content nothing needs any more. */
export const space = (words: SqlWords): string[] => {
  const { integer, keyed, trigger, addBytes, bytesAdded } = words;
  return [
    `alter table upstreams add column cache_max_bytes ${integer} check (cache_max_bytes > 0)`,
    `alter table groups add column cache_max_bytes ${integer} check (cache_max_bytes > 0)`,
    // Since when a server is about to delete the bytes: they do not count as stored from then on.
    `alter table blobs add column removing_at ${integer}`,
    "create index manifest_children_child on manifest_children (child_digest, kind)",

    // The scopes: `stored`, all content; `leaving`, what of that nothing needs; `upstream` and `group`, what theirs need.
    `create table cached_bytes (
  scope text not null check (scope in ('stored', 'leaving', 'upstream', 'group')),
  owner_id ${integer} not null,
  bytes ${integer} not null,
  primary key (scope, owner_id)
)${keyed}`,
    // Content that no entry needs. It goes some time after `since`; null: nobody has looked yet.
    `create table unneeded_content (
  kind text not null check (kind in ('manifest', 'blob')),
  digest text not null,
  size ${integer} not null,
  since ${integer},
  primary key (kind, digest)
)${keyed}`,
    "create index unneeded_content_since on unneeded_content (since)",
    ...bytesAdded,
    ...[...ofEntries(addBytes), ...ofContent(addBytes), ...ofUnneeded(addBytes)].flatMap((one) =>
      trigger(one),
    ),
    ...counted,
  ];
};

export interface Trigger {
  name: string;
  table: string;
  /** After which changes of a row. */
  event: string;
  /** Of `new` and `old`. */
  when: string | undefined;
  /**
   * What the statements go by that other transactions may be changing: rows that are locked before, where rows can be. Each
   * statement then sees what was committed until there.
   */
  locks?: readonly { table: string; where: string }[];
  statements: readonly string[];
}

/** Whoever changes who needs some content has it to himself: that of the row. */
const content = (row: string) => [
  { table: "blobs", where: `digest = ${row}.digest and ${row}.kind = 'blob'` },
  { table: "manifests", where: `digest = ${row}.digest and ${row}.kind = 'manifest'` },
];

type AddBytes = SqlWords["addBytes"];

/** No other entry of these needs the same content. */
const alone = (row: string, among: string) =>
  `not exists (
    select 1 from cache_entries as e
    where e.digest = ${row}.digest and e.kind = ${row}.kind and e.id <> ${row}.id and ${held("e")}${among}
  )`;

const scopes = ["upstream", "group"] as const;
/** By its digest, never by way of all that the upstream has: the sign keeps an engine that knows nothing yet from that. */
const same = { upstream: "+e.upstream_id", group: "e.group_id" };
const change = (add: AddBytes, row: string, sign: string, condition: string) =>
  scopes.map((scope) =>
    add(
      scope,
      `${row}.${scope}_id`,
      `${sign}${row}.size`,
      `${condition} and ${alone(row, ` and ${same[scope]} = ${row}.${scope}_id`)}`,
    ),
  );

/** The size is that of the content, where that is there. */
const leave = (row: string, condition: string) => {
  const nothingElse = `${condition} and ${alone(row, "")}`;
  return [
    `insert into unneeded_content (kind, digest, size)
  select 'blob', b.digest, b.size from blobs as b
  where b.digest = ${row}.digest and ${row}.kind = 'blob' and ${nothingElse}
  on conflict do nothing`,
    `insert into unneeded_content (kind, digest, size)
  select 'manifest', m.digest, length(m.payload) from manifests as m
  where m.digest = ${row}.digest and ${row}.kind = 'manifest' and ${nothingElse}
  on conflict do nothing`,
  ];
};

const stay = (condition: string) =>
  `delete from unneeded_content where kind = new.kind and digest = new.digest and ${condition}`;

/** What a change of an entry does to what is counted. */
export const spaceOfChange = (add: AddBytes): string[] => [
  ...change(add, "old", "-", held("old")),
  ...change(add, "new", "", held("new")),
  ...leave("old", `${held("old")} and not (${held("new")} and old.digest = new.digest)`),
  stay(held("new")),
];

const table = "cache_entries";
const always = "1 = 1";
const ofEntries = (add: AddBytes): Trigger[] => [
  {
    name: "cache_entries_space_insert",
    table,
    event: "insert",
    when: held("new"),
    locks: content("new"),
    statements: [...change(add, "new", "", always), stay(always)],
  },
  {
    name: "cache_entries_space_delete",
    table,
    event: "delete",
    when: held("old"),
    locks: content("old"),
    statements: [...change(add, "old", "-", always), ...leave("old", always)],
  },
  {
    name: "cache_entries_space_update",
    table,
    event: "update of proof, upstream_etag, digest, size",
    when: `${held("old")} <> ${held("new")}
  or (${held("new")} and (old.digest <> new.digest or old.size <> new.size))`,
    locks: [...content("old"), ...content("new")],
    statements: spaceOfChange(add),
  },
];

const contents = [
  { table: "blobs", kind: "blob", size: (row: string) => `${row}.size` },
  { table: "manifests", kind: "manifest", size: (row: string) => `length(${row}.payload)` },
];
const ofContent = (add: AddBytes): Trigger[] =>
  contents.flatMap(({ table, kind, size }) => [
    {
      name: `${table}_space_insert`,
      table,
      event: "insert",
      when: undefined,
      statements: [add("stored", "0", size("new"), always)],
    },
    {
      name: `${table}_space_delete`,
      table,
      event: "delete",
      when: undefined,
      statements: [
        add("stored", "0", `-${size("old")}`, always),
        `delete from unneeded_content where kind = '${kind}' and digest = old.digest`,
      ],
    },
    {
      name: `${table}_space_update`,
      table,
      event: `update of ${kind === "blob" ? "size" : "payload"}`,
      when: `${size("old")} <> ${size("new")}`,
      statements: [add("stored", "0", `${size("new")} - ${size("old")}`, always)],
    },
  ]);

const ofUnneeded = (add: AddBytes): Trigger[] =>
  (["insert", "delete"] as const).map((event) => ({
    name: `unneeded_content_space_${event}`,
    table: "unneeded_content",
    event,
    when: undefined,
    statements: [add("leaving", "0", event === "insert" ? "new.size" : "-old.size", always)],
  }));

/** What was there before. */
const counted = [
  `insert into cached_bytes (scope, owner_id, bytes)
select 'stored', 0, (select coalesce(sum(size), 0) from blobs)
  + (select coalesce(sum(length(payload)), 0) from manifests)`,
  ...scopes.map(
    (scope) => `insert into cached_bytes (scope, owner_id, bytes)
select '${scope}', owner_id, sum(size) from (
  select ${scope}_id as owner_id, kind, digest, max(size) as size from cache_entries as e
  where ${held("e")} group by ${scope}_id, kind, digest
) as one group by owner_id`,
  ),
  ...contents.map(
    ({ table, kind, size }) => `insert into unneeded_content (kind, digest, size)
select '${kind}', c.digest, ${size("c")} from ${table} as c where not exists (
  select 1 from cache_entries as e where e.digest = c.digest and e.kind = '${kind}' and ${held("e")}
)`,
  ),
];
