import type { Selectable, Transaction } from "kysely";
import { MetadataError, type Upstream, type UpstreamSettings } from "./contract.ts";
import { groupAt, groupOfId, requireTopLevel } from "./groups.ts";
import type { Passwords } from "./passwords.ts";
import type { Writing } from "./positions.ts";
import { ruleColumns, ruleOf, storedRules } from "./rules/stored.ts";
import type { Db, Schema, UpstreamKind, UpstreamsTable } from "./schema.ts";
import { lockUpstream } from "./turns.ts";
import { normalUrl } from "./upstream-url.ts";

type Row = Selectable<UpstreamsTable>;
type Tx = Transaction<Schema>;

/** A write that can involve passwords. */
export interface Saving extends Writing {
  passwords: Passwords;
}

/** Creates or changes the upstream of this name (`Directory.saveUpstream`). */
export async function saveUpstream(
  saving: Saving,
  groupId: number,
  settings: UpstreamSettings,
): Promise<Upstream> {
  await requireTopLevel(saving.tx, groupId);
  const present = await saving.tx
    .selectFrom("upstreams")
    .selectAll()
    .where("group_id", "=", groupId)
    .where("kind", "=", "registry")
    .where("name", "=", settings.name)
    .orderBy("id")
    .executeTakeFirst();
  const row = present
    ? await changeUpstream(saving, present, settings)
    : await createUpstream(saving, groupId, settings);
  return upstreamOf(saving.tx, row, saving.passwords);
}

/** The frozen description of a row, its password in the clear. */
export async function upstreamOf(db: Db, row: Row, passwords: Passwords): Promise<Upstream> {
  return Object.freeze({
    id: row.id,
    groupId: row.group_id,
    name: row.name,
    url: row.url,
    username: row.username ?? undefined,
    password: await passwords.open(row),
    tokenRealm: row.token_realm ?? undefined,
    cacheValidityHours: row.cache_validity_hours,
    deniedMeans: row.denied_means,
    libraryPrefix: row.library_prefix === 1,
    description: row.description ?? undefined,
    staleIfAbsentHours: row.stale_if_absent_hours,
    staleWhileRevalidate: row.stale_while_revalidate === 1,
    ca: row.ca ?? undefined,
    rules: Object.freeze(storedRules(row).map(ruleOf)),
    verifiedGroup:
      row.verified_group_id === null
        ? undefined
        : ((await groupOfId(db, row.verified_group_id))?.path ?? ""),
    cacheMaxBytes: row.cache_max_bytes ?? undefined,
    maxBytes: await maxBytesOf(db, row),
    alwaysCheck: row.kind === "dependency_proxy",
    ttlDays: undefined,
    version: row.version,
  });
}

async function maxBytesOf(db: Db, row: Row): Promise<number | undefined> {
  const group = await db
    .selectFrom("groups")
    .select("cache_max_bytes as bytes")
    .where("id", "=", row.group_id)
    .executeTakeFirst();
  const limits = [row.cache_max_bytes, group?.bytes].filter((one) => typeof one === "number");
  return limits.length > 0 ? Math.min(...limits) : undefined;
}

/** The columns that the settings determine, but for the password. */
async function columnsOf(tx: Tx, settings: UpstreamSettings, present?: Row) {
  return {
    name: settings.name,
    description: settings.description ?? null,
    url: normalUrl(settings.url),
    username: settings.username ?? null,
    token_realm: settings.tokenRealm ?? null,
    cache_validity_hours: settings.cacheValidityHours,
    denied_means: settings.deniedMeans,
    library_prefix: settings.libraryPrefix ? 1 : 0,
    stale_if_absent_hours: settings.staleIfAbsentHours,
    stale_while_revalidate: settings.staleWhileRevalidate ? 1 : 0,
    ca: settings.ca ?? null,
    ...ruleColumns(settings.rules, present),
    verified_group_id: await verifiedGroupId(tx, settings, present),
    cache_max_bytes: settings.cacheMaxBytes ?? null,
  };
}

/** The id of the group that is named; that of one that is gone stays. */
async function verifiedGroupId(
  tx: Tx,
  { name, verifiedGroup: path }: UpstreamSettings,
  present: Row | undefined,
): Promise<number | null> {
  if (path === undefined) return null;
  if (path === "" && present) return present.verified_group_id;
  const group = await groupAt(tx, path);
  if (group) return group.id;
  const text = "is no group";
  const message = `the upstream "${name}" is to be for the members of "${path}", which ${text}`;
  throw new MetadataError("refused", message, { invalid: { field: "verified_group", text } });
}

/** A new upstream, in no registry yet. */
export async function createUpstream(
  { tx, passwords, now, changed }: Saving,
  groupId: number,
  settings: UpstreamSettings,
  kind: UpstreamKind = "registry",
): Promise<Row> {
  changed();
  const row = await tx
    .insertInto("upstreams")
    .values({
      group_id: groupId,
      kind,
      ...(await columnsOf(tx, settings)),
      created_at: now,
      updated_at: now,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  if (settings.password === undefined) return row;
  return update(tx, row.id, { sealed_password: await passwords.seal(row, settings.password) });
}

/**
 * Brings an upstream to these settings. With another URL or other credentials it has another cache (`caches.ts`) from here
 * on, however much there was. `sealedPassword` is stored as it is, instead
 * of the password in the settings.
 */
export async function changeUpstream(
  { tx, passwords, now, changed }: Saving,
  present: Row,
  settings: UpstreamSettings,
  sealedPassword?: string | null,
): Promise<Row> {
  const columns = await columnsOf(tx, settings, present);
  const sealed =
    sealedPassword ?? (await sealedAnew(passwords, present, columns.url, settings.password));
  const moved = columns.url !== present.url;
  const doubted =
    columns.username !== present.username ||
    sealed !== present.sealed_password ||
    columns.ca !== present.ca;
  const same = Object.entries(columns).every(
    ([name, value]) => present[name as keyof Row] === value,
  );
  if (same && !doubted) return present;
  changed();
  const renews = moved || doubted;
  await lockUpstream(tx, present.id);
  const cacheEpoch = present.cache_epoch + (renews ? 1 : 0);
  return update(tx, present.id, {
    ...columns,
    sealed_password: sealed,
    version: present.version + (renews ? 1 : 0),
    cache_epoch: cacheEpoch,
    // Other credentials may not be allowed to read what the former ones were, and other authorities may lead to another
    // server: it has to be shown again. What another URL had is not this one's.
    doubted_epoch: moved ? cacheEpoch : present.doubted_epoch,
    updated_at: now,
  });
}

/** The sealed form to store: the present one where it still says the same, since sealing twice gives two texts. */
async function sealedAnew(
  passwords: Passwords,
  present: Row,
  url: string,
  password: string | undefined,
): Promise<string | null> {
  if (password === undefined) return null;
  const stays = new URL(url).origin === new URL(present.url).origin;
  if (stays && (await passwords.open(present)) === password) return present.sealed_password;
  return passwords.seal({ id: present.id, url }, password);
}

function update(tx: Tx, id: number, columns: Partial<Omit<Row, "id">>): Promise<Row> {
  return tx
    .updateTable("upstreams")
    .set(columns)
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow();
}
