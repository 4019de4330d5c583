import type { MeasureName, Options } from "./options.ts";
import type { Target } from "./targets.ts";
import type { Upstream } from "./upstream.ts";

/** Figures of one turn, by the names of `columns`. */
export type Values = Partial<Record<Column, number>>;
export type Column = keyof typeof columns;

/** Every figure, with the head of its column. */
export const columns = {
  requestsPerSecond: "requests/s",
  requestsPerCpu: "requests per CPU s",
  cpuPer10k: "CPU s per 10,000",
  medianMs: "p50 ms",
  slowestMs: "p99 ms",
  gibPerSecond: "GiB/s",
  seconds: "wall s",
  aloneSeconds: "one client alone s",
  slowdown: "wall ÷ alone",
  firstMedianMs: "first byte, median ms",
  firstLastMs: "first byte, last ms",
  delayMs: "first byte after upstream's ms",
  cpuPerGib: "CPU s per GiB",
  upstreamRatio: "upstream ÷ blob bytes",
  peakMb: "peak MB",
  foreign: "other work %",
  bad: "bad answers",
};

export interface Bench {
  options: Options;
  upstream: Upstream;
}

export interface Measure {
  id: string;
  /** The word for `--only`. */
  name: MeasureName;
  title: string;
  turns: number;
  prepare(target: Target): Promise<void>;
  /** One turn of one server; `number` counts from 0. */
  turn(target: Target, number: number): Promise<Values>;
}
