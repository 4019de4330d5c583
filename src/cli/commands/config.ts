import { describeConfig, loadConfig, visibleConfig } from "../../config.ts";
import { type Command, exit, jsonOption } from "../command.ts";

export const config: Command = {
  name: "config",
  summary: "Print the configuration in force, secrets left out; fails where serve would.",
  arguments: [],
  options: jsonOption,
  examples: ["weir config", "WEIR_CONFIG_FILE=weir.yaml weir config --json"],
  async run({ env, readFile, io }, given) {
    const config = loadConfig(env, readFile);
    io.out(
      given.has("json")
        ? JSON.stringify(visibleConfig(config), null, 2)
        : describeConfig(config).trimEnd(),
    );
    return exit.ok;
  },
};
