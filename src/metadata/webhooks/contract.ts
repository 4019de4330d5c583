import type { Condition, Page, Removal } from "../management/contract.ts";

/** What webhooks are told of. */
export const webhookEvents = [
  "registry.created",
  "registry.changed",
  "registry.purged",
  "registry.deleted",
  "upstream.created",
  "upstream.changed",
  "upstream.purged",
  "upstream.deleted",
  "upstream.unavailable",
  "upstream.recovered",
  "upstream.denied",
  "cache.stored",
  "cache.replaced",
  "cache.deleted",
  "cache.tag_gone",
  "cleanup_policy.finished",
  "cleanup_policy.failed",
  "prefetch.finished",
  "prefetch.failed",
] as const;
export type WebhookEvent = (typeof webhookEvents)[number];

/** All of them, those of later releases too. */
export const allEvents = "*";
/** What is sent when somebody wants to see whether it comes through. */
export const testEvent = "test";

export interface WebhookSettings {
  /** No other of the group has it; what a configuration file finds it by. */
  name?: string | undefined;
  url: string;
  description: string | undefined;
  /** In the clear here, sealed at rest, bound to the webhook's id: `whsec_` and a key in base64. */
  secret: string;
  /** PEM; undefined: the well-known authorities. */
  ca: string | undefined;
  events: readonly (WebhookEvent | typeof allEvents)[];
  enabled: boolean;
}

/** Whoever of a top-level group wants to be told of what happens. */
export interface Webhook extends Omit<WebhookSettings, "secret"> {
  id: number;
  groupId: number;
  /** Why this server has switched it off; undefined where it has not. */
  disabledReason: string | undefined;
  /** Since when nothing was taken any more; undefined: the last delivery was. */
  failingSince: number | undefined;
  lastDeliveredAt: number | undefined;
  /** How many events were not noted for it, since too many were waiting. */
  dropped: number;
  createdAt: number;
  updatedAt: number;
}

export type DeliveryStatus = "pending" | "delivered" | "failed";

/** One message to one receiver. */
export interface Delivery {
  id: number;
  webhookId: number;
  /** The same in each attempt. */
  messageId: string;
  event: string;
  /** What is sent, byte for byte. */
  body: string;
  status: DeliveryStatus;
  attempts: number;
  /** Undefined once it is over. */
  nextAttemptAt: number | undefined;
  lastAttemptAt: number | undefined;
  /** What the receiver answered; undefined where it did not. */
  responseStatus: number | undefined;
  /** Why the last attempt failed. */
  reason: string | undefined;
  createdAt: number;
}

/** As a configuration file has it. */
export interface DeclaredWebhook extends WebhookSettings {
  name: string;
}

export interface ManagedWebhooks {
  /** In order of id. */
  list(groupId: number): Promise<Webhook[]>;
  get(id: number): Promise<Webhook | undefined>;
  create(groupId: number, settings: WebhookSettings): Promise<Webhook>;
  /** Switching it on forgets why this server had switched it off. */
  change(
    id: number,
    changes: Partial<WebhookSettings>,
    condition?: Condition,
  ): Promise<Webhook | undefined>;
  /** Creates or changes the one of this name; nothing where it is so, its secret too. */
  declare(groupId: number, webhook: DeclaredWebhook): Promise<void>;
  /** With its deliveries. */
  remove(id: number, condition: Condition): Promise<Removal>;
  /** Notes a message of the event `test`, to be delivered as any other. */
  test(id: number): Promise<Delivery | undefined>;
  /** The newest first. */
  deliveries(id: number, page: { page: number; perPage: number }): Promise<Page<Delivery>>;
}

/** What happened to an upstream, or to what is cached of it, without being written by whoever it happened to. */
export interface Happening {
  event: WebhookEvent;
  upstreamId: number;
  at: number;
  /** Beside the upstream's id and name. */
  data: Readonly<Record<string, unknown>>;
}

/** A message whose time has come, with all that is needed to deliver it. */
export interface DueDelivery extends Delivery {
  groupId: number;
  url: string;
  ca: string | undefined;
  /** Undefined where it cannot be opened with this secret key. */
  secret: string | undefined;
  failingSince: number | undefined;
}

export type Attempt =
  | { status: "delivered"; responseStatus: number }
  | {
      status: "failed";
      responseStatus: number | undefined;
      reason: string;
      /** Undefined: it is given up. */
      nextAttemptAt: number | undefined;
      /** Why the webhook is switched off, with all that waits for it; undefined: it is not. */
      disable: string | undefined;
    };

/**
 * Messages on their way to receivers. What is changed and what webhooks are told of it are one transaction: such a message is
 * delivered at least once, unless it is given up. Of a happening a message is made where that can be done.
 */
export interface Deliveries {
  tell(happenings: readonly Happening[]): Promise<void>;
  /** Whether there is a message whose time has come. */
  isDue(): Promise<boolean>;
  /** The first one of each webhook whose time has come, but for these webhooks; those that wait longest first. */
  due(except: readonly number[]): Promise<DueDelivery[]>;
  /** How an attempt has ended. */
  note(delivery: Pick<Delivery, "id" | "webhookId">, attempt: Attempt): Promise<void>;
  /** Gives up some that are over and from before this time; how many. */
  expire(before: number): Promise<number>;
}

/** What pulls have changed in the cache, for whoever is to be told of it. */
export type CacheEvent =
  | {
      event: "cache.stored";
      upstreamId: number;
      repository: string;
      /** Undefined for what is had by digest. */
      tag: string | undefined;
      size: number;
    }
  | {
      event: "cache.replaced" | "cache.tag_gone";
      upstreamId: number;
      repository: string;
      tag: string;
      details: Readonly<Record<string, unknown>>;
    };
