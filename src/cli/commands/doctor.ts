import { type Config, ConfigError, loadConfig } from "../../config.ts";
import { type Command, exit, jsonOption, type World } from "../command.ts";
import { Api } from "../client.ts";
import { connectionOptions, localUrl, serverAddress } from "../connection.ts";
import { failed, type Finding, ok, skipped } from "../doctor/finding.ts";
import { localFindings } from "../doctor/local.ts";
import { ask, outsideFindings } from "../doctor/outside.ts";
import { proxyFindings, rangeFindings } from "../doctor/proxy.ts";
import type { Given } from "../given.ts";
import { painter, plain, showProgress } from "../output.ts";
import { Unanswered } from "../outbound.ts";

export const doctor: Command = {
  name: "doctor",
  summary:
    "Check configuration, data folder, bucket, database, clock, upstreams and the address that clients use.",
  details: `Works with the server running or not, and changes nothing. Upstreams are asked from here as the server would ask them. With --url or WEIR_URL only that address is
checked, as a client sees it: for the rest run it where the server runs, with the same environment. Ends with 1 where a check failed.`,
  arguments: [],
  options: { ...jsonOption, ...connectionOptions },
  examples: ["weir doctor", "weir doctor --url https://weir.example.com --token-file token.txt"],
  async run(world, given) {
    const isElsewhere = given.has("url") || Boolean(world.env["WEIR_URL"]);
    const findings = isElsewhere ? await elsewhere(world, given) : await here(world, given);
    world.io.status("");
    if (given.has("json")) world.io.out(JSON.stringify(findings, null, 2));
    else world.io.out(text(world, findings));
    return findings.some(({ status }) => status === "failed") ? exit.failed : exit.ok;
  },
};

async function elsewhere(world: World, given: Given): Promise<Finding[]> {
  const address = await serverAddress(world, given);
  return asClient(world, address.url, address);
}

/** The server that is set up here: its configuration, what it works with, and its address. */
async function here(world: World, given: Given): Promise<Finding[]> {
  let config: Config;
  try {
    config = loadConfig(world.env, world.readFile);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const fix = "put it right: docs/configuration.md, weir config";
    return error.problems.map((problem) => failed("configuration", problem, fix));
  }
  const { clock, version } = world;
  const asking = (done: number, total: number, name: string) =>
    showProgress(world, done, total, `upstream ${name}`);
  const found = await world.examine(config, { clock, version }, asking);
  const address = await serverAddress(world, given);
  const isRunning = await running(world, config);
  return [
    ok("configuration", "it can be read, and is as it must be"),
    ...localFindings(config, found),
    isRunning,
    ...(isRunning.status === "ok"
      ? await asClient(world, config.externalUrl, { ...address, url: config.externalUrl })
      : [skipped("external URL", "the server does not run")]),
  ];
}

async function running({ clock }: World, config: Config): Promise<Finding> {
  const url = localUrl(config);
  const start = "start it: weir serve";
  try {
    const { status } = await ask(clock, new URL(`${url}/readyz`));
    if (status === 200) return ok("server", `${url} is ready`);
    return failed("server", `${url}/readyz answers ${status}`, "look into its log");
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
    return skipped("server", `${url} ${error.message}`, start);
  }
}

async function asClient(
  { clock }: World,
  externalUrl: string,
  address: Api["address"],
): Promise<Finding[]> {
  const { token } = address;
  const findings = await outsideFindings({ clock, externalUrl, token });
  if (findings.some(({ status }) => status === "failed")) return findings;
  const api = new Api(address, clock);
  return [...findings, ...(await proxyFindings(api)), ...(await rangeFindings(api))];
}

const marks = { ok: "ok", warning: "warn", failed: "FAIL", skipped: "skip" } as const;
const colours = { ok: "green", warning: "yellow", failed: "red", skipped: "bold" } as const;

function text(world: World, findings: readonly Finding[]): string {
  const paint = painter(world);
  const width = Math.max(...findings.map(({ check }) => plain(check).length));
  const lines = findings.flatMap(({ check, status, message, fix }) => [
    `${paint(marks[status].padEnd(4), colours[status])}  ${plain(check).padEnd(width)}  ${plain(message)}`,
    ...(fix === undefined ? [] : [`${" ".repeat(width + 8)}→ ${plain(fix)}`]),
  ]);
  const count = (wanted: Finding["status"]) =>
    findings.filter(({ status }) => status === wanted).length;
  const sum = `${count("ok")} fine, ${count("warning")} warnings, ${count("failed")} failed, ${count("skipped")} skipped`;
  return [...lines, "", sum].join("\n");
}
