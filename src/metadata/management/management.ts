import type { Group } from "../contract.ts";
import type { Passwords } from "../passwords.ts";
import type { Db } from "../schema.ts";
import { SqlAssociations } from "./associations.ts";
import type { Management } from "./contract.ts";
import { SqlEntries } from "./entries.ts";
import { SqlRegistries } from "./registries.ts";
import { SqlUpstreams } from "./upstreams.ts";
import type { Writer } from "./writer.ts";

/** `Management` on any engine. */
export class SqlManagement implements Management {
  readonly registries: SqlRegistries;
  readonly upstreams: SqlUpstreams;
  readonly associations: SqlAssociations;
  readonly entries: SqlEntries;

  constructor(
    readonly db: Db,
    passwords: Passwords,
    writer: Writer,
  ) {
    this.registries = new SqlRegistries(db, writer);
    this.upstreams = new SqlUpstreams(db, passwords, writer);
    this.associations = new SqlAssociations(db, writer);
    this.entries = new SqlEntries(db, writer);
  }

  group(by: { id: number } | { path: string }): Promise<Group | undefined> {
    return this.db
      .selectFrom("groups")
      .selectAll()
      .where((eb) => ("id" in by ? eb("id", "=", by.id) : eb("path", "=", by.path)))
      .executeTakeFirst();
  }
}
