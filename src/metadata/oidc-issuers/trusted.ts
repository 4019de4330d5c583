import type { Clock } from "../../lib/clock.ts";
import { declaring } from "../audit/declaring.ts";
import { type Changes, Remembered } from "../changes.ts";
import { factOf } from "../management/facts.ts";
import type { Db } from "../schema.ts";
import type { OidcIssuer, OidcIssuers } from "./contract.ts";
import { columnsOf, readIssuers, settingsOf } from "./rows.ts";

/** `OidcIssuers` on any engine. */
export class SqlOidcIssuers implements OidcIssuers {
  readonly #all: Remembered<"all", readonly OidcIssuer[]>;

  constructor(
    readonly db: Db,
    readonly changes: Changes,
    readonly clock: Clock,
  ) {
    this.#all = new Remembered<"all", readonly OidcIssuer[]>(changes, 1, async () =>
      Object.freeze((await readIssuers(db)).map(settingsOf)),
    );
  }

  async trusted(): Promise<readonly OidcIssuer[]> {
    return (await this.#all.get("all")) ?? [];
  }

  async declare(issuer: OidcIssuer): Promise<void> {
    const now = this.clock.now();
    const fact = ({ id, replaced }: Declared) => {
      const subject = { id, groupId: undefined, name: issuer.name };
      const details = { issuer: issuer.issuer, ...(replaced && { replaced }) };
      return factOf("oidc_issuer", "declare", subject, details);
    };
    const work = (tx: Db, changed: () => void) => save(tx, issuer, now, changed);
    await declaring(this.changes, now, work, fact);
  }

  async declared(): Promise<string[]> {
    const rows = await this.db
      .selectFrom("oidc_issuers")
      .select("name")
      .where("declared", "=", 1)
      .orderBy("name")
      .execute();
    return rows.map(({ name }) => name);
  }
}

interface Declared {
  id: number;
  /** The name of another one that had this issuer, and is gone. */
  replaced: string | undefined;
}

async function save(
  tx: Db,
  issuer: OidcIssuer,
  now: number,
  changed: () => void,
): Promise<Declared> {
  const columns = columnsOf(issuer);
  const rows = await tx
    .selectFrom("oidc_issuers")
    .selectAll()
    .where((eb) => eb.or([eb("name", "=", issuer.name), eb("issuer", "=", issuer.issuer)]))
    .execute();
  const row = rows.find(({ name }) => name === issuer.name) ?? rows[0];
  const other = rows.find((one) => one !== row);
  if (other) await tx.deleteFrom("oidc_issuers").where("id", "=", other.id).execute();
  const isSame =
    row?.name === columns.name &&
    row.issuer === columns.issuer &&
    row.settings === columns.settings &&
    !other;
  if (!isSame) changed();
  const replaced = other?.name;
  const values = { ...columns, declared: 1 };
  if (!row) {
    const made = await tx
      .insertInto("oidc_issuers")
      .values({ ...values, created_at: now, updated_at: now })
      .returning("id")
      .executeTakeFirstOrThrow();
    return { id: made.id, replaced };
  }
  const time = isSame ? {} : { updated_at: now };
  await tx
    .updateTable("oidc_issuers")
    .set({ ...values, ...time })
    .where("id", "=", row.id)
    .execute();
  return { id: row.id, replaced };
}
