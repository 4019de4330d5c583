import { isDeepStrictEqual } from "node:util";
import { MetadataError } from "../contract.ts";
import { requireTopLevel } from "../groups.ts";
import type { Condition, Page, Removal } from "../management/contract.ts";
import { changesOf, factOf } from "../management/facts.ts";
import { always, type Recorded, type Writer } from "../management/writer.ts";
import type { Db } from "../schema.ts";
import { requireUnchanged } from "../tags.ts";
import {
  type DeclaredWebhook,
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
    return this.writer.inGroup(groupId, (saving) => make(saving, groupId, settings));
  }

  change(
    id: number,
    changes: Partial<WebhookSettings>,
    condition = always,
  ): Promise<Webhook | undefined> {
    return this.writer.withRow("webhooks", id, async (saving) => {
      const before = await read(saving.tx, id);
      if (!before) return undefined;
      requireUnchanged(condition, before);
      return alter(saving, before, changes);
    });
  }

  declare(groupId: number, { secret, ...webhook }: DeclaredWebhook): Promise<void> {
    return this.writer.inGroup(groupId, async (saving) => {
      const { tx } = saving;
      const present = await named(tx, groupId, webhook.name);
      if (!present) {
        await make(saving, groupId, { ...webhook, secret });
        return;
      }
      const isSame = isDeepStrictEqual(columnsOf(present), columnsOf(webhook));
      const isOther = !(await hasSecret(saving, present.id, secret));
      const changes = { ...(!isSame && webhook), ...(isOther && { secret }) };
      if (!isSame || isOther) await alter(saving, present, changes);
    });
  }

  remove(id: number, condition: Condition): Promise<Removal> {
    return this.writer.remove("webhooks", id, condition, async ({ tx, note }) => {
      const webhook = await read(tx, id);
      if (!webhook) return;
      requireUnchanged(condition, webhook);
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

async function make(
  saving: Recorded,
  groupId: number,
  settings: WebhookSettings,
): Promise<Webhook> {
  const { tx, now, note } = saving;
  await requireTopLevel(tx, groupId);
  await requirePlace(tx, groupId);
  await requireFree(tx, groupId, settings.name);
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
}

async function alter(
  saving: Recorded,
  before: Webhook,
  { secret, ...rest }: Partial<WebhookSettings>,
): Promise<Webhook | undefined> {
  const { tx, now, note } = saving;
  const { id } = before;
  const settings = { ...before, ...rest };
  if (settings.name !== before.name) await requireFree(tx, before.groupId, settings.name);
  const isOn = rest.enabled === true && !before.enabled;
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
}

const told = ["name", "events", "enabled"] as const;
/** An address can have a secret in its path, too. */
const others = ["url", "description", "ca"] as const;

const subjectOf = ({ id, groupId, url }: Webhook) => ({ id, groupId, name: new URL(url).host });

async function read(db: Db, id: number): Promise<Webhook | undefined> {
  const row = await db.selectFrom("webhooks").selectAll().where("id", "=", id).executeTakeFirst();
  return row && webhookOf(row);
}

async function named(db: Db, groupId: number, name: string): Promise<Webhook | undefined> {
  const row = await db
    .selectFrom("webhooks")
    .selectAll()
    .where("group_id", "=", groupId)
    .where("name", "=", name)
    .executeTakeFirst();
  return row && webhookOf(row);
}

async function requireFree(db: Db, groupId: number, name: string | undefined): Promise<void> {
  if (name === undefined || !(await named(db, groupId, name))) return;
  throw refused("name", "has already been taken");
}

/** False too for one that this secret key does not open. */
async function hasSecret({ tx, passwords }: Recorded, id: number, secret: string) {
  const { sealed_secret: sealed } = await tx
    .selectFrom("webhooks")
    .select("sealed_secret")
    .where("id", "=", id)
    .executeTakeFirstOrThrow();
  return (await passwords.sealer.open(sealed, secretContext(id))) === secret;
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
