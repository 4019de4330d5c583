import { environment, output, run } from "../test/e2e/lab/processes.ts";

type Headers = Record<string, string>;

export interface RequestLoad {
  requests: number;
  seconds: number;
  medianMs: number;
  slowestMs: number;
  bad: number;
}

const fields = (headers: Headers) =>
  Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);

/** GETs of one address over 64 kept-alive connections, by wrk; `slowestMs` is the 99th percentile. */
export async function requestLoad(
  url: string,
  headers: Headers,
  seconds: number,
): Promise<RequestLoad> {
  const options = ["-t2", "-c64", `-d${seconds}s`, "--latency", ...fields(headers)];
  const text = await output(["wrk", ...options, url], environment("/"));
  const [, requests = "0", duration = ""] = /(\d+) requests in ([\d.]+\w+)/.exec(text) ?? [];
  const errors = /Socket errors: (.*)/.exec(text)?.[1]?.match(/\d+/g) ?? [];
  const refused = /Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? "0";
  const percentile = (share: number) => new RegExp(`^ +${share}% +(\\S+)`, "m").exec(text)?.[1];
  return {
    requests: Number(requests),
    seconds: milliseconds(duration) / 1000,
    medianMs: milliseconds(percentile(50)),
    slowestMs: milliseconds(percentile(99)),
    bad: errors.reduce((sum, count) => sum + Number(count), Number(refused)),
  };
}

/**
 * Downloads to /dev/null by as many curls at a time, each `rounds` times in turn; gives how many downloads
 * were not whole.
 */
export async function blobLoad(
  url: string,
  headers: Headers,
  clients: number,
  rounds: number,
  size: number,
  longestSeconds = 300,
): Promise<number> {
  const format = ["-w", "%{http_code} %{size_download}"];
  const command = ["curl", "-s", "-o", "/dev/null", ...format, ...fields(headers)];
  let bad = 0;
  const client = async () => {
    for (let round = 0; round < rounds; round++) {
      const { stdout: said } = await run([...command, url], environment("/"), {
        seconds: longestSeconds,
      });
      if (said !== `200 ${size}`) bad++;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return bad;
}

/** wrk writes `812.00us`, `1.20ms`, `5.01s`, `1.02m`; NaN for anything else. */
function milliseconds(text = ""): number {
  const units: Record<string, number> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };
  const [, value = "", unit = ""] = /^([\d.]+)([a-z]+)$/.exec(text) ?? [];
  return Number(value) * (units[unit] ?? Number.NaN);
}
