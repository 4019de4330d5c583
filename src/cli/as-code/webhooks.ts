import type { DeclaredWebhook } from "../../work/contract.ts";
import type { Api } from "../client.ts";
import { ofGroup, part } from "../find.ts";
import { list as listOf, shapes, type Webhook } from "../shapes.ts";
import {
  differing,
  idIn,
  keyOf,
  type Planning,
  refuseWithout,
  type Step,
  told,
  toldNew,
  unchanged,
} from "./planning.ts";
import { spokenOf } from "./upstreams.ts";

/** One that a file can speak of. */
type Named = Webhook & { name: string };

const pathOf = (group: number) => ofGroup(group).replace(/\/container$/, "/webhooks");
const placeOf = ({ group_id: group, id }: Webhook) => `${pathOf(group)}/${part(id)}`;

/** Those of a group; none where its registries are switched off. */
export async function readWebhooks(api: Api, group: number): Promise<Webhook[]> {
  return (await api.find(listOf(shapes.webhook), pathOf(group))) ?? [];
}

export const hasName = <T extends { name: string | null }>(one: T): one is T & { name: string } =>
  one.name !== null;

/** What is declared, as the API has it; without the secret, which no answer has. */
const fieldsOf = ({ name, url, description, ca, events, enabled }: DeclaredWebhook) => {
  return { name, url, description: description ?? null, ca: ca ?? null, events, enabled };
};
type Fields = ReturnType<typeof fieldsOf>;

export const webhookFields = ({ name, url, description, ca, events, enabled }: Named): Fields => {
  return { name, url, description, ca, events, enabled };
};

const sameAs = (seen: Fields) => (now: Webhook) =>
  hasName(now) && differing(webhookFields(now), seen).length === 0;

/** Webhooks to add, and to change; they are found by their names. */
export function planWebhooks(planning: Planning): Step[] {
  const { wanted, present, ids } = planning;
  return wanted.declared.webhooks.flatMap((declared, index): Step[] => {
    const { group, name, secret } = declared;
    const groupId = ids.groups.get(group.toLowerCase());
    const before = present.webhooks
      .filter(hasName)
      .find((one) => one.group_id === groupId && one.name === name);
    if (!before && secret === undefined) {
      const owner = `webhooks[${index}]`;
      refuseWithout(planning, { owner, key: "secret", why: "the webhook is new" });
      return [];
    }
    if (!before) return [add(declared)];
    return change(before, declared, planning.secrets ? secret : undefined);
  });
}

function add(declared: DeclaredWebhook): Step {
  const { group, secret } = declared;
  const fields = fieldsOf(declared);
  const { name, ...rest } = fields;
  const entries = Object.entries(rest).filter(([, value]) => value !== null);
  return {
    change: {
      sign: "+",
      what: `webhook ${keyOf(group, name)}`,
      details: entries.map(([field, value]) => toldNew(field, value)),
    },
    async run(api, { groups }) {
      const path = pathOf(idIn(groups, group.toLowerCase()));
      await api.post(shapes.webhook, path, { body: { ...fields, secret } });
    },
  };
}

/** `secret`: one to set, whether it is another or not. */
function change(before: Named, declared: DeclaredWebhook, secret: string | undefined): Step[] {
  const fields = fieldsOf(declared);
  const seen = webhookFields(before);
  const toSet = differing(fields, seen);
  if (toSet.length === 0 && secret === undefined) return [];
  const what = `webhook ${keyOf(declared.group, before.name)}`;
  const details = toSet.map((field) => told(field, seen[field], fields[field]));
  const entries = toSet.map((field) => [field, fields[field]] as const);
  const body = { ...Object.fromEntries(entries), ...(secret !== undefined && { secret }) };
  return [
    {
      change: {
        sign: "~",
        what,
        details: [...details, ...(secret === undefined ? [] : ["secret: set anew"])],
      },
      async run(api) {
        const place = placeOf(before);
        const version = await unchanged(api, shapes.webhook, place, what, sameAs(seen));
        await api.patch(shapes.webhook, place, { body, version });
      },
    },
  ];
}

/** Those with a name that the file does not have, though it speaks of webhooks, in the groups that it speaks of. */
export function removeWebhooks({ wanted, present, ids }: Planning): Step[] {
  if (!wanted.keys.has("webhooks")) return [];
  const spoken = spokenOf(wanted.declared);
  const paths = new Map(present.groups.map(({ id, full_path: path }) => [id, path]));
  const kept = new Set(
    wanted.declared.webhooks.map(({ group, name }) =>
      keyOf(String(ids.groups.get(group.toLowerCase())), name),
    ),
  );
  return present.webhooks.filter(hasName).flatMap((webhook): Step[] => {
    const group = paths.get(webhook.group_id) ?? "";
    if (kept.has(keyOf(String(webhook.group_id), webhook.name))) return [];
    if (!spoken.has(group.toLowerCase())) return [];
    const what = `webhook ${keyOf(group, webhook.name)}`;
    return [
      {
        change: { sign: "-", what, details: [toldNew("url", webhook.url)] },
        async run(api) {
          const place = placeOf(webhook);
          const same = sameAs(webhookFields(webhook));
          const version = await unchanged(api, shapes.webhook, place, what, same);
          await api.delete(place, { version });
        },
      },
    ];
  });
}
