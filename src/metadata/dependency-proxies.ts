import type { Selectable } from "kysely";
import type { DependencyProxy, Upstream, UpstreamSettings } from "./contract.ts";
import { FixedMap } from "../lib/fixed-map.ts";
import { groupLedTo } from "./groups.ts";
import type { Passwords } from "./passwords.ts";
import type { Db, UpstreamsTable } from "./schema.ts";
import { changeUpstream, createUpstream, type Saving, upstreamOf } from "./upstreams.ts";
import { normalUrl } from "./upstream-url.ts";

type Row = Selectable<UpstreamsTable>;

/** What a group wants of its Dependency Proxy, but for the login. */
interface Wishes {
  enabled: boolean;
  ttlEnabled: boolean;
  ttlDays: number;
}

const defaults: Wishes = { enabled: true, ttlEnabled: false, ttlDays: 90 };

export async function readWishes(db: Db, groupId: number): Promise<Wishes> {
  const row = await db
    .selectFrom("dependency_proxies")
    .selectAll()
    .where("group_id", "=", groupId)
    .executeTakeFirst();
  if (!row) return defaults;
  return { enabled: row.enabled === 1, ttlEnabled: row.ttl_enabled === 1, ttlDays: row.ttl_days };
}

export async function saveWishes(
  { tx, changed }: Pick<Saving, "tx" | "changed">,
  groupId: number,
  wishes: Wishes,
): Promise<void> {
  changed();
  const columns = {
    enabled: wishes.enabled ? 1 : 0,
    ttl_enabled: wishes.ttlEnabled ? 1 : 0,
    ttl_days: wishes.ttlDays,
  };
  await tx
    .insertInto("dependency_proxies")
    .values({ group_id: groupId, ...columns })
    .onConflict((conflict) => conflict.column("group_id").doUpdateSet(columns))
    .execute();
}

/** The upstream that a group has for its Dependency Proxy alone; undefined until it was needed. */
export function findProxyUpstream(db: Db, groupId: number): Promise<Row | undefined> {
  return db
    .selectFrom("upstreams")
    .selectAll()
    .where("group_id", "=", groupId)
    .where("kind", "=", "dependency_proxy")
    .executeTakeFirst();
}

/** The same, made where there is none. */
export async function obtainProxyUpstream(
  saving: Saving,
  groupId: number,
  settings: UpstreamSettings,
): Promise<Row> {
  const present = await findProxyUpstream(saving.tx, groupId);
  return present ?? createUpstream(saving, groupId, settings, "dependency_proxy");
}

/** `Directory.dependencyProxy`. */
export async function readDependencyProxy(
  db: Db,
  passwords: Passwords,
  path: string,
): Promise<DependencyProxy | undefined> {
  const group = await groupLedTo(db, path);
  if (!group) return undefined;
  const wishes = await readWishes(db, group.id);
  if (!wishes.enabled) return undefined;
  const row = await findProxyUpstream(db, group.id);
  const upstreams = row ? [withTtl(await upstreamOf(db, row, passwords), wishes)] : [];
  return Object.freeze({
    id: -(row?.id ?? 0),
    groupId: group.id,
    name: `Dependency Proxy of ${group.path}`,
    description: undefined,
    onUnsure: "stop",
    ask: "in_order",
    upstreams: Object.freeze(upstreams) as Upstream[],
    verified: new FixedMap<number, readonly number[]>([]),
    readers: Object.freeze(group.lineage),
  });
}

function withTtl(upstream: Upstream, { ttlEnabled, ttlDays }: Wishes): Upstream {
  return ttlEnabled ? Object.freeze({ ...upstream, ttlDays }) : upstream;
}

/**
 * Brings the upstreams that are there to these settings. A login stays where it was given for: at another URL it is gone,
 * with the entries. Ids of the groups that have lost one.
 */
export async function alignProxyUpstreams(
  saving: Saving,
  settings: UpstreamSettings,
): Promise<number[]> {
  const rows = await saving.tx
    .selectFrom("upstreams")
    .selectAll()
    .where("kind", "=", "dependency_proxy")
    .orderBy("id")
    .execute();
  const bereft: number[] = [];
  for (const row of rows) {
    if (normalUrl(settings.url) === row.url) {
      // As it is stored, whether or not the present key opens it.
      const username = row.username ?? undefined;
      await changeUpstream(saving, row, { ...settings, username }, row.sealed_password);
      continue;
    }
    if (row.username !== null) bereft.push(row.group_id);
    await changeUpstream(saving, row, settings);
  }
  return bereft;
}
