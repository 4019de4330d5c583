import { availableParallelism } from "node:os";
import type { Target } from "./targets.ts";
import { cpuOfBench, cpuOfMachine, cpuSeconds, peakBytes, resetPeaks } from "./procfs.ts";

/** What a piece of work cost a server. */
export interface Cost {
  seconds: number;
  cpuSeconds: number;
  peakMb: number;
  /** Share of the machine, in percent, that went to something that the bench did not start. */
  foreign: number;
}

/**
 * Runs some work against a server that is at rest. With `afterwards`, CPU and memory are counted until it rests
 * again: what a server does behind a client's back belongs to the work; `seconds` are the work's own.
 */
export async function measured<T>(
  target: Target,
  work: () => Promise<T>,
  afterwards = false,
): Promise<Cost & { result: T }> {
  const pids = () => target.pids();
  await settle(pids);
  resetPeaks(pids());
  const before = readings(pids());
  const result = await work();
  const seconds = (performance.now() - before.at) / 1000;
  if (afterwards) await settle(pids);
  const after = readings(pids());
  const available = ((after.at - before.at) / 1000) * availableParallelism();
  return {
    result,
    seconds,
    cpuSeconds: after.server - before.server,
    peakMb: peakBytes(pids()) / 1e6,
    foreign: (100 * Math.max(0, after.foreign - before.foreign)) / available,
  };
}

function readings(pids: number[]) {
  return {
    at: performance.now(),
    server: cpuSeconds(pids),
    foreign: cpuOfMachine() - cpuOfBench(),
  };
}

/** Waits until processes use no more than a tick of CPU in two tenths of a second, twice; ten seconds at most. */
async function settle(pids: () => number[]): Promise<void> {
  const deadline = performance.now() + 10_000;
  let before = cpuSeconds(pids());
  for (let calm = 0; calm < 2 && performance.now() < deadline;) {
    await Bun.sleep(200);
    const now = cpuSeconds(pids());
    calm = now - before < 0.011 ? calm + 1 : 0;
    before = now;
  }
}
