import type { Selectable } from "kysely";
import type { AuditEventsTable, Db } from "../schema.ts";
import { tellRecorded } from "../webhooks/tell.ts";
import type { AuditEvent, AuditSubject, Author, NewAuditEvent } from "./contract.ts";

/** Text from outside is cut to what the table takes. */
const maxText = 255;

/** What this server does of itself, and what nobody says who does it. */
export const system: Author = {
  actor: { kind: "system", id: undefined, name: "weir" },
  address: undefined,
  requestId: undefined,
};

/** What is declared in the configuration, and what a first start makes. */
export const configuration: Author = {
  ...system,
  actor: { ...system.actor, name: "configuration" },
};

/** What an identity provider says of somebody who signs in by it. */
export const provider: Author = { ...system, actor: { ...system.actor, name: "provider" } };

export const userSubject = (id: number, name?: string): AuditSubject => ({
  kind: "user",
  id,
  name,
});

/** Writes one event, in the transaction of the change that it records, and tells webhooks of it. */
export async function insertEvent(tx: Db, event: NewAuditEvent): Promise<void> {
  const { actor, address, requestId } = event.author;
  await tx
    .insertInto("audit_events")
    .values({
      at: event.at,
      actor_kind: actor.kind,
      actor_id: actor.id ?? null,
      actor_name: actor.name.slice(0, maxText),
      action: event.action,
      subject_kind: event.subject.kind,
      subject_id: event.subject.id ?? null,
      subject_name: event.subject.name?.slice(0, maxText) ?? null,
      group_id: event.groupId ?? null,
      address: address?.slice(0, maxText) ?? null,
      result: event.result,
      request_id: requestId ?? null,
      details: JSON.stringify({ ...event.details, ...(await claims(tx, event.claimed ?? [])) }),
    })
    .execute();
  await tellRecorded(tx, event);
}

/** A name that no user has could be a secret in the wrong place: of those there is the number. */
async function claims(tx: Db, names: readonly string[]): Promise<Record<string, unknown>> {
  if (names.length === 0) return {};
  const rows = await tx
    .selectFrom("users")
    .select("username")
    .where("username", "in", names)
    .execute();
  const known = rows.map(({ username }) => username);
  const others = names.length - known.length;
  return {
    ...(known.length > 0 && { accounts: known.toSorted() }),
    ...(others > 0 && { unknown_accounts: others }),
  };
}

export function eventOf(row: Selectable<AuditEventsTable>): AuditEvent {
  return {
    id: row.id,
    at: row.at,
    actor: { kind: row.actor_kind, id: row.actor_id ?? undefined, name: row.actor_name },
    action: row.action,
    subject: {
      kind: row.subject_kind,
      id: row.subject_id ?? undefined,
      name: row.subject_name ?? undefined,
    },
    groupId: row.group_id ?? undefined,
    address: row.address ?? undefined,
    result: row.result,
    requestId: row.request_id ?? undefined,
    details: JSON.parse(row.details) as Record<string, unknown>,
  };
}
