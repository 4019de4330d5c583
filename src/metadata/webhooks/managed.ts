import { MetadataError } from "../contract.ts";
import { requireTopLevel } from "../groups.ts";
import type { Condition, Page, Removal } from "../management/contract.ts";
import { changesOf, factOf } from "../management/facts.ts";
import type { Recorded, Writer } from "../management/writer.ts";
import type { Db } from "../schema.ts";
import {
  type Delivery,
  type ManagedWebhooks,
  testEvent,
  type Webhook,
  type WebhookSettings,
} from "./contract.ts";
import { columnsOf, deliveryOf, secretContext, webhookOf } from "./rows.ts";
import { send } from "./tell.ts";

/** Each change in the group makes a message for each of them. */
const maxPerGroup = 20;

export class SqlWebhooks implements ManagedWebhooks {
  constructor(
    readonly db: Db,
    readonly writer: Writer,
  ) {}

  async list(groupId: number): Promise<Webhook[]> {
    const rows = await this.db
      .selectFrom("webhooks")
      .selectAll()
      .where("group_id", "=", groupId)
      .orderBy("id")
      .execute();
    return rows.map(webhookOf);
  }

  get(id: number): Promise<Webhook | undefined> {
    return read(this.db, id);
  }

  create(groupId: number, settings: WebhookSettings): Promise<Webhook> {
    return this.writer.inGroup(groupId, async (saving) => {
      const { tx, now, note } = saving;
      await requireTopLevel(tx, groupId);
      await requirePlace(tx, groupId);
      const row = await tx
        .insertInto("webhooks")
        .values({
          group_id: groupId,
          ...columnsOf(settings),
          sealed_secret: "",
          created_at: now,
          updated_at: now,
        })
        .returningAll()
        .executeTakeFirstOrThrow();
      await saveSecret(saving, row.id, settings.secret);
      await note(factOf("webhook", "create", subjectOf(webhookOf(row))));
      return webhookOf(row);
    });
  }

  change(id: number, changes: Partial<WebhookSettings>): Promise<Webhook | undefined> {
    return this.writer.withRow("webhooks", id, async (saving) => {
      const { tx, now, note } = saving;
      const before = await read(tx, id);
      if (!before) return undefined;
      const { secret, ...rest } = changes;
      const settings = { ...before, ...rest };
      const isOn = changes.enabled === true && !before.enabled;
      await tx
        .updateTable("webhooks")
        .set({
          ...columnsOf(settings),
          ...(isOn && { disabled_reason: null, failing_since: null }),
          updated_at: now,
        })
        .where("id", "=", id)
        .execute();
      if (secret !== undefined) await saveSecret(saving, id, secret);
      if (!settings.enabled) await giveUp(tx, id, "the webhook was switched off");
      const details = {
        ...changesOf<Omit<WebhookSettings, "secret">>(before, settings, told, others),
        ...(secret !== undefined && { secret: "changed" }),
      };
      await note(factOf("webhook", "update", subjectOf(settings), details));
      return read(tx, id);
    });
  }

  remove(id: number, condition: Condition): Promise<Removal> {
    return this.writer.remove("webhooks", id, condition, async ({ tx, note }) => {
      const webhook = await read(tx, id);
      if (!webhook) return;
      await note(factOf("webhook", "delete", subjectOf(webhook)));
      await tx.deleteFrom("webhooks").where("id", "=", id).execute();
    });
  }

  test(id: number): Promise<Delivery | undefined> {
    return this.writer.withRow("webhooks", id, async ({ tx, now, note }) => {
      const webhook = await read(tx, id);
      if (!webhook) return undefined;
      if (!webhook.enabled) throw refused("enabled", "is false: switch the webhook on first");
      const { groupId } = webhook;
      const data = { message: "This is a test." };
      const sent = await send(tx, id, { groupId, event: testEvent, at: now, data });
      if (!sent) throw refused("webhook", "has too many messages waiting already");
      await note(factOf("webhook", "test", subjectOf(webhook)));
      return sent;
    });
  }

  async deliveries(
    id: number,
    { page, perPage }: { page: number; perPage: number },
  ): Promise<Page<Delivery>> {
    const found = this.db.selectFrom("webhook_deliveries").where("webhook_id", "=", id);
    const { total } = await found
      .select((eb) => eb.fn.countAll<number>().as("total"))
      .executeTakeFirstOrThrow();
    const rows = await found
      .selectAll()
      .orderBy("id", "desc")
      .limit(perPage)
      .offset((page - 1) * perPage)
      .execute();
    return { items: rows.map(deliveryOf), total };
  }
}

const told = ["events", "enabled"] as const;
/** An address can have a secret in its path, too. */
const others = ["url", "description", "ca"] as const;

const subjectOf = ({ id, groupId, url }: Webhook) => ({ id, groupId, name: new URL(url).host });

async function read(db: Db, id: number): Promise<Webhook | undefined> {
  const row = await db.selectFrom("webhooks").selectAll().where("id", "=", id).executeTakeFirst();
  return row && webhookOf(row);
}

async function saveSecret({ tx, passwords }: Recorded, id: number, secret: string): Promise<void> {
  const sealed = await passwords.sealer.seal(secret, secretContext(id));
  await tx.updateTable("webhooks").set({ sealed_secret: sealed }).where("id", "=", id).execute();
}

/** What waits for a webhook that is switched off does not come, however long that lasts. */
export async function giveUp(tx: Db, webhookId: number, reason: string): Promise<void> {
  await tx
    .updateTable("webhook_deliveries")
    .set({ status: "failed", reason })
    .where("webhook_id", "=", webhookId)
    .where("status", "=", "pending")
    .execute();
}

async function requirePlace(tx: Db, groupId: number): Promise<void> {
  const rows = await tx
    .selectFrom("webhooks")
    .select("id")
    .where("group_id", "=", groupId)
    .limit(maxPerGroup)
    .execute();
  if (rows.length >= maxPerGroup) throw refused("group", `has ${maxPerGroup} webhooks already`);
}

function refused(field: string, text: string): MetadataError {
  return new MetadataError("refused", `${field} ${text}`, { invalid: { field, text } });
}
