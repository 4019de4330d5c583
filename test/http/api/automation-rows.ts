import { prefetch } from "../../../src/http/api/prefetch-fields.ts";
import { delivery, webhook } from "../../../src/http/api/webhook-fields.ts";
import { groups, type Row } from "./row.ts";
import { base } from "./world.ts";

const hooks = "-/virtual_registries/webhooks";
const someSecret = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;

/** What is there before: prefetch 1 of registry 1, and webhook 1 of group 1. */
export const automationRows: Record<string, Row> = {
  "create a prefetch": {
    method: "POST",
    path: `${base}/registries/1/prefetches`,
    unknown: `${base}/registries/999/prefetches`,
    foreign: `${base}/registries/2/prefetches`,
    body: { images: ["library/alpine:3.20"], platforms: ["linux/arm64/v8"], every_hours: 24 },
    ok: 202,
    shape: prefetch,
  },
  "list prefetches": {
    method: "GET",
    path: `${base}/registries/1/prefetches`,
    unknown: `${base}/registries/999/prefetches`,
    foreign: `${base}/registries/2/prefetches`,
    ok: 200,
    shape: prefetch.array().length(1),
  },
  "get a prefetch": {
    method: "GET",
    path: `${base}/prefetches/1`,
    unknown: `${base}/prefetches/999`,
    foreign: `${base}/prefetches/2`,
    ok: 200,
    shape: prefetch,
  },
  "delete a prefetch": {
    method: "DELETE",
    path: `${base}/prefetches/1`,
    unknown: `${base}/prefetches/999`,
    foreign: `${base}/prefetches/2`,
    ok: 204,
  },
  "list webhooks": {
    method: "GET",
    path: `${groups}/default/${hooks}`,
    unknown: `${groups}/999/${hooks}`,
    foreign: `${groups}/other/${hooks}`,
    ok: 200,
    shape: webhook.array().length(1),
    owner: true,
  },
  "create a webhook": {
    method: "POST",
    path: `${groups}/default/${hooks}`,
    unknown: `${groups}/999/${hooks}`,
    foreign: `${groups}/other/${hooks}`,
    body: { url: "https://example.com/hook", secret: someSecret, events: ["upstream.denied"] },
    ok: 201,
    shape: webhook,
    owner: true,
  },
  "get a webhook": {
    method: "GET",
    path: `${groups}/1/${hooks}/1`,
    unknown: `${groups}/1/${hooks}/999`,
    foreign: `${groups}/1/${hooks}/2`,
    ok: 200,
    shape: webhook,
    owner: true,
  },
  "change a webhook": {
    method: "PATCH",
    path: `${groups}/1/${hooks}/1`,
    unknown: `${groups}/1/${hooks}/999`,
    foreign: `${groups}/1/${hooks}/2`,
    body: { description: "chat", events: ["*"] },
    ok: 200,
    shape: webhook,
    owner: true,
  },
  "delete a webhook": {
    method: "DELETE",
    path: `${groups}/1/${hooks}/1`,
    unknown: `${groups}/1/${hooks}/999`,
    foreign: `${groups}/1/${hooks}/2`,
    ok: 204,
    owner: true,
  },
  "test a webhook": {
    method: "POST",
    path: `${groups}/1/${hooks}/1/test`,
    unknown: `${groups}/1/${hooks}/999/test`,
    foreign: `${groups}/1/${hooks}/2/test`,
    ok: 202,
    shape: delivery,
    owner: true,
  },
  "list deliveries": {
    method: "GET",
    path: `${groups}/1/${hooks}/1/deliveries`,
    unknown: `${groups}/1/${hooks}/999/deliveries`,
    foreign: `${groups}/1/${hooks}/2/deliveries`,
    ok: 200,
    shape: delivery.array().length(0),
    owner: true,
  },
};

export const someWebhook = {
  url: "https://example.com/hook",
  description: undefined,
  secret: someSecret,
  ca: undefined,
  events: ["upstream.denied"],
  enabled: true,
} as const;

export const somePrefetch = {
  images: ["library/alpine:3.20"],
  platforms: ["all"],
  everyHours: undefined,
};
