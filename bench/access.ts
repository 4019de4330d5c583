// What access control costs: `node bin/bun.mjs bench/access.ts [seconds of a turn] [turns]`. Prints, and keeps nothing.
import path from "node:path";
import { environment, freePort, run, type Service } from "../test/e2e/lab/processes.ts";
import { closedLoop, openLoop, type Shot } from "./access-load.ts";
import {
  manifestPath,
  pullToken,
  scratchFolder,
  startUpstream,
  startWeir,
  tokenPath,
} from "./one-weir.ts";
import { cpuSeconds, tree } from "./procfs.ts";
import { ends, figure, median } from "./stats.ts";

const [seconds = 4, turns = 7] = Bun.argv.slice(2).map(Number);
const connections = 32;
const failuresPerSecond = 2000;
const pullsPerSecond = 200;
const say = (text: string) => console.log(text);

const folder = scratchFolder("access");
const upstream = await startUpstream();
const port = freePort();

const start = (settings: Record<string, string>): Promise<Service> =>
  startWeir({
    folder,
    upstream,
    port,
    settings: { WEIR_TRUSTED_PROXIES: "127.0.0.1", ...settings },
  });

const shot = (where: string, headers: Record<string, string>): Shot => ({
  port,
  path: where,
  headers: { Host: `localhost:${port}`, ...headers },
});

/** Requests for a CPU second of the server, all answered with this status. */
async function perCpu(service: Service, what: Shot, status = 200): Promise<number> {
  const pids = () => tree(service.pid).slice(1);
  const before = cpuSeconds(pids());
  const { count, bad } = await closedLoop(what, { connections, seconds, status });
  if (bad > 0) throw new Error(`${bad} of ${count} answers were not ${status}`);
  return count / (cpuSeconds(pids()) - before);
}

/** With nothing to check, and with a token; from this machine, and from an address that a proxy tells. */
async function hitPath(): Promise<void> {
  const service = await start({
    WEIR_ANONYMOUS_PULL: "true",
    WEIR_PULL_RATE_LIMIT: "1000000000",
  });
  const authorization = { Authorization: `Bearer ${await pullToken(port)}` };
  const away = { "X-Forwarded-For": "192.0.2.1" };
  const kinds = {
    "without a token": shot(manifestPath, {}),
    "Bearer token": shot(manifestPath, authorization),
    "without, behind a proxy": shot(manifestPath, away),
    "Bearer, behind a proxy": shot(manifestPath, { ...authorization, ...away }),
  };
  const found = new Map<string, number[]>(Object.keys(kinds).map((kind) => [kind, []]));
  for (let turn = 0; turn <= turns; turn++) {
    for (const [kind, what] of Object.entries(kinds)) {
      const value = await perCpu(service, what);
      // The first turn is for warming up.
      if (turn > 0) found.get(kind)?.push(value);
    }
  }
  await service.stop();
  say("Cached manifest, requests per CPU second:");
  for (const [kind, values] of found) say(`  ${kind}: ${figure(median(values))}${ends(values)}`);
  const costOf = (plain: string, checked: string) => {
    const [one = [], other = []] = [found.get(plain), found.get(checked)];
    const costs = one.map((value, turn) => 100 * (1 - (other[turn] ?? Number.NaN) / value));
    return `${figure(median(costs))} %${ends(costs)}`;
  };
  say(`  a token costs ${costOf("without a token", "Bearer token")} (goal: at most 15 %)`);
  say(`  behind a proxy ${costOf("without, behind a proxy", "Bearer, behind a proxy")}`);
}

const percentile = (values: number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;

/** Pulls of one client while another one logs in wrongly, time and again. */
async function flood(
  status: number,
  settings: Record<string, string>,
  password: "same" | "other",
): Promise<void> {
  const service = await start(settings);
  const headers = {
    Authorization: `Bearer ${await pullToken(port)}`,
    "X-Forwarded-For": "192.0.2.1",
  };
  const pull = shot(manifestPath, headers);
  const pulls = { perSecond: pullsPerSecond, seconds, connections: 16 };
  await closedLoop(pull, { connections: 4, seconds: 1 });
  const added: number[] = [];
  const p99: [number[], number[]] = [[], []];
  let said = "";
  for (let turn = 0; turn < turns; turn++) {
    const quiet = await openLoop(pull, pulls);
    const args = [port, failuresPerSecond, seconds + 1, "198.51.100.1"].map(String);
    const script = path.join(import.meta.dir, "access-flood.ts");
    const flooding = run(
      [process.execPath, script, ...args, tokenPath(port), password],
      environment(folder),
    );
    await Bun.sleep(500);
    const flooded = await openLoop(pull, pulls);
    said = (await flooding).stdout.trim();
    p99[0].push(percentile(quiet.ms, 0.99));
    p99[1].push(percentile(flooded.ms, 0.99));
    added.push(percentile(flooded.ms, 0.99) - percentile(quiet.ms, 0.99));
  }
  const wrong = {
    "X-Forwarded-For": "198.51.100.1",
    Authorization: `Basic ${btoa("admin:wrong")}`,
  };
  const rate = await perCpu(service, shot(tokenPath(port), wrong), status);
  await service.stop();
  say(
    `${failuresPerSecond} failed logins a second from one address, ${password} password, answered ${status}; p99 of a cached pull:`,
  );
  say(
    `  quiet ${figure(median(p99[0]))} ms${ends(p99[0])}, flooded ${figure(median(p99[1]))} ms${ends(p99[1])}`,
  );
  say(`  one costs ${figure(1e6 / rate)} us of CPU`);
  say(`  added ${figure(median(added))} ms${ends(added)} (goal: at most 10 ms); answers ${said}`);
}

try {
  await hitPath();
  await flood(403, {}, "same");
  await flood(403, {}, "other");
  await flood(401, { WEIR_LOGIN_BAN_SECONDS: "0" }, "same");
} finally {
  await upstream.stop();
}
process.exit(0);
