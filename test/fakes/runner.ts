import { createLog, type Log } from "../../src/lib/log.ts";
import type { WorkStates } from "../../src/metadata/contract.ts";
import type { Work, WorkRun, WorkStep } from "../../src/work/runner/contract.ts";
import { createRunner, type StartableRunner } from "../../src/work/runner/runner.ts";
import type { SteppedClock } from "./clock.ts";

/** A log whose lines can be read. */
export function readableLog(clock: SteppedClock): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const log = createLog(clock, "debug", {
    write: (line) => void lines.push(line),
    async flush() {},
  });
  return { log, lines };
}

/** Work whose steps end when the test says so. */
export class ScriptedWork implements Work {
  readonly everyMs: number = 3_600_000;
  readonly afterStartMs: number = 600_000;
  readonly goesByAge: boolean = false;
  readonly steps: { run: WorkRun; end: PromiseWithResolvers<WorkStep> }[] = [];

  constructor(
    readonly name: string,
    times: Partial<Pick<Work, "everyMs" | "afterStartMs" | "goesByAge">> = {},
  ) {
    Object.assign(this, times);
  }

  step(run: WorkRun): Promise<WorkStep> {
    const end = Promise.withResolvers<WorkStep>();
    this.steps.push({ run, end });
    return end.promise;
  }

  /** Ends the step that is under way. */
  end(step: WorkStep): void {
    this.steps.at(-1)?.end.resolve(step);
  }

  fail(code: string): void {
    this.steps.at(-1)?.end.reject(Object.assign(new Error(code), { code }));
  }
}

/** One server's runner. */
export function runnerOn(
  states: WorkStates,
  clock: SteppedClock,
  works: readonly Work[],
  owner = "one",
): { runner: StartableRunner; lines: string[] } {
  const { log, lines } = readableLog(clock);
  const options = { states, clock, log, owner, underWay: () => 0, isWritingBack: () => false };
  return { runner: createRunner(works, options), lines };
}
