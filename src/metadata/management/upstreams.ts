import type { UpstreamSettings } from "../contract.ts";
import { requireTopLevel } from "../groups.ts";
import type { Passwords } from "../passwords.ts";
import { savePositions, upstreamsInOrder } from "../positions.ts";
import type { PurgePreview, PurgeSelection } from "../purges/contract.ts";
import type { SqlPurges } from "../purges/purges.ts";
import { everything, requestPurge } from "../purges/requests.ts";
import type { Db } from "../schema.ts";
import { requireUnchanged } from "../tags.ts";
import { lockUpstream } from "../turns.ts";
import { createUpstream } from "../upstreams.ts";
import type {
  Condition,
  ManagedUpstreams,
  Page,
  PageOptions,
  Removal,
  UpstreamRecord,
} from "./contract.ts";
import { factOf, purgeDetails, upstreamChanges } from "./facts.ts";
import { upstreamRecords } from "./records.ts";
import { registryRecord } from "./registries.ts";
import { changeSettings, refuseDuplicate, refuseHalfLogin } from "./settings.ts";
import { always, type Recorded, type Writer } from "./writer.ts";

export class SqlUpstreams implements ManagedUpstreams {
  constructor(
    readonly db: Db,
    readonly passwords: Passwords,
    readonly writer: Writer,
    readonly purges: SqlPurges,
  ) {}

  async list(groupId: number, options: PageOptions): Promise<Page<UpstreamRecord>> {
    const rows = await this.db
      .selectFrom("upstreams")
      .select(["id", "name"])
      .where("group_id", "=", groupId)
      .where("kind", "=", "registry")
      .orderBy("id")
      .execute();
    // Here and not in SQL, where on some engines only ASCII letters have a case.
    const words = options.words.map((word) => word.toLowerCase());
    const found = rows.filter(({ name }) =>
      words.every((word) => name.toLowerCase().includes(word)),
    );
    const start = (options.page - 1) * options.perPage;
    const ids = found.slice(start, start + options.perPage).map(({ id }) => id);
    return { items: await upstreamRecords(this.db, this.passwords, ids), total: found.length };
  }

  async ofRegistry(registryId: number): Promise<UpstreamRecord[]> {
    const ids = await upstreamsInOrder(this.db, registryId);
    return upstreamRecords(this.db, this.passwords, ids);
  }

  get(id: number): Promise<UpstreamRecord | undefined> {
    return this.#record(this.db, id);
  }

  createUnlisted(groupId: number, settings: UpstreamSettings): Promise<UpstreamRecord> {
    return this.writer.inGroup(groupId, async (saving) => {
      await requireTopLevel(saving.tx, groupId);
      refuseHalfLogin(settings);
      await refuseDuplicate(saving, groupId, settings);
      const { id } = await createUpstream(saving, groupId, settings);
      const created = await this.#record(saving.tx, id);
      if (!created) throw new Error("an upstream is gone in the transaction that made it");
      await saving.note(factOf("upstream", "create", created, { url: created.url }));
      return created;
    });
  }

  create(registryId: number, settings: UpstreamSettings): Promise<UpstreamRecord | undefined> {
    return this.writer.withRow("registries", registryId, async (saving) => {
      const { tx } = saving;
      const registry = await registryRecord(tx, registryId);
      if (!registry) return undefined;
      refuseHalfLogin(settings);
      await refuseDuplicate(saving, registry.groupId, settings);
      const { id } = await createUpstream(saving, registry.groupId, settings);
      await savePositions(saving, registry, [...(await upstreamsInOrder(tx, registryId)), id]);
      const created = await this.#record(tx, id);
      const details = { url: created?.url, registry_id: registryId };
      if (created) await saving.note(factOf("upstream", "create", created, details));
      return created;
    });
  }

  async change(
    id: number,
    changes: Partial<UpstreamSettings>,
    condition = always,
  ): Promise<UpstreamRecord | undefined> {
    return this.writer.withRow("upstreams", id, async (saving) => {
      const { tx } = saving;
      const row = await managedRow(tx, id);
      if (!row) return undefined;
      const before = await this.#record(tx, id);
      if (before) requireUnchanged(condition, before);
      await changeSettings(saving, row, changes);
      const after = await this.#record(tx, id);
      if (before && after) {
        await saving.note(factOf("upstream", "update", after, upstreamChanges(before, after)));
      }
      return after;
    });
  }

  remove(id: number, condition: Condition): Promise<Removal> {
    return this.#managed(id, condition, async (saving, upstream) => {
      const { tx } = saving;
      await saving.note(factOf("upstream", "delete", upstream));
      for (const { registryId, groupId } of upstream.associations) {
        const rest = (await upstreamsInOrder(tx, registryId)).filter((other) => other !== id);
        await savePositions(saving, { id: registryId, groupId }, rest);
      }
      await lockUpstream(tx, id);
      await tx.deleteFrom("upstreams").where("id", "=", id).execute();
    });
  }

  async purge(id: number, condition: Condition, selection = everything): Promise<Removal> {
    const begun: number[] = [];
    const checked = await this.#managed(id, condition, async ({ tx, note, now }, upstream) => {
      await note(factOf("upstream", "purge", upstream, purgeDetails(selection)));
      begun.push(...(await requestPurge(tx, id, selection, now)));
    });
    await this.purges.begin(begun);
    return checked;
  }

  async preview(id: number, selection: PurgeSelection): Promise<PurgePreview | undefined> {
    return (await this.get(id)) && this.purges.preview([id], selection);
  }

  /** Those of Dependency Proxies are not to be found here. */
  async #managed(
    id: number,
    condition: Condition,
    work: (saving: Recorded, upstream: UpstreamRecord) => Promise<void>,
  ): Promise<Removal> {
    if (!(await this.get(id))) return "absent";
    return this.writer.remove("upstreams", id, condition, async (saving) => {
      const upstream = await this.#record(saving.tx, id);
      if (upstream) requireUnchanged(condition, upstream);
      if (upstream) await work(saving, upstream);
    });
  }

  async #record(db: Db, id: number): Promise<UpstreamRecord | undefined> {
    const [record] = await upstreamRecords(db, this.passwords, [id]);
    return record;
  }
}

/** Not that of a Dependency Proxy. */
function managedRow(tx: Db, id: number) {
  return tx
    .selectFrom("upstreams")
    .selectAll()
    .where("id", "=", id)
    .where("kind", "=", "registry")
    .executeTakeFirst();
}
