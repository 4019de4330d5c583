import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { WorkState, WorkStates } from "../../metadata/contract.ts";
import type { Runner, Work, WorkReport, WorkStatus } from "./contract.ts";
import { Lane } from "./lane.ts";
import { Pace } from "./pace.ts";

export interface RunnerOptions {
  states: WorkStates;
  clock: Clock;
  log: Log;
  /** This process, as no other is called. */
  owner: string;
  /** How many requests are under way. */
  underWay: () => number;
  /** `Metadata.isWritingBack`. */
  isWritingBack: () => boolean;
}

export interface StartableRunner extends Runner {
  /** What an earlier process has begun is gone on with at once. */
  start(): Promise<void>;
}

/** Runs these works, each of another name, once it is started. */
export function createRunner(works: readonly Work[], options: RunnerOptions): StartableRunner {
  const { states, clock, log, owner, underWay, isWritingBack } = options;
  const lanes = new Map<string, Lane>();
  const pace = new Pace(clock, underWay, isWritingBack);
  const running = () => [...lanes.values()].filter((lane) => lane.isRunning).length;
  for (const work of works) {
    lanes.set(work.name, new Lane(work, { states, clock, log, pace, owner, running }));
  }

  const laneOf = (name: string) => {
    const lane = lanes.get(name);
    if (!lane) throw new Error(`there is no background work "${name}"`);
    return lane;
  };
  return {
    async start() {
      const now = await states.now();
      for (const { name, afterStartMs } of works) await states.add(name, now + afterStartMs);
      for (const lane of lanes.values()) lane.look();
    },
    async wake(name) {
      const lane = laneOf(name);
      await states.wake(name, await states.now());
      lane.look();
    },
    async cancel(name) {
      const lane = laneOf(name);
      await states.cancel(name, (await states.now()) + lane.work.everyMs);
      lane.cancel();
    },
    async list() {
      const now = await states.now();
      const all = await states.all();
      return all.filter(({ name }) => lanes.has(name)).map((state) => reportOf(state, now));
    },
    async failures() {
      const known = [...lanes].flatMap(([name, { failures }]) =>
        failures === undefined ? [] : [[name, failures] as const],
      );
      return new Map(known);
    },
    async stop() {
      await Promise.all([...lanes.values()].map((lane) => lane.stop()));
    },
  };
}

function reportOf(state: WorkState, now: number): WorkReport {
  const { name, done, total, lastRunAt, nextRunAt, message } = state;
  return { name, status: statusOf(state, now), done, total, lastRunAt, nextRunAt, message };
}

function statusOf({ leasedUntil, failures, nextRunAt }: WorkState, now: number): WorkStatus {
  if (leasedUntil > now) return "running";
  if (failures > 0) return "failed";
  return nextRunAt <= now ? "waiting" : "scheduled";
}
