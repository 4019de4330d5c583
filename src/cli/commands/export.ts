import { documentText } from "../as-code/document.ts";
import { readPresent } from "../as-code/present.ts";
import { hinted } from "../refused.ts";
import { parseWanted } from "../as-code/wanted.ts";
import { type Command, exit, Failure } from "../command.ts";
import { connect, connectionOptions } from "../connection.ts";

export const exportCommand: Command = {
  name: "export",
  summary: "Write what is there as a configuration file, for apply or WEIR_CONFIG_FILE.",
  details: `In a fixed order, so that two exports can be compared. Secrets are no part of it: a password is named by a variable that has to be set where the file is used for
something new. Users' tokens, passwords, webhooks, prefetches, pins, projects and what a server reads at its start (settings, sign_in_providers) are not in it.`,
  arguments: [],
  options: {
    "without-restricted": {
      summary:
        "leave out what not everybody sees: users, memberships, Dependency Proxies, cleanup policies, limits, issuers of id tokens",
    },
    ...connectionOptions,
  },
  examples: ["weir export > weir.yaml", "weir export | weir apply -f - --dry-run"],
  async run(world, given) {
    const api = await connect(world, given);
    const isWhole = !given.has("without-restricted");
    const ofAll = () => isWhole;
    const present = await hinted(
      isWhole ? /^refused: / : /^$/,
      "--without-restricted leaves out what not everybody sees",
      () =>
        readPresent(api, {
          people: isWhole,
          issuers: isWhole,
          proxies: ofAll,
          policies: ofAll,
          limits: ofAll,
        }),
    );
    for (const path of present.off) {
      world.io.err(`weir: the registries of the group ${path} are switched off, and left out`);
    }
    const text = documentText(present);
    try {
      parseWanted(world, text, "what is there");
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const message = `${error.message}\nA file cannot say this; change it by weir upstream update, weir registry update and the like`;
      throw new Failure(message, error.code, { cause: error });
    }
    world.io.out(text.trimEnd());
    return exit.ok;
  },
};
