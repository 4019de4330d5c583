import { afterEach, beforeEach } from "bun:test";
import { Receiver } from "../../fakes/receiver.ts";
import { until } from "../../fakes/until.ts";
import { FakeUpstream } from "../../fakes/upstream.ts";
import { TestWeir, type WeirOptions } from "../../fakes/weir.ts";

export const all = "/groups/default/-/virtual_registries/webhooks";
const registries = "/groups/default/-/virtual_registries/container/registries";
export const upstream = "/virtual_registries/container/upstreams/1";
export const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
export const name = "library/app";
export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;

export let fake: FakeUpstream;
export let receiver: Receiver;
export let weir: TestWeir;

export const start = async (options: Partial<WeirOptions> = {}) => {
  weir = await TestWeir.start({ upstreams: [{ fake }], ...options });
};

/** Each test of the file that calls it has a receiver of its own, and stops the server that it starts. */
export function forEachTest(): void {
  beforeEach(async () => {
    fake = await FakeUpstream.start();
    receiver = new Receiver();
  });
  afterEach(async () => {
    await weir.stop();
    await fake.stop();
    await receiver.stop();
  });
}

interface Hook {
  id: number;
  enabled: boolean;
  disabled_reason: string | null;
  failing_since: string | null;
  dropped_count: number;
}
export interface Delivery {
  id: number;
  message_id: string;
  event: string;
  status: string;
  attempts: number;
  response_status: number | null;
  reason: string | null;
  next_attempt_at: string | null;
}
export const create = async (fields: object = {}) =>
  (await weir.api("POST", all, { url: receiver.url, secret, ...fields }, 201)) as Hook;
export const get = async ({ id }: Hook) => (await weir.api("GET", `${all}/${id}`)) as Hook;
export const deliveries = async ({ id }: Hook) =>
  (await weir.api("GET", `${all}/${id}/deliveries`)) as Delivery[];
export const createRegistry = (called: string) =>
  weir.api("POST", registries, { name: called }, 201);

/** Until it is so; time goes on while nothing is on its way. */
export const within = (condition: () => boolean | Promise<boolean>) =>
  until(async () => {
    if (await condition()) return true;
    weir.clock.step(1000);
    // Others have their turn, so that what was begun comes to its end.
    for (let i = 0; i < 3; i++) await weir.api("GET", all);
    return false;
  });
