import type { Clock } from "../lib/clock.ts";
import { failureCode } from "../lib/log.ts";
import { SingleFlight } from "../lib/single-flight.ts";

/** Whether the server can do its work, part by part: `ok`, or in words why not. Nothing in it is a secret. */
export interface Readiness {
  isReady: boolean;
  parts: Record<string, string>;
}

/** `reason`: why a part cannot do its work now, or does not do it as it should. */
export interface PartState {
  ready: boolean;
  reason?: string | undefined;
}
export type Part = () => Promise<PartState>;

/** Milliseconds that a part may take to say so. */
const patience = 2000;

/** Asks all parts at once, and once for all who ask at the same time. Never rejects. */
export function readinessOf(
  clock: Clock,
  parts: Readonly<Record<string, Part>>,
): () => Promise<Readiness> {
  const flights = new SingleFlight<Readiness>();
  return () =>
    flights.do("", async () => {
      const asked = Object.entries(parts).map(
        async ([name, part]) => [name, await stateOf(clock, part)] as const,
      );
      const states = await Promise.all(asked);
      const isReady = states.every(([, { ready }]) => ready);
      const told = states.map(([name, { reason = "ok" }]) => [name, reason]);
      return { isReady, parts: Object.fromEntries(told) };
    });
}

async function stateOf(clock: Clock, part: Part): Promise<PartState> {
  const late = Promise.withResolvers<PartState>();
  const timer = clock.after(patience, () => late.resolve(unready("does not answer in time")));
  try {
    const state = part().catch((error: unknown) => unready(`failed: ${failureCode(error)}`));
    return await Promise.race([state, late.promise]);
  } finally {
    timer.cancel();
  }
}

const unready = (reason: string): PartState => ({ ready: false, reason });
