import type { Selectable } from "kysely";
import type { Condition, Removal } from "../contract.ts";
import { MetadataError } from "../error.ts";
import { always, type Recorded, type Writer } from "../management/writer.ts";
import type { Db, UpstreamsTable } from "../schema.ts";
import { requireUnchanged } from "../tags.ts";
import { lockUpstream } from "../turns.ts";
import { type ManagedRules, maxRules, type Rule, type RuleRecord } from "./contract.ts";
import { isSameRule, lastId, ruleOf, type StoredRule, storedRules } from "./stored.ts";

type Row = Selectable<UpstreamsTable>;

export class SqlRules implements ManagedRules {
  constructor(
    readonly db: Db,
    readonly writer: Writer,
  ) {}

  async list(upstreamId: number): Promise<RuleRecord[] | undefined> {
    const row = await rowOf(this.db, upstreamId);
    return row && storedRules(row).map((rule) => recordOf(row, rule));
  }

  async get(upstreamId: number, id: number): Promise<RuleRecord | undefined> {
    return (await this.list(upstreamId))?.find((rule) => rule.id === id);
  }

  create(upstreamId: number, rule: Rule): Promise<RuleRecord | undefined> {
    return this.#inRow(upstreamId, async (saving, row) => {
      const all = storedRules(row);
      refuseTwin(all, rule);
      if (all.length >= maxRules) throw full(upstreamId);
      const made = { id: lastId(all, row) + 1, ...ruleOf(rule) };
      await write(saving, row, [...all, made]);
      await note(saving, row, "create", made);
      return recordOf(row, made);
    });
  }

  change(
    upstreamId: number,
    id: number,
    changes: Partial<Rule>,
    condition = always,
  ): Promise<RuleRecord | undefined> {
    return this.#inRow(upstreamId, async (saving, row) => {
      const all = storedRules(row);
      const before = all.find((rule) => rule.id === id);
      if (!before) return undefined;
      requireSame(condition, row, before);
      const after = { ...before, ...changes };
      if (isSameRule(before, after)) return recordOf(row, before);
      refuseTwin(all, after);
      await write(
        saving,
        row,
        all.map((rule) => (rule.id === id ? after : rule)),
      );
      await note(saving, row, "update", after, { former: ruleOf(before) });
      return recordOf(row, after);
    });
  }

  async remove(upstreamId: number, id: number, condition: Condition = always): Promise<Removal> {
    const removed = await this.#inRow(upstreamId, async (saving, row) => {
      const all = storedRules(row);
      const found = all.find((rule) => rule.id === id);
      if (!found) return undefined;
      requireSame(condition, row, found);
      await write(
        saving,
        row,
        all.filter((rule) => rule !== found),
      );
      await note(saving, row, "delete", found);
      return found;
    });
    return removed ? "removed" : "absent";
  }

  #inRow<T>(
    upstreamId: number,
    work: (saving: Recorded, row: Row) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    return this.writer.withRow("upstreams", upstreamId, async (saving) => {
      const row = await rowOf(saving.tx, upstreamId);
      return row && work(saving, row);
    });
  }
}

/** Not that of a Dependency Proxy. */
function rowOf(db: Db, upstreamId: number): Promise<Row | undefined> {
  return db
    .selectFrom("upstreams")
    .selectAll()
    .where("id", "=", upstreamId)
    .where("kind", "=", "registry")
    .executeTakeFirst();
}

const recordOf = ({ id: upstreamId }: Row, { id, ...rule }: StoredRule): RuleRecord => {
  return { id, upstreamId, ...ruleOf(rule) };
};

/** A rule has no time of its own: it has not changed where its upstream has not. */
function requireSame({ tags, unmodifiedSince }: Condition, row: Row, rule: StoredRule): void {
  requireUnchanged({ tags, unmodifiedSince: undefined }, recordOf(row, rule));
  requireUnchanged({ unmodifiedSince }, { updatedAt: row.updated_at });
}

async function write(
  { tx, now, changed }: Recorded,
  row: Row,
  rules: readonly StoredRule[],
): Promise<void> {
  changed();
  await lockUpstream(tx, row.id);
  await tx
    .updateTable("upstreams")
    .set({
      rules: JSON.stringify(rules),
      last_rule_id: lastId([...storedRules(row), ...rules], row),
      updated_at: now,
    })
    .where("id", "=", row.id)
    .execute();
}

/** On record as done to the upstream, which is where one looks for it. */
function note(
  saving: Recorded,
  { id, group_id: groupId, name }: Row,
  verb: string,
  { id: ruleId, ...rule }: StoredRule,
  more: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const subject = { kind: "upstream", id, name };
  const details = { rule_id: ruleId, ...ruleOf(rule), ...more };
  return saving.note({ action: `rule.${verb}`, subject, groupId, details });
}

function refuseTwin(all: readonly StoredRule[], rule: Rule): void {
  const twin = all.find((other) => isSameRule(other, rule));
  if (!twin) return;
  throw new MetadataError("refused", `rule ${twin.id} of the upstream says this already`, {
    invalid: { field: "pattern", text: "has already been taken" },
  });
}

function full(upstreamId: number): MetadataError {
  const text = `${maxRules} rules is the maximum allowed per upstream.`;
  const message = `upstream ${upstreamId} would have more than ${maxRules} rules`;
  return new MetadataError("refused", message, { invalid: { field: "base", text } });
}
