import { allEvents, webhookEvents } from "../../metadata/contract.ts";
import { type Command, exit, jsonOption, UsageError } from "../command.ts";
import { connect, connectionOptions, readSource } from "../connection.ts";
import { groupPath, part } from "../find.ts";
import type { Given } from "../given.ts";
import { type Columns, printItem, printList } from "../output.ts";
import { type Delivery, list as listOf, shapes, type Webhook } from "../shapes.ts";

const options = {
  group: { value: "GROUP", summary: "whose webhooks; the group default where none is named" },
  ...jsonOption,
  ...connectionOptions,
};
const webhook = { name: "webhook", summary: "its id" } as const;
const events = {
  event: {
    value: "EVENT",
    summary: "of this alone",
    choices: [allEvents, ...webhookEvents],
    many: true,
  },
} as const;

const allPath = (given: Given) =>
  `${groupPath(given.text("group") ?? "default")}/-/virtual_registries/webhooks`;
const onePath = (given: Given) => `${allPath(given)}/${part(given.argument("webhook"))}`;

const columns: Columns<Webhook> = {
  id: ({ id }) => id,
  name: ({ name }) => name,
  url: ({ url }) => url,
  events: ({ events: wanted }) => wanted.join(" "),
  enabled: ({ enabled }) => (enabled ? "yes" : "no"),
  "failing since": ({ failing_since: at }) => at,
  "switched off": ({ disabled_reason: reason }) => reason,
};

const deliveryColumns: Columns<Delivery> = {
  at: ({ created_at: at }) => at,
  event: ({ event }) => event,
  status: ({ status }) => status,
  attempts: ({ attempts }) => attempts,
  answer: ({ response_status: status }) => status,
  reason: ({ reason }) => reason,
};

const add: Command = {
  name: "webhook add",
  summary: "Have a server told of what happens in a group.",
  details:
    "Messages are signed as Standard Webhooks has it. Make a secret with: echo whsec_$(openssl rand -base64 32)",
  arguments: [{ name: "url", summary: "where messages are sent to" }],
  options: {
    "secret-file": { value: "FILE", summary: "with the secret; - is the standard input" },
    name: { value: "NAME", summary: "by which weir apply finds it" },
    description: { value: "TEXT", summary: "what it is for" },
    ...events,
    ...options,
  },
  examples: [
    "weir webhook add https://example.com/hook --secret-file secret.txt --event upstream.unavailable",
  ],
  async run(world, given) {
    const file = given.text("secret-file");
    if (file === undefined) throw new UsageError("webhook add needs --secret-file");
    const body = {
      url: given.argument("url"),
      secret: (await readSource(world, file)).trim(),
      ...(given.has("name") && { name: given.text("name") }),
      ...(given.has("description") && { description: given.text("description") }),
      ...(given.has("event") && { events: given.list("event") }),
    };
    const api = await connect(world, given);
    return printItem(world, given, await api.post(shapes.webhook, allPath(given), { body }));
  },
};

const list: Command = {
  name: "webhook list",
  summary: "List the webhooks of a group, and whether their messages come through.",
  arguments: [],
  options,
  examples: ["weir webhook list", "weir webhook list --group platform --json"],
  async run(world, given) {
    const api = await connect(world, given);
    return printList(world, given, await api.get(listOf(shapes.webhook), allPath(given)), columns);
  },
};

const update: Command = {
  name: "webhook update",
  summary: "Change a webhook, or switch it on or off.",
  arguments: [webhook],
  options: {
    to: { value: "URL", summary: "where messages are sent to" },
    name: { value: "NAME", summary: "by which weir apply finds it; the empty text clears it" },
    "secret-file": { value: "FILE", summary: "with another secret; - is the standard input" },
    description: { value: "TEXT", summary: "what it is for; the empty text clears it" },
    enabled: { value: "WHETHER", summary: "whether it is told", choices: ["true", "false"] },
    ...events,
    ...options,
  },
  examples: ["weir webhook update 3 --enabled true"],
  async run(world, given) {
    const file = given.text("secret-file");
    const body = {
      ...(given.has("to") && { url: given.text("to") }),
      ...(given.has("name") && { name: given.text("name") || null }),
      ...(file !== undefined && { secret: (await readSource(world, file)).trim() }),
      ...(given.has("description") && { description: given.text("description") }),
      ...(given.has("enabled") && { enabled: given.text("enabled") === "true" }),
      ...(given.has("event") && { events: given.list("event") }),
    };
    if (Object.keys(body).length === 0) {
      throw new UsageError("webhook update needs something to change: see its options");
    }
    const api = await connect(world, given);
    const { version } = await api.read(shapes.webhook, onePath(given));
    const changed = await api.patch(shapes.webhook, onePath(given), { body, version });
    return printItem(world, given, changed);
  },
};

const remove: Command = {
  name: "webhook delete",
  summary: "Delete a webhook, with what waits for it.",
  arguments: [webhook],
  options,
  examples: ["weir webhook delete 3"],
  async run(world, given) {
    await (await connect(world, given)).delete(onePath(given));
    return exit.ok;
  },
};

const test: Command = {
  name: "webhook test",
  summary: "Send a webhook a message, once; webhook deliveries says how that went.",
  arguments: [webhook],
  options,
  examples: ["weir webhook test 3"],
  async run(world, given) {
    const api = await connect(world, given);
    return printItem(world, given, await api.post(shapes.delivery, `${onePath(given)}/test`));
  },
};

const deliveries: Command = {
  name: "webhook deliveries",
  summary: "List the newest messages to a webhook, and how they went.",
  arguments: [webhook],
  options,
  examples: ["weir webhook deliveries 3"],
  async run(world, given) {
    const api = await connect(world, given);
    const path = `${onePath(given)}/deliveries`;
    const found = await api.get(listOf(shapes.delivery), path, { per_page: 100 });
    return printList(world, given, found, deliveryColumns);
  },
};

export const webhookCommands = [add, list, update, remove, test, deliveries];
