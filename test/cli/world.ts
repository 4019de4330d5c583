import { backUpWeir, restoreWeir, verifyWeir } from "../../src/stores.ts";
import { migrateWeir } from "../../src/migration.ts";
import { createLog } from "../../src/lib/log.ts";
import type { World } from "../../src/cli/command.ts";
import { runCli } from "../../src/cli/index.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { adminToken, type TestWeir } from "../fakes/weir.ts";

export interface RunOptions {
  env?: Record<string, string>;
  /** What files hold; others are not there. */
  files?: Record<string, string>;
  input?: string;
  /** What a person answers; undefined: there is no terminal. */
  answers?: string[];
  /** What happens while that person thinks. */
  meanwhile?: () => Promise<unknown>;
  serve?: World["serve"];
  examine?: World["examine"];
}

/** As they are joined for `main.ts`, with a log that nobody reads. */
const stores: World["stores"] = {
  backUp: (config, backing) =>
    backUpWeir(config, { clock: systemClock, version: "1.2.3" }, backing),
  restore: restoreWeir,
  migrate: (config, target, migrating) => {
    const log = createLog(systemClock, "error", { write() {}, async flush() {} });
    const around = { clock: systemClock, log, version: "1.2.3", random: () => 0 };
    return migrateWeir(config, target, around, migrating);
  },
  verify: (config, work) => {
    const log = createLog(systemClock, "error", { write() {}, async flush() {} });
    return verifyWeir(config, { clock: systemClock, log, version: "1.2.3", random: () => 0 }, work);
  },
};

const served = { first: false, adminToken: undefined, registry: undefined };

/** One command line in a world of its own: exit code, both outputs, and what the server was started with. */
export async function run(
  argv: string[],
  { env = {}, files = {}, input = "", answers, meanwhile, serve, examine }: RunOptions = {},
) {
  const out: string[] = [];
  const err: string[] = [];
  const ports: number[] = [];
  const statuses: string[] = [];
  const questions: string[] = [];
  const isTerminal = answers !== undefined;
  const code = await runCli(argv, {
    io: {
      out: (text) => out.push(text),
      err: (text) => err.push(text),
      status: (text) => statuses.push(text),
    },
    terminal: { in: isTerminal, out: isTerminal, err: isTerminal },
    env,
    readFile: (file) => {
      const text = files[file];
      if (text === undefined) throw Object.assign(new Error(file), { code: "ENOENT" });
      return text;
    },
    readInput: async () => input,
    ask: async (question) => {
      questions.push(question);
      await meanwhile?.();
      return answers?.shift() ?? "";
    },
    clock: systemClock,
    version: "1.2.3",
    serve:
      serve ??
      (async ({ listen }, started) => {
        ports.push(listen.port);
        started(served);
      }),
    stores,
    examine: examine ?? (() => Promise.reject(new Error("nothing is to be examined here"))),
  });
  return { code, out: out.join("\n"), err: err.join("\n"), ports, statuses, questions };
}

/** The same against a server, with its administrator's token unless another is given. */
export function runAt(
  weir: TestWeir,
  argv: string[],
  options: RunOptions = {},
  token = adminToken,
) {
  const env = { WEIR_URL: weir.url, WEIR_TOKEN: token, ...options.env };
  return run(argv, { ...options, env });
}

/** What a command prints as JSON; throws where it does not end with 0. */
export async function jsonAt<T>(
  weir: TestWeir,
  argv: string[],
  options: RunOptions = {},
): Promise<T> {
  const { code, out, err } = await runAt(weir, [...argv, "--json"], options);
  if (code !== 0) throw new Error(`weir ${argv.join(" ")} ended with ${code}: ${err}`);
  return JSON.parse(out) as T;
}
