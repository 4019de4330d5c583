import type { Author } from "../contract.ts";
import type { Writer } from "../management/writer.ts";
import type { Db } from "../schema.ts";
import type { Identity } from "./contract.ts";
import { SqlMembers } from "./members.ts";
import { SqlProjects } from "./projects.ts";
import { SqlTokens } from "./tokens.ts";
import { SqlUsers } from "./users.ts";

/** `Identity` on any engine. */
export class SqlIdentity implements Identity {
  readonly users: SqlUsers;
  readonly projects: SqlProjects;
  readonly members: SqlMembers;
  readonly tokens: SqlTokens;

  constructor(
    readonly db: Db,
    readonly writer: Writer,
  ) {
    this.users = new SqlUsers(db, writer);
    this.projects = new SqlProjects(db, writer);
    this.members = new SqlMembers(db, writer);
    this.tokens = new SqlTokens(db, writer);
  }

  by(author: Author): Identity {
    return new SqlIdentity(this.db, this.writer.by(author));
  }
}
