import { describeConfig, loadConfig, visibleConfig } from "../config.ts";
import { type Command, exit } from "./command.ts";

export const config: Command = {
  name: "config",
  summary: "Print the configuration in force, secrets left out; fails where serve would.",
  flags: { json: "print it as JSON" },
  argument: undefined,
  examples: ["weir config", "WEIR_CONFIG_FILE=weir.yaml weir config --json"],
  async run({ env, readFile, io }, { flags }) {
    const config = loadConfig(env, readFile);
    io.out(
      flags.has("json")
        ? JSON.stringify(visibleConfig(config), null, 2)
        : describeConfig(config).trimEnd(),
    );
    return exit.ok;
  },
};
