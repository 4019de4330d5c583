import { findTool } from "../test/e2e/lab/tools.ts";
import { ratioTable, valuesOf, type Samples } from "./goals.ts";
import { columns, type Bench, type Column, type Measure } from "./contract.ts";
import { allMeasures } from "./measures.ts";
import { makeTarget, type Target } from "./targets.ts";
import type { TargetName } from "./options.ts";
import { ends, figure, median, table } from "./stats.ts";

/** What one run of the bench gave. */
export interface Outcome {
  versions: string[];
  samples: Samples;
  /** Each a line to read: what was not measured, and why. */
  missing: string[];
  /** Each a line to read: what went wrong. */
  failures: string[];
}

const programs: Record<string, string> = {
  manifest: "wrk",
  blob: "curl",
  "docker-registry": "docker-registry",
  nginx: "nginx",
};

/** Takes all measures, telling `say` what is found as soon as it is found. */
export async function takeMeasures(
  bench: Bench,
  folder: string,
  say: (text: string) => void,
): Promise<Outcome> {
  const outcome: Outcome = { versions: [], samples: new Map(), missing: [], failures: [] };
  const { options, upstream } = bench;
  const possible = (name: string) => {
    const program = programs[name];
    if (program === undefined || findTool(program) !== undefined) return true;
    outcome.missing.push(`${name}: not measured, ${program} is not installed`);
    return false;
  };
  const targets: Target[] = [];
  for (const name of options.targets.filter(possible)) {
    const target = await makeTarget(name, folder, upstream, options);
    targets.push(target);
    outcome.versions.push(target.version);
  }
  say(outcome.versions.join("; "));
  const names = options.only.filter(possible);
  for (const measure of allMeasures(bench).filter(({ name }) => names.includes(name))) {
    outcome.samples.set(measure.id, new Map());
    await takeTurns(measure, targets, outcome);
    say(`\n## ${measure.title}\n\n${measureTable(measure, outcome.samples)}`);
  }
  for (const line of [...outcome.missing, ...outcome.failures]) say(`\n${line}`);
  say(`\n## Ratios\n\n${ratioTable(outcome.samples)}`);
  return outcome;
}

/** Every server in turn, each time another one first, so that a noisy moment does not meet the same one. */
async function takeTurns(measure: Measure, targets: Target[], outcome: Outcome): Promise<void> {
  const failed = new Set<Target>();
  const attempt = async (target: Target, work: () => Promise<void>) => {
    if (failed.has(target)) return;
    try {
      await work();
    } catch (error) {
      failed.add(target);
      outcome.failures.push(
        `${target.name}, ${measure.title}: failed, ${(error as Error).message}`,
      );
      await target.stop();
    }
  };
  for (const target of targets) await attempt(target, () => measure.prepare(target));
  for (let turn = 0; turn < measure.turns; turn++) {
    for (let place = 0; place < targets.length; place++) {
      const target = targets[(place + turn) % targets.length];
      if (!target) continue;
      await attempt(target, async () => {
        const values = await measure.turn(target, turn);
        if (values.bad)
          outcome.failures.push(`${target.name}, ${measure.title}: ${values.bad} bad answers`);
        const found = outcome.samples.get(measure.id);
        found?.set(target.name, [...(found.get(target.name) ?? []), values]);
      });
    }
  }
}

function measureTable({ id }: Measure, samples: Samples): string {
  const found = [...(samples.get(id)?.keys() ?? [])];
  const of = (target: TargetName, column: Column) => valuesOf(samples, id, target, column);
  // Bad answers have a line of their own; a column of noughts would only push the others aside.
  const shown = (Object.keys(columns) as Column[]).filter((column) =>
    found.some((target) => of(target, column).some((value) => value !== 0 || column !== "bad")),
  );
  const cell = (values: number[]) => figure(median(values)) + ends(values);
  const rows = found.map((target) => [target, ...shown.map((column) => cell(of(target, column)))]);
  return table(["", ...shown.map((column) => columns[column])], rows);
}
