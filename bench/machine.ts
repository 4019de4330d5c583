import { arch, availableParallelism, cpus, release, totalmem } from "node:os";
import { environment, run } from "../test/e2e/lab/processes.ts";
import { findTool } from "../test/e2e/lab/tools.ts";

/** One line each: what the figures were taken on and with. */
export async function describeMachine(): Promise<string[]> {
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const [node, wrk, curl] = await Promise.all(["node", "wrk", "curl"].map(version));
  return [
    `${availableParallelism()} × ${model}, ${memory}, Linux ${release()} ${arch()}; loopback, plain HTTP`,
    `bun ${Bun.version}, node ${node}; load by ${wrk}, ${curl} and sockets of the bench`,
  ];
}

/** The first words of what a program says of itself; whether it ends well says nothing (wrk does not). */
async function version(program: string): Promise<string> {
  if (findTool(program) === undefined) return `${program} (not installed)`;
  const { output } = await run([program, "--version"], environment("/"));
  return /^[^[(\n]*/.exec(output)?.[0].trim() ?? "";
}
