import { sql, type Transaction } from "kysely";
import { type Group, MetadataError } from "./contract.ts";
import type { Db, Schema } from "./schema.ts";

type Tx = Transaction<Schema>;

interface Changing {
  tx: Tx;
  /** Says that something did change. */
  changed: () => void;
}

const maxPath = 255;

export async function groupOfId(db: Db, id: number): Promise<Group | undefined> {
  const row = await groups(db).where("g.id", "=", id).executeTakeFirst();
  return row && { ...row, lineage: await lineageOf(db, id) };
}

/** The group that has this path now, in whatever case. */
export async function groupAt(db: Db, path: string): Promise<Group | undefined> {
  const row = await groups(db).where("g.path", "=", path).executeTakeFirst();
  if (row) return { ...row, lineage: await lineageOf(db, row.id) };
  const led = await groupLedTo(db, path);
  return led && isSamePath(led.path, path) ? led : undefined;
}

/** The group that had this path before it was renamed, where no other has it now. */
export async function formerlyAt(db: Db, path: string): Promise<Group | undefined> {
  const led = await groupLedTo(db, path);
  return led && !isSamePath(led.path, path) ? led : undefined;
}

/** The group that has this path, or else had it, in whatever case. */
export async function groupLedTo(db: Db, path: string): Promise<Group | undefined> {
  const row = await groups(db)
    .innerJoin("group_paths as p", "p.group_id", "g.id")
    .where("p.path", "=", path.toLowerCase())
    .executeTakeFirst();
  return row && { ...row, lineage: await lineageOf(db, row.id) };
}

const groups = (db: Db) => db.selectFrom("groups as g").select(["g.id", "g.path", "g.name"]);
const isSamePath = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

/** All, in order of id. */
export async function allGroups(db: Db): Promise<Group[]> {
  const rows = await db.selectFrom("groups").selectAll().orderBy("id").execute();
  const parents = new Map(rows.map(({ id, parent_id }) => [id, parent_id]));
  return rows.map(({ id, path, name }) => {
    const lineage: number[] = [];
    for (let at: number | null | undefined = id; at; at = parents.get(at)) lineage.push(at);
    return { id, path, name, lineage };
  });
}

async function lineageOf(db: Db, id: number): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    with recursive line (id, parent_id, depth) as (
      select id, parent_id, 0 from groups where id = ${id}
      union all
      select g.id, g.parent_id, line.depth + 1 from groups g join line on g.id = line.parent_id
    )
    select id from line order by depth`.execute(db);
  return rows.map((row) => row.id);
}

/** Creates the group with this path, or gives it this name (`Directory.saveGroup`). */
export async function saveGroup(
  { tx, changed }: Changing,
  { path, name }: { path: string; name: string },
): Promise<Group> {
  const present = await groupAt(tx, path);
  if (present?.name === name) return present;
  if (present) {
    changed();
    await tx.updateTable("groups").set({ name }).where("id", "=", present.id).execute();
    return { ...present, name };
  }
  const slash = path.lastIndexOf("/");
  const parent = slash === -1 ? undefined : await parentOf(tx, path, path.slice(0, slash));
  return insertGroup({ tx, changed }, parent, { path: path.slice(slash + 1), name });
}

/** A group that is not there yet (`ManagedGroups.create`). */
export async function createGroup(
  changing: Changing,
  parentId: number | undefined,
  fields: { path: string; name: string },
): Promise<Group> {
  const parent = parentId === undefined ? undefined : await groupOfId(changing.tx, parentId);
  if (parentId !== undefined && !parent) throw invalid("parent_id", "is not there any more");
  const whole = parent ? `${parent.path}/${fields.path}` : fields.path;
  if (whole.length > maxPath) throw invalidPath(`is too long (maximum is ${maxPath} characters)`);
  if (await groupAt(changing.tx, whole)) throw invalidPath("has already been taken");
  return insertGroup(changing, parent, fields);
}

async function insertGroup(
  { tx, changed }: Changing,
  parent: Group | undefined,
  { path, name }: { path: string; name: string },
): Promise<Group> {
  changed();
  const whole = parent ? `${parent.path}/${path}` : path;
  const { id } = await tx
    .insertInto("groups")
    .values({ path: whole, name, parent_id: parent?.id ?? null })
    .returning("id")
    .executeTakeFirstOrThrow();
  await lead(tx, whole, id, [id]);
  return { id, path: whole, name, lineage: [id, ...(parent?.lineage ?? [])] };
}

async function parentOf(tx: Tx, path: string, parentPath: string): Promise<Group> {
  const parent = await groupAt(tx, parentPath);
  if (parent) return parent;
  const message = `the group "${path}" is to be in the group "${parentPath}", which is not there`;
  throw new MetadataError("refused", message);
}

/** From now on the path leads to this group, and none below it to a group outside the family that is there now. */
async function lead(
  tx: Tx,
  path: string,
  groupId: number,
  family: readonly number[],
): Promise<void> {
  const key = path.toLowerCase();
  await tx
    .deleteFrom("group_paths")
    .where(sql<boolean>`substr(path, 1, ${key.length + 1}) = ${`${key}/`}`)
    .where("group_id", "not in", family)
    .execute();
  await tx
    .insertInto("group_paths")
    .values({ path: key, group_id: groupId })
    .onConflict((conflict) => conflict.column("path").doUpdateSet({ group_id: groupId }))
    .execute();
}

/** Another name, or another last part of the path (`ManagedGroups.change`). */
export async function changeGroup(
  { tx, changed }: Changing,
  id: number,
  changes: { name?: string | undefined; path?: string | undefined },
): Promise<Group | undefined> {
  const group = await groupOfId(tx, id);
  if (!group) return undefined;
  const above = group.path.slice(0, group.path.lastIndexOf("/") + 1);
  const path = changes.path === undefined ? group.path : above + changes.path;
  const name = changes.name ?? group.name;
  if (path === group.path && name === group.name) return group;
  changed();
  await tx.updateTable("groups").set({ name }).where("id", "=", id).execute();
  if (path !== group.path) await moveGroup(tx, group, path);
  return groupOfId(tx, id);
}

/** Moves it with everything below; the former paths go on leading there until another group has them. */
async function moveGroup(tx: Tx, group: Group, path: string): Promise<void> {
  const other = await groupAt(tx, path);
  if (other && other.id !== group.id) throw invalidPath("has already been taken");
  const family = await withAllBelow(tx, group.id);
  const ids = family.map(({ id }) => id);
  for (const member of family) {
    const moved = path + member.path.slice(group.path.length);
    if (moved.length > maxPath) {
      throw invalidPath(
        `is too long (maximum is ${maxPath} characters, those of subgroups included)`,
      );
    }
    await tx.updateTable("groups").set({ path: moved }).where("id", "=", member.id).execute();
    await lead(tx, moved, member.id, ids);
  }
}

/** The group first. */
export async function withAllBelow(db: Db, id: number): Promise<{ id: number; path: string }[]> {
  const { rows } = await sql<{ id: number; path: string }>`
    with recursive family (id, path, depth) as (
      select id, path, 0 from groups where id = ${id}
      union all
      select g.id, g.path, family.depth + 1 from groups g join family on g.parent_id = family.id
    )
    select id, path from family order by depth, id`.execute(db);
  return rows;
}

function invalidPath(text: string): MetadataError {
  return invalid("path", text);
}

function invalid(field: string, text: string): MetadataError {
  const message = `the group cannot have this ${field}: it ${text}`;
  return new MetadataError("refused", message, { invalid: { field, text } });
}

/** Throws for a subgroup: registries and upstreams are for top-level groups. */
export async function requireTopLevel(tx: Tx, groupId: number): Promise<void> {
  const row = await tx
    .selectFrom("groups")
    .select(["path", "parent_id"])
    .where("id", "=", groupId)
    .executeTakeFirst();
  if (!row || row.parent_id === null) return;
  const message = `the group "${row.path}" is a subgroup; registries and upstreams belong to top-level groups`;
  const text = "must be a top level Group";
  throw new MetadataError("refused", message, { invalid: { field: "group", text } });
}
