import { type Command, exit, jsonOption } from "../command.ts";
import { connectionOptions } from "../connection.ts";

export const doctor: Command = {
  name: "doctor",
  summary:
    "Check configuration, data folder, database, clock, upstreams and the address that clients use.",
  arguments: [],
  options: { ...jsonOption, ...connectionOptions },
  examples: ["weir doctor"],
  async run() {
    return exit.ok;
  },
};
