import { type Config, loadConfig } from "../../config.ts";
import { type Command, exit, Failure } from "../command.ts";
import { welcome } from "../welcome.ts";

export const serve: Command = {
  name: "serve",
  summary: "Run the server. This is what weir does without a command.",
  arguments: [],
  options: {},
  examples: [
    "weir serve",
    "WEIR_LISTEN=0.0.0.0:5000 WEIR_EXTERNAL_URL=https://weir.example.com weir serve",
    "WEIR_CONFIG_FILE=weir.yaml weir serve",
  ],
  async run({ env, readFile, io, serve }) {
    const config = loadConfig(env, readFile);
    try {
      // Not to the standard output: that is for log lines, and collectors keep them.
      await serve(config, (prepared) => io.err(welcome(config, prepared)));
    } catch (error) {
      throw listenProblem(config, error) ?? error;
    }
    return exit.ok;
  },
};

const listenProblems: Partial<Record<string, string>> = {
  EADDRINUSE: "is in use by another program; stop it or choose another port",
  EEXIST: "is no address that this machine knows; choose one of its own, or 0.0.0.0 for all",
  EADDRNOTAVAIL: "is no address of this machine; choose one of its own, or 0.0.0.0 for all",
  EACCES: "may not be used by this user; choose a port from 1024 on",
};

function listenProblem({ listen, mirror }: Config, error: unknown): Failure | undefined {
  const { syscall, code, setting } = error as Record<string, unknown>;
  const problem = syscall === "listen" ? listenProblems[String(code)] : undefined;
  const isMirrors = setting === "WEIR_MIRROR_LISTEN";
  const { hostname, port } = (isMirrors ? mirror.certified?.listen : undefined) ?? listen;
  const name = isMirrors ? "WEIR_MIRROR_LISTEN" : "WEIR_LISTEN";
  return problem ? new Failure(`${name}: ${hostname} port ${port} ${problem}`) : undefined;
}
