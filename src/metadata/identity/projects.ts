import { MetadataError } from "../contract.ts";
import { allGroups } from "../groups.ts";
import { factOf } from "../management/facts.ts";
import type { Removal } from "../management/contract.ts";
import { always, type Writer } from "../management/writer.ts";
import { requireUnchanged } from "../tags.ts";
import type { Db } from "../schema.ts";
import type { ManagedProjects, Project } from "./contract.ts";

export class SqlProjects implements ManagedProjects {
  constructor(
    readonly db: Db,
    readonly writer: Writer,
  ) {}

  list(): Promise<Project[]> {
    return readProjects(this.db);
  }

  async get(by: { id: number } | { path: string }): Promise<Project | undefined> {
    if ("id" in by) {
      const [project] = await readProjects(this.db, by.id);
      return project;
    }
    const path = by.path.toLowerCase();
    const all = await readProjects(this.db);
    return all.find(({ fullPath }) => fullPath.toLowerCase() === path);
  }

  create(groupId: number, { path, name }: { path: string; name: string }): Promise<Project> {
    return this.writer.inGroup(groupId, async ({ tx, now, note }) => {
      const siblings = await tx
        .selectFrom("projects")
        .select("path")
        .where("group_id", "=", groupId)
        .execute();
      if (siblings.some((other) => other.path.toLowerCase() === path.toLowerCase())) {
        throw new MetadataError("refused", `the group has a project "${path}" already`, {
          invalid: { field: "path", text: "has already been taken" },
        });
      }
      const { id } = await tx
        .insertInto("projects")
        .values({ group_id: groupId, path, name, created_at: now })
        .returning("id")
        .executeTakeFirstOrThrow();
      const [created] = await readProjects(tx, id);
      if (!created) throw new Error("a project is gone in the transaction that made it");
      await note(factOf("project", "create", { id, groupId, name: created.fullPath }));
      return created;
    });
  }

  remove(id: number, condition = always): Promise<Removal> {
    return this.writer.run(async ({ tx, changed, note }) => {
      const [project] = await readProjects(tx, id);
      if (!project) return "absent";
      requireUnchanged(condition, project);
      changed();
      const { groupId, fullPath: name } = project;
      await note(factOf("project", "delete", { id, groupId, name }));
      await tx.deleteFrom("projects").where("id", "=", id).execute();
      return "removed";
    });
  }
}

/** All, or the one with this id. */
async function readProjects(db: Db, id?: number): Promise<Project[]> {
  let query = db.selectFrom("projects").selectAll().orderBy("id");
  if (id !== undefined) query = query.where("id", "=", id);
  const rows = await query.execute();
  if (rows.length === 0) return [];
  const groups = new Map((await allGroups(db)).map((group) => [group.id, group]));
  return rows.flatMap((row) => {
    const group = groups.get(row.group_id);
    if (!group) return []; // gone since
    const { lineage, path } = group;
    const fullPath = `${path}/${row.path}`;
    return [{ id: row.id, groupId: row.group_id, name: row.name, fullPath, lineage }];
  });
}
