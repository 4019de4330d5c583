import type { Column, Values } from "./contract.ts";
import type { TargetName } from "./options.ts";
import { ends, figure, median, table } from "./stats.ts";

/** Values of every turn, by measure and server. */
export type Samples = Map<string, Map<TargetName, Values[]>>;

/** A figure to reach: by Weir alone, or as Weir ÷ a peer. */
interface Goal {
  against: TargetName | "itself";
  limit: number;
  is: "at least" | "at most";
}

interface Comparison {
  title: string;
  measure: string;
  column: Column;
  goals: Goal[];
}

const atMost = (limit: number, against: Goal["against"] = "itself"): Goal => ({
  against,
  limit,
  is: "at most",
});
const atLeast = (limit: number, against: TargetName): Goal => ({ against, limit, is: "at least" });
const compare = (title: string, measure: string, column: Column, ...goals: Goal[]): Comparison => ({
  title,
  measure,
  column,
  goals,
});

const comparisons: Comparison[] = [
  compare("manifest: requests/s", "manifest", "requestsPerSecond"),
  compare(
    "manifest: requests per CPU s",
    "manifest",
    "requestsPerCpu",
    atLeast(50, "docker-registry"),
    atLeast(0.5, "nginx"),
  ),
  compare("cached blob, 1 client: GiB/s", "blob1", "gibPerSecond"),
  compare("cached blob, 1 client: CPU s per GiB", "blob1", "cpuPerGib", atMost(1.5, "nginx")),
  compare("cached blob, 8 clients: GiB/s", "blob8", "gibPerSecond"),
  compare("cached blob, 8 clients: CPU s per GiB", "blob8", "cpuPerGib"),
  compare("cached blob, 16 clients: CPU s per GiB", "blob16", "cpuPerGib", atMost(1.5, "nginx")),
  compare("cached blob, 32 clients: peak MB", "blob32", "peakMb", atMost(150)),
  compare("cold blob: CPU s per GiB", "cold", "cpuPerGib", atMost(1, "docker-registry")),
  compare("herd: wall s", "herd", "seconds"),
  compare("herd: upstream ÷ blob bytes", "herd", "upstreamRatio", atMost(1)),
  compare("slow herd: upstream ÷ blob bytes", "slow", "upstreamRatio", atMost(1)),
  compare("slow herd: 32 clients ÷ one alone", "slow", "slowdown", atMost(1.1)),
  compare("slow herd: last first byte, ms", "slow", "firstLastMs"),
  compare("miss: first byte after upstream's, ms", "miss", "delayMs", atMost(15)),
  compare("window: first byte after upstream's, ms", "window", "delayMs", atMost(10)),
  compare("400 windows: upstream ÷ blob bytes", "lazy", "upstreamRatio", atMost(1.25)),
];

/** The closing table: Weir's figure, the peers', the ratios, and whether each goal is reached. */
export function ratioTable(samples: Samples): string {
  const measuredOnes = comparisons.filter(({ measure }) => samples.has(measure));
  const head = ["", "Weir", "docker-registry", "nginx", "Weir ÷ docker-registry", "Weir ÷ nginx"];
  return table(
    [...head, "goal"],
    measuredOnes.map((one) => row(samples, one)),
  );
}

const peers = ["docker-registry", "nginx"] as const;

function row(samples: Samples, { title, measure, column, goals }: Comparison): string[] {
  const of = (target: TargetName) => valuesOf(samples, measure, target, column);
  const ours = of("weir");
  const verdict = ({ against, limit, is }: Goal) => {
    const found = median(ours) / (against === "itself" ? 1 : median(of(against)));
    const reached = is === "at least" ? found >= limit : found <= limit;
    const wanted = `${is} ${limit}${against === "itself" ? "" : ` × ${against}`}`;
    return `${wanted}: ${Number.isNaN(found) ? "not measured" : reached ? "ok" : "MISSED"}`;
  };
  return [
    title,
    figure(median(ours)),
    ...peers.map((peer) => figure(median(of(peer)))),
    ...peers.map((peer) => ratio(ours, of(peer))),
    goals.map(verdict).join("; "),
  ];
}

/** The ratio of the medians, with the spread of the ratios turn by turn. */
function ratio(ours: number[], theirs: number[]): string {
  const turns = ours.map((value, turn) => value / (theirs[turn] ?? Number.NaN));
  return figure(median(ours) / median(theirs)) + ends(turns.filter(Number.isFinite));
}

/** One figure of one server over the turns that gave it. */
export function valuesOf(
  samples: Samples,
  measure: string,
  target: TargetName,
  column: Column,
): number[] {
  const turns = samples.get(measure)?.get(target) ?? [];
  return turns.flatMap((values) => values[column] ?? []);
}
