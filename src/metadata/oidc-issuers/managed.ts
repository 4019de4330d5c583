import { MetadataError } from "../contract.ts";
import { groupLedTo } from "../groups.ts";
import type { Condition, Page, PageOptions, Removal } from "../management/contract.ts";
import { changesOf, factOf } from "../management/facts.ts";
import { always, type Writer } from "../management/writer.ts";
import type { Db } from "../schema.ts";
import { requireUnchanged } from "../tags.ts";
import {
  type ManagedOidcIssuers,
  maxOidcIssuers,
  type OidcIssuer,
  type OidcIssuerRecord,
} from "./contract.ts";
import { columnsOf, issuerOf, readIssuers, settingsOf } from "./rows.ts";

/** `ManagedOidcIssuers` on any engine. */
export class SqlManagedOidcIssuers implements ManagedOidcIssuers {
  constructor(
    readonly db: Db,
    readonly writer: Writer,
  ) {}

  async list({ words, page, perPage }: PageOptions): Promise<Page<OidcIssuerRecord>> {
    const wanted = words.map((word) => word.toLowerCase());
    const found = (await readIssuers(this.db)).filter(({ name, issuer }) => {
      const own = `${name} ${issuer}`.toLowerCase();
      return wanted.every((word) => own.includes(word));
    });
    return { items: found.slice((page - 1) * perPage, page * perPage), total: found.length };
  }

  get(id: number): Promise<OidcIssuerRecord | undefined> {
    return read(this.db, id);
  }

  create(settings: OidcIssuer): Promise<OidcIssuerRecord> {
    return this.writer.run(async ({ tx, now, changed, note }) => {
      await requireFit(tx, settings, undefined);
      changed();
      const row = await tx
        .insertInto("oidc_issuers")
        .values({ ...columnsOf(settings), created_at: now, updated_at: now })
        .returningAll()
        .executeTakeFirstOrThrow();
      const record = issuerOf(row);
      const { issuer, rules } = record;
      await note(factOf("oidc_issuer", "create", subjectOf(record), { issuer, rules }));
      return record;
    });
  }

  change(
    id: number,
    changed: (present: OidcIssuer) => OidcIssuer,
    condition = always,
  ): Promise<OidcIssuerRecord | undefined> {
    return this.writer.run(async (saving) => {
      const { tx, now, note } = saving;
      const before = await read(tx, id);
      if (!before) return undefined;
      requireUnchanged(condition, before);
      const settings = settingsOf(changed(settingsOf(before)));
      const details = changesOf<OidcIssuer>(before, settings, told, others);
      if (Object.keys(details).length > 0) {
        await requireFit(tx, settings, id);
        saving.changed();
        await tx
          .updateTable("oidc_issuers")
          .set({ ...columnsOf(settings), updated_at: now })
          .where("id", "=", id)
          .execute();
      }
      const after = await read(tx, id);
      if (after) await note(factOf("oidc_issuer", "update", subjectOf(after), details));
      return after;
    });
  }

  remove(id: number, condition: Condition): Promise<Removal> {
    return this.writer.run<Removal>(async ({ tx, changed, note }) => {
      const record = await read(tx, id);
      if (!record) return "absent";
      requireUnchanged(condition, record);
      changed();
      await tx.deleteFrom("oidc_issuers").where("id", "=", id).execute();
      await note(factOf("oidc_issuer", "delete", subjectOf(record)));
      return "removed";
    });
  }
}

/** Whom is trusted for what is what somebody looks for in the records. */
const told = [
  "name",
  "issuer",
  "jwksUri",
  "audiences",
  "algorithms",
  "leewaySeconds",
  "requiredClaims",
  "rules",
] as const;
const others = ["ca"] as const;

/** Of no group: trust is the server's. */
const subjectOf = ({ id, name }: OidcIssuerRecord) => ({ id, groupId: undefined, name });

async function read(db: Db, id: number): Promise<OidcIssuerRecord | undefined> {
  const query = db.selectFrom("oidc_issuers").selectAll().where("id", "=", id);
  const row = await query.executeTakeFirst();
  return row && issuerOf(row);
}

/** Throws where two would have one name or one issuer, or a rule is for a group that is not there. */
async function requireFit(
  tx: Db,
  { name, issuer, rules }: OidcIssuer,
  ownId: number | undefined,
): Promise<void> {
  const rows = await tx.selectFrom("oidc_issuers").select(["id", "name", "issuer"]).execute();
  const rest = rows.filter(({ id }) => id !== ownId);
  if (rest.some((other) => other.name === name)) throw refused("name", "has already been taken");
  if (rest.some((other) => other.issuer === issuer)) {
    throw refused("issuer", "has already been taken");
  }
  if (rest.length >= maxOidcIssuers) {
    throw refused("name", `is one too many: there are ${maxOidcIssuers} issuers already`);
  }
  const known = new Set<string>();
  for (const [index, { group }] of rules.entries()) {
    if (known.has(group)) continue;
    if (!(await groupLedTo(tx, group))) {
      throw refused(`rules[${index}].group`, "is not the path of a group");
    }
    known.add(group);
  }
}

function refused(field: string, text: string): MetadataError {
  return new MetadataError("refused", `${field} ${text}`, { invalid: { field, text } });
}
