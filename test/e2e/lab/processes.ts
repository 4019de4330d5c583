import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { createConnection } from "node:net";
import { constants } from "node:os";
import path from "node:path";

export { freePort } from "../../fakes/port.ts";

/** How long a process may take to end after it was asked to, before it is killed. */
const patience = 90_000;
/** How long what is waited for may take: longer than it takes on a machine that many share. */
const waitSeconds = 90;
const pollInterval = 20;

/** Started once, outside of any test: the runner kills what a test that timed out had spawned. */
const janitor = spawn(process.execPath, [path.join(import.meta.dir, "janitor.ts")], {
  detached: true,
  stdio: ["pipe", "ignore", "inherit"],
});
janitor.unref();

/** Tells the janitor what to clean up should the runner end early. */
export function tellJanitor(
  verb: "group" | "ended" | "folder" | "removed",
  what: number | string,
): void {
  janitor.stdin.write(`${verb} ${what}\n`);
}

/** Where `scripts/build-go.sh` and `scripts/build-hadolint.sh` put the programs that they build. */
const built = ["go-clients", "cosign", "deploy-tools"]
  .map((name) => path.join(import.meta.dir, "../../../.cache", name))
  .join(":");

/** What Bun has made of our sources, by what they hold: from a home that is empty it would make it anew at each start. */
const transpiled = path.join(import.meta.dir, "../../../.cache/transpiled");

/**
 * The environment of everything started here: no proxies, tools of /sbin and those built for us found, nothing of the
 * user's home.
 */
export function environment(home: string, extra: Record<string, string> = {}) {
  const PATH = `${built}:${process.env["PATH"] ?? ""}:/usr/local/sbin:/usr/sbin:/sbin`;
  const own = { HOME: home, TMPDIR: home, BUN_RUNTIME_TRANSPILER_CACHE_PATH: transpiled };
  return { PATH, LANG: "C.UTF-8", ...own, ...extra };
}

/** Polls until `condition` gives a value other than undefined and false; an error naming `what` after `seconds`. */
export async function waitFor<T>(
  what: string,
  condition: () => T | false | undefined | Promise<T | false | undefined>,
  seconds = waitSeconds,
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > end) throw new Error(`${what}: not after ${seconds} s`);
    await Bun.sleep(pollInterval);
  }
}

function exitCode(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) =>
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)),
    );
  });
}

/** Of a process, or by its number below zero of a group; one that has ended by itself is left alone. */
function signal(target: number, name: NodeJS.Signals): void {
  try {
    process.kill(target, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Spawns in a session and process group of its own, known to the janitor. */
function spawnGroup(
  command: readonly string[],
  env: Record<string, string>,
  stdio: ("pipe" | "ignore" | number)[],
) {
  const [program = "", ...args] = command;
  const child = spawn(program, args, { detached: true, env, stdio });
  const ended = exitCode(child);
  const { pid } = child;
  if (pid === undefined) {
    ended.catch(() => {});
    throw new Error(`${program} cannot be started`);
  }
  tellJanitor("group", pid);
  return { child, ended, pid };
}

/** A server that runs until it is stopped; its output goes to a file. */
export class Service {
  #code: number | undefined;

  private constructor(
    readonly name: string,
    readonly pid: number,
    readonly logFile: string,
    /** The exit code, a signal counting as 128 + its number. */
    readonly ended: Promise<number>,
  ) {
    void ended.then((code) => {
      this.#code = code;
      // Whatever it started and left behind ends with it.
      signal(-pid, "SIGKILL");
      tellJanitor("ended", pid);
    });
  }

  static start(name: string, folder: string, command: string[], env: Record<string, string>) {
    const logFile = path.join(folder, `${name}.log`);
    const log = openSync(logFile, "a");
    try {
      const { pid, ended } = spawnGroup(command, env, ["ignore", log, log]);
      return new Service(name, pid, logFile, ended);
    } finally {
      closeSync(log);
    }
  }

  log(): string {
    return readFileSync(this.logFile, "utf8");
  }

  /** Waits until `condition` holds; fails at once, with the end of the log, if the process ends before. */
  async ready(condition: () => Promise<boolean>, seconds = waitSeconds): Promise<void> {
    const check = async () => (this.#code === undefined ? await condition() : "ended");
    const answer = await waitFor(`${this.name} to answer`, check, seconds);
    if (answer !== "ended") return;
    throw new Error(`${this.name} ended with ${this.#code}:\n${this.log().slice(-1500)}`);
  }

  /** kill -9 of the process and all that it has started. */
  async kill(): Promise<void> {
    signal(-this.pid, "SIGKILL");
    await this.ended;
  }

  /** Signals the process alone, as its user would, and gives the exit code; kills the group when it takes too long. */
  async stop(by: NodeJS.Signals = "SIGTERM"): Promise<number> {
    if (this.#code === undefined) signal(this.pid, by);
    const timer = setTimeout(() => signal(-this.pid, "SIGKILL"), patience);
    return this.ended.finally(() => clearTimeout(timer));
  }
}

export interface Outcome {
  code: number;
  stdout: string;
  /** What it printed, both streams. */
  output: string;
}

/** Runs a command to its end. A command that fails is an outcome, not a throw. */
export async function run(
  command: readonly string[],
  env: Record<string, string>,
  { input = "", seconds = 300 } = {},
): Promise<Outcome> {
  const { child, ended, pid } = spawnGroup(command, env, ["pipe", "pipe", "pipe"]);
  const outcome = { stdout: "", output: "" };
  // As text, so that a letter of several bytes may come in two pieces.
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    outcome.stdout += text;
    outcome.output += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (outcome.output += text));
  const closed = new Promise((resolve) => child.on("close", resolve));
  child.stdin?.end(input);
  const timer = setTimeout(() => signal(-pid, "SIGKILL"), seconds * 1000);
  try {
    const code = await ended;
    await closed;
    return { code, ...outcome };
  } finally {
    clearTimeout(timer);
    tellJanitor("ended", pid);
  }
}

/** The standard output of a command that must succeed. */
export async function output(
  command: readonly string[],
  env: Record<string, string>,
  options: { input?: string; seconds?: number } = {},
): Promise<string> {
  const outcome = await run(command, env, options);
  if (outcome.code === 0) return outcome.stdout;
  throw new Error(`${command.join(" ")} ended with ${outcome.code}:\n${outcome.output}`);
}

/** Whether something accepts connections there: at a port, or at the path of a socket. */
export function accepts(where: number | string): Promise<boolean> {
  const target = typeof where === "number" ? { host: "127.0.0.1", port: where } : { path: where };
  return new Promise((resolve) => {
    const socket = createConnection(target);
    const answer = (open: boolean) => () => {
      socket.destroy();
      resolve(open);
    };
    socket.on("connect", answer(true)).on("error", answer(false));
  });
}
