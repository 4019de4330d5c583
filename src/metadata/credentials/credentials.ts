import type { Clock } from "../../lib/clock.ts";
import { declaring } from "../audit/declaring.ts";
import { type Changes, Remembered } from "../changes.ts";
import type {
  Credential,
  Credentials,
  Role,
  TokenSettings,
  User,
  UserRights,
} from "../contract.ts";
import { endText, factOf } from "../management/facts.ts";
import { isToken, readCredential, readRights } from "./rights.ts";
import type { Db } from "../schema.ts";
import { saveToken, saveUser } from "../users.ts";
import type { Uses } from "./uses.ts";

const maxRemembered = 4096;

/** Users and their tokens on any engine. */
export class SqlCredentials implements Credentials {
  readonly #byHash: Remembered<string, Credential>;
  readonly #byId: Remembered<number, Credential>;
  readonly #ofUser: Remembered<number, UserRights>;

  constructor(
    readonly db: Db,
    readonly changes: Changes,
    readonly clock: Clock,
    readonly uses: Uses,
  ) {
    const remembered = <K, V extends { validUntil: number | undefined }>(
      load: (key: K, now: number) => Promise<V | undefined>,
    ) =>
      new Remembered<K, V>(
        changes,
        maxRemembered,
        (key) => load(key, clock.now()),
        ({ validUntil }) => validUntil === undefined || clock.now() < validUntil,
      );
    this.#byHash = remembered(async (hash, now) =>
      (await isToken(db, hash)) ? readCredential(db, { hash }, now) : undefined,
    );
    this.#byId = remembered((tokenId, now) => readCredential(db, { tokenId }, now));
    this.#ofUser = remembered((userId, now) => readRights(db, userId, now));
  }

  byHash(hash: string): Promise<Credential | undefined> {
    return this.#byHash.get(hash);
  }

  byId(tokenId: number): Promise<Credential | undefined> {
    return this.#byId.get(tokenId);
  }

  ofUser(userId: number): Promise<UserRights | undefined> {
    return this.#ofUser.get(userId);
  }

  noteUse(tokenId: number): void {
    this.uses.note(tokenId);
  }

  saveUser(
    user: { username: string; admin: boolean },
    memberships: ReadonlyMap<number, Role>,
    ends: ReadonlyMap<number, number> = new Map(),
  ): Promise<User> {
    const now = this.clock.now();
    return declaring(
      this.changes,
      now,
      (tx, changed) => saveUser({ tx, now, changed }, user, { roles: memberships, ends }),
      ({ id, username: name, admin }) =>
        factOf("user", "declare", { id, name, groupId: undefined }, { admin }),
    );
  }

  saveToken(userId: number, token: TokenSettings): Promise<void> {
    const now = this.clock.now();
    const { name, scopes, expiresAt } = token;
    const details = { token: name, scopes, expires_at: endText(expiresAt) };
    return declaring(
      this.changes,
      now,
      (tx, changed) => saveToken({ tx, now, changed }, userId, token),
      () => ({
        action: "token.declare",
        subject: { kind: "user", id: userId, name: undefined },
        groupId: undefined,
        details,
      }),
    );
  }

  async hasToken(username: string, tokenName: string): Promise<boolean> {
    const row = await this.db
      .selectFrom("tokens")
      .innerJoin("users", "users.id", "tokens.user_id")
      .select("tokens.id")
      .where("users.username", "=", username)
      .where("tokens.name", "=", tokenName)
      .where("tokens.declared", "=", 1)
      .executeTakeFirst();
    return row !== undefined;
  }
}
