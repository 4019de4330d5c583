import { parseArgs } from "node:util";

export const measureNames = ["manifest", "blob", "cold", "herd", "slow", "miss", "window"] as const;
export type MeasureName = (typeof measureNames)[number];
export const targetNames = ["weir", "docker-registry", "nginx"] as const;
export type TargetName = (typeof targetNames)[number];

/** What one run of the bench does; sizes in bytes, rates in bytes a second. */
export interface Options {
  only: MeasureName[];
  targets: TargetName[];
  runs: number;
  json: string | undefined;
  /** Settings for Weir beside those that the bench needs. */
  weir: Record<string, string>;
  manifestSeconds: number;
  bigBytes: number;
  herdBytes: number;
  missBytes: number;
  missBlobs: number;
  slowRate: number;
}

export const usage = `Usage: npm run bench -- [options]
Compares Weir with docker-registry in proxy mode and nginx proxy_cache on this machine.

  --only A,B        measures: ${measureNames.join(", ")} (default: all)
  --targets A,B     servers: ${targetNames.join(", ")} (default: all)
  --runs N          turns of each server in each measure (default 3)
  --quick           small blobs, one turn, a second of requests: does it work at all?
  --weir KEY=VALUE  a setting for Weir's environment, such as WEIR_LOG_LEVEL=warn; repeatable
  --json FILE       write every sample there
`;

const full = {
  manifestSeconds: 6,
  bigBytes: 2 ** 30,
  herdBytes: 200e6,
  missBytes: 8e6,
  missBlobs: 20,
  slowRate: 50e6,
};
const quick = { ...full, manifestSeconds: 1, bigBytes: 2 ** 26, herdBytes: 20e6, missBlobs: 3 };

/** Reads the command line; throws an Error that names what is wrong with it. */
export function readOptions(args: string[]): Options | "help" {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({
    args,
    options: {
      only: text,
      targets: text,
      runs: text,
      json: text,
      weir: { ...text, multiple: true },
      quick: flag,
      help: { ...flag, short: "h" },
    },
  });
  if (values.help) return "help";
  const runs = Number(values.runs ?? (values.quick ? 1 : 3));
  if (!Number.isInteger(runs) || runs < 1) throw new Error("--runs wants a whole number from 1");
  return {
    ...(values.quick ? quick : full),
    only: chosen("--only", values.only, measureNames),
    targets: chosen("--targets", values.targets, targetNames),
    runs,
    json: values.json,
    weir: Object.fromEntries((values.weir ?? []).map(setting)),
  };
}

function chosen<T extends string>(
  option: string,
  value: string | undefined,
  all: readonly T[],
): T[] {
  if (value === undefined) return [...all];
  const names = value.split(",");
  const unknown = names.filter((name) => !all.some((known) => known === name));
  if (unknown.length > 0)
    throw new Error(`${option}: ${unknown.join(", ")} unknown; there are ${all.join(", ")}`);
  return all.filter((name) => names.includes(name));
}

function setting(text: string): [string, string] {
  const at = text.indexOf("=");
  if (at < 1) throw new Error(`--weir wants KEY=VALUE, not ${text}`);
  return [text.slice(0, at), text.slice(at + 1)];
}
