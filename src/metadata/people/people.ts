import type { Clock } from "../../lib/clock.ts";
import type { Changes } from "../changes.ts";
import type { Db } from "../schema.ts";
import type { People } from "./contract.ts";
import { SqlIdentities } from "./identities.ts";
import { SqlUserPasswords } from "./passwords.ts";
import { SqlSessions } from "./sessions.ts";

/** `People` on any engine. */
export class SqlPeople implements People {
  readonly passwords: SqlUserPasswords;
  readonly sessions: SqlSessions;
  readonly identities: SqlIdentities;

  constructor(db: Db, changes: Changes, clock: Clock) {
    this.passwords = new SqlUserPasswords(db, changes, clock);
    this.sessions = new SqlSessions(db, changes, clock);
    this.identities = new SqlIdentities(db, changes, clock);
  }
}
