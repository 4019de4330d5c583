import type { Clock } from "../lib/clock.ts";
import { FixedMap } from "../lib/fixed-map.ts";
import { type Changes, Remembered } from "./changes.ts";
import type { Credential, Credentials, Role, TokenSettings, User } from "./contract.ts";
import type { Db } from "./schema.ts";
import { saveToken, saveUser } from "./users.ts";

const maxRemembered = 4096;

/** Users and their tokens on any engine. */
export class SqlCredentials implements Credentials {
  readonly #byHash: Remembered<string, Credential>;
  readonly #byId: Remembered<number, Credential>;

  constructor(
    readonly db: Db,
    readonly changes: Changes,
    readonly clock: Clock,
  ) {
    this.#byHash = new Remembered(changes, maxRemembered, (hash) => readCredential(db, { hash }));
    this.#byId = new Remembered(changes, maxRemembered, (id) => readCredential(db, { id }));
  }

  async byHash(hash: string): Promise<Credential | undefined> {
    return this.#byHash.get(hash);
  }

  async byId(tokenId: number): Promise<Credential | undefined> {
    return this.#byId.get(tokenId);
  }

  saveUser(
    user: { username: string; admin: boolean },
    memberships: ReadonlyMap<number, Role>,
  ): Promise<User> {
    return this.changes.run((tx, changed) =>
      saveUser({ tx, now: this.clock.now(), changed }, user, memberships),
    );
  }

  saveToken(userId: number, token: TokenSettings): Promise<void> {
    return this.changes.run((tx, changed) =>
      saveToken({ tx, now: this.clock.now(), changed }, userId, token),
    );
  }

  async hasToken(username: string, tokenName: string): Promise<boolean> {
    const row = await this.db
      .selectFrom("tokens")
      .innerJoin("users", "users.id", "tokens.user_id")
      .select("tokens.id")
      .where("users.username", "=", username)
      .where("tokens.name", "=", tokenName)
      .executeTakeFirst();
    return row !== undefined;
  }
}

async function readCredential(
  db: Db,
  by: { hash: string } | { id: number },
): Promise<Credential | undefined> {
  // In one query, so that a token and its owner's roles are of one moment.
  const rows = await db
    .selectFrom("tokens as t")
    .innerJoin("users as u", "u.id", "t.user_id")
    .leftJoin("memberships as m", "m.user_id", "u.id")
    .select(["t.id", "t.scopes", "t.expires_at", "u.id as user_id", "u.username", "u.admin"])
    .select(["m.group_id", "m.role"])
    .where((eb) => ("hash" in by ? eb("t.hash", "=", by.hash) : eb("t.id", "=", by.id)))
    .where("t.revoked_at", "is", null)
    .where("u.state", "=", "active")
    .execute();
  const [first] = rows;
  if (!first) return undefined;
  return Object.freeze({
    tokenId: first.id,
    scopes: Object.freeze(JSON.parse(first.scopes) as string[]),
    expiresAt: first.expires_at ?? undefined,
    user: Object.freeze({
      id: first.user_id,
      username: first.username,
      admin: first.admin === 1,
    }),
    memberships: new FixedMap(
      rows.flatMap(({ group_id, role }) => (group_id && role ? [[group_id, role]] : [])),
    ),
  });
}
