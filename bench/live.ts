// What live views cost: `node bin/bun.mjs bench/live.ts [seconds of a turn] [turns] [folder of a checkout to compare with]`.
// Prints, and keeps nothing. CPU is the server's alone, so that other work on the machine counts little.
import { launch, signIn } from "../test/e2e/console/browser.ts";
import { freePort, type Service } from "../test/e2e/lab/processes.ts";
import { closedLoop, openLoop, type Shot } from "./access-load.ts";
import {
  admin,
  manifestPath,
  pullToken,
  scratchFolder,
  startUpstream,
  startWeir,
} from "./one-weir.ts";
import { cpuSeconds, tree } from "./procfs.ts";
import { ends, figure, median } from "./stats.ts";

const [seconds = 4, turns = 7] = Bun.argv.slice(2, 4).map(Number);
const other = Bun.argv[4];
const connections = 16;
const quietPerSecond = 200;
const say = (text: string) => console.log(text);

const folder = scratchFolder("live");
const upstream = await startUpstream();

interface Server {
  service: Service;
  base: string;
  /** For a browser: by the name that the server calls itself. */
  external: string;
  pull: Shot;
}

/** Of the code of another checkout, where one is named. */
async function start(checkout?: string): Promise<Server> {
  const port = freePort();
  const settings = { WEIR_PULL_RATE_LIMIT: "1000000000" };
  const code = checkout === undefined ? {} : { checkout };
  const service = await startWeir({ folder, upstream, port, settings, ...code });
  const Authorization = `Bearer ${await pullToken(port)}`;
  return {
    service,
    base: `http://127.0.0.1:${port}`,
    external: `http://localhost:${port}`,
    pull: { port, path: manifestPath, headers: { Host: `localhost:${port}`, Authorization } },
  };
}

const used = ({ service }: Server) => cpuSeconds(tree(service.pid).slice(1));

async function perCpu(server: Server): Promise<number> {
  const before = used(server);
  const { count, bad } = await closedLoop(server.pull, { connections, seconds });
  if (bad > 0) throw new Error(`${bad} of ${count} answers were not 200`);
  return count / (used(server) - before);
}

/** Part of one CPU that the server takes for a steady number of pulls. */
async function steady(server: Server): Promise<number> {
  const before = used(server);
  const started = performance.now();
  await openLoop(server.pull, { perSecond: quietPerSecond, seconds, connections });
  return (100 * (used(server) - before)) / ((performance.now() - started) / 1000);
}

/** Reads all that comes, until what is returned is called. */
async function watch({ base }: Server): Promise<() => Promise<string>> {
  const abort = new AbortController();
  const url = `${base}/api/v4/groups/default/-/virtual_registries/container/events`;
  const answer = await fetch(url, { headers: { "PRIVATE-TOKEN": admin }, signal: abort.signal });
  if (answer.status !== 200) throw new Error(`events: ${answer.status}`);
  let text = "";
  const reading = (async () => {
    try {
      for await (const part of answer.body?.pipeThrough(new TextDecoderStream()) ?? [])
        text += part;
    } catch {
      // it was left
    }
  })();
  return async () => {
    abort.abort();
    await reading;
    return text;
  };
}

/** Percent that the second costs more than the first, turn by turn. */
const costs = (plain: readonly number[], dear: readonly number[]) =>
  plain.map((one, i) => 100 * (1 - (dear[i] ?? Number.NaN) / one));
const told = (values: number[]) => `${figure(median(values))}${ends(values)}`;

async function comparison(own: Server, checkout: string): Promise<void> {
  const former = await start(checkout);
  const found: [number[], number[]] = [[], []];
  for (let turn = 0; turn <= turns; turn++) {
    const [first, second] = turn % 2 === 0 ? [former, own] : [own, former];
    const values = new Map([[first, await perCpu(first)]]);
    values.set(second, await perCpu(second));
    // The first turn is for warming up.
    if (turn === 0) continue;
    found[0].push(values.get(former) ?? Number.NaN);
    found[1].push(values.get(own) ?? Number.NaN);
  }
  await former.service.stop();
  say("Cached manifest, requests per CPU second, nobody watches:");
  say(`  ${checkout}: ${told(found[0])}; this: ${told(found[1])}`);
  say(`  this costs ${told(costs(...found))} %`);
}

async function watched(own: Server): Promise<void> {
  const full: [number[], number[]] = [[], []];
  const quiet: [number[], number[]] = [[], []];
  const idle: [number[], number[]] = [[], []];
  let heard = "";
  for (let turn = 0; turn <= turns; turn++) {
    for (const watching of turn % 2 === 0 ? [false, true] : [true, false]) {
      const leave = watching ? await watch(own) : undefined;
      const busy = await perCpu(own);
      const slow = await steady(own);
      const before = used(own);
      await Bun.sleep(seconds * 1000);
      const rest = (100 * (used(own) - before)) / seconds;
      heard = (await leave?.()) ?? heard;
      if (turn === 0) continue;
      full[watching ? 1 : 0].push(busy);
      quiet[watching ? 1 : 0].push(slow);
      idle[watching ? 1 : 0].push(rest);
    }
  }
  const added = ([without, beside]: [number[], number[]]) =>
    told(without.map((one, i) => (beside[i] ?? Number.NaN) - one));
  say("One client that watches:");
  say(
    `  as many pulls as can be: ${told(full[0])} without, ${told(full[1])} with, costs ${told(costs(...full))} %`,
  );
  say(
    `  ${quietPerSecond} pulls a second: ${told(quiet[0])} % of a CPU without, adds ${added(quiet)} % (goal: under 2 %)`,
  );
  say(`  none: ${told(idle[0])} % of a CPU without, adds ${added(idle)} %`);
  const events = heard.split("\n\n").length;
  say(
    `  it heard ${events} events and ${heard.length} bytes in the last turn, ${heard.split("event: skipped").length - 1} times that some were left out`,
  );
}

/** The same with real pages in a browser, and with many who watch. */
async function pages(own: Server): Promise<void> {
  const browser = await launch();
  const page = await browser.newPage({ baseURL: own.external });
  await page.addInitScript(() => localStorage.setItem("weir.welcome", "left"));
  await page.goto("/");
  await signIn({ page, problems: [] }, admin);
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  const open = (path: string) => async () => {
    await page.goto(path);
    await page.getByText("Live", { exact: true }).waitFor();
    return async () => void (await page.goto("about:blank"));
  };
  const kinds: Record<string, () => Promise<() => Promise<unknown>>> = {
    nobody: async () => {
      await page.goto("about:blank");
      return async () => undefined;
    },
    "the overview in a browser": open("/"),
    "the live log in a browser": open("/live"),
    "eight streams": async () => {
      const leave = await Promise.all(Array.from({ length: 8 }, () => watch(own)));
      return () => Promise.all(leave.map((each) => each()));
    },
  };
  const names = Object.keys(kinds);
  const found = new Map<string, number[]>(names.map((each) => [each, []]));
  for (let turn = 0; turn <= turns; turn++) {
    for (const each of turn % 2 === 0 ? names : names.toReversed()) {
      const leave = await kinds[each]?.();
      // What a page asks for as it opens is not what it costs to look at it.
      await Bun.sleep(1000);
      const percent = await steady(own);
      await leave?.();
      if (turn > 0) found.get(each)?.push(percent);
    }
  }
  await browser.close();
  const plain = found.get("nobody") ?? [];
  say(`${quietPerSecond} pulls a second, ${told(plain)} % of a CPU while nobody watches:`);
  for (const each of names.slice(1)) {
    const added = (found.get(each) ?? []).map((one, i) => one - (plain[i] ?? Number.NaN));
    say(`  ${each} adds ${told(added)} %`);
  }
}

try {
  const own = await start();
  if (other !== undefined) await comparison(own, other);
  await watched(own);
  await pages(own);
  await own.service.stop();
} finally {
  await upstream.stop();
}
process.exit(0);
