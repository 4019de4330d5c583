import type { Clock } from "../../lib/clock.ts";
import { failureCode, type Log } from "../../lib/log.ts";
import type { Deliveries, DueDelivery } from "../../metadata/contract.ts";
import type { Work, WorkRun, WorkStep } from "../runner/contract.ts";
import { UnderWay } from "../under-way.ts";
import { attempt } from "./attempt.ts";
import type { Poster } from "./contract.ts";

export const deliveryWorkName = "webhook_deliveries";

/** Messages under way at a time, in all and of one group: a slow receiver keeps the others of nobody else waiting. */
const maxAtOnce = 16;
const maxOfGroup = 4;
const lookMs = 1000;

export interface DeliveryOptions {
  deliveries: Deliveries;
  poster: Poster;
  clock: Clock;
  log: Log;
}

/** Delivers messages to webhooks: of each one at a time, in order as long as all goes well. */
export class DeliveryWork implements Work {
  readonly name = deliveryWorkName;
  readonly everyMs = 60_000;
  readonly afterStartMs = 10_000;
  readonly goesByAge = false;
  readonly #options: DeliveryOptions;
  /** By webhook. */
  readonly #underWay: UnderWay<"noted">;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#underWay = new UnderWay(options.clock);
  }

  async step({ done, signal }: WorkRun): Promise<WorkStep> {
    for (const due of await this.#options.deliveries.due(this.#underWay.keys)) {
      if (this.#underWay.size >= maxAtOnce) break;
      if (this.#underWay.of(due.groupId) >= maxOfGroup) continue;
      this.#underWay.add(due.webhookId, due.groupId, this.#deliver(due));
    }
    if (this.#underWay.size === 0) return { isOver: true, done };
    const noted = await this.#underWay.first(signal, lookMs);
    return { isOver: false, state: "delivering", done: done + (noted ? 1 : 0) };
  }

  async #deliver(due: DueDelivery): Promise<"noted"> {
    const { deliveries, log } = this.#options;
    const ended = await attempt(due, this.#options);
    if (ended.status === "failed") {
      const { reason, responseStatus: status } = ended;
      const { webhookId: webhook, messageId: message } = due;
      log.info("a message was not delivered", { webhook, message, status, reason });
      if (ended.disable) log.warn("a webhook was switched off", { webhook, reason: ended.disable });
    }
    await deliveries.note(due, ended);
    return "noted";
  }
}

const watchMs = 5000;

/** Looks every few seconds whether there is something to deliver, on whatever server it was noted: a look is one read. */
export class DeliveryWatch {
  #timer: { cancel(): void } | undefined;
  #isStopped = false;

  constructor(
    readonly options: { deliveries: Deliveries; clock: Clock; log: Log; wake: () => Promise<void> },
  ) {}

  start(): void {
    if (this.#isStopped) return;
    this.#timer = this.options.clock.after(watchMs, () => void this.#look());
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  async #look(): Promise<void> {
    const { deliveries, wake, log } = this.options;
    try {
      if (await deliveries.isDue()) await wake();
    } catch (error) {
      log.warn("messages to webhooks could not be looked for", { code: failureCode(error) });
    }
    this.start();
  }
}
