import type { Clock } from "../lib/clock.ts";
import { failureCode, type Log } from "../lib/log.ts";
import { SingleFlight } from "../lib/single-flight.ts";

/** Whether the server can do its work, part by part: `ok`, or in words what is wrong. Nothing in it is a secret. */
export interface Readiness {
  isReady: boolean;
  parts: Record<string, string>;
  /** Which parts can do their work, even where something is wrong with them. */
  ready: Record<string, boolean>;
}

/** `reason`: why a part cannot do its work now, or does not do it as it should. */
export interface PartState {
  ready: boolean;
  reason?: string | undefined;
  /** Finds the reason out where that could make the part look unready; never rejects, and does not take long (`besideOf`). */
  beside?: Beside | undefined;
}
/** What a part does not do as it should; undefined: nothing that is known. */
export type Beside = () => Promise<string | undefined>;
export type Part = () => Promise<PartState>;

/** Milliseconds that a part may take to say so. */
const patience = 2000;
/** The same for what is only told beside it. */
const besidePatience = 500;

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
      const ready = states.map(([name, state]) => [name, state.ready]);
      return { isReady, parts: Object.fromEntries(told), ready: Object.fromEntries(ready) };
    });
}

/** Where `ask` fails, or does not answer soon, what it has told last: that alone makes no part unready. */
export function besideOf(
  { clock, log, part }: { clock: Clock; log: Log; part: string },
  ask: Beside,
): Beside {
  const flights = new SingleFlight<string | undefined>();
  let told: string | undefined;
  return async () => {
    const late = Promise.withResolvers<void>();
    const timer = clock.after(besidePatience, late.resolve);
    const asked = flights.do("", ask).then(
      (text) => {
        told = text;
      },
      (error: unknown) =>
        log.warn("what is wrong with a part is not known", { part, code: failureCode(error) }),
    );
    await Promise.race([asked, late.promise]);
    timer.cancel();
    return told;
  };
}

async function stateOf(clock: Clock, part: Part): Promise<PartState> {
  const { ready, reason, beside } = await answerOf(clock, part);
  return { ready, reason: beside ? await beside() : reason };
}

async function answerOf(clock: Clock, part: Part): Promise<PartState> {
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
