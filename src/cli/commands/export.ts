import { isScheduled } from "../as-code/prefetches.ts";
import { hasName } from "../as-code/webhooks.ts";
import { documentText } from "../as-code/document.ts";
import { type Present, readPresent } from "../as-code/present.ts";
import { hinted } from "../refused.ts";
import { parseWanted } from "../as-code/wanted.ts";
import { type Command, exit, Failure } from "../command.ts";
import { connect, connectionOptions } from "../connection.ts";

export const exportCommand: Command = {
  name: "export",
  summary: "Write what is there as a configuration file, for apply or WEIR_CONFIG_FILE.",
  details: `In a fixed order, so that two exports can be compared. Secrets are no part of it: a password is named by a variable that has to be set where the file is used for
something new. Webhooks and scheduled prefetches are in it
if they have names. Users' tokens, passwords, pins, projects and what a server reads at its start (settings, sign_in_providers) are not in it.`,
  arguments: [],
  options: {
    "without-restricted": {
      summary:
        "leave out what not everybody sees: users, memberships, Dependency Proxies, cleanup policies, limits, webhooks, issuers of id tokens",
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
          webhooks: isWhole,
          prefetches: true,
        }),
    );
    for (const path of present.off) {
      world.io.err(`weir: the registries of the group ${path} are switched off, and left out`);
    }
    for (const note of unnamed(present)) world.io.err(`weir: ${note}`);
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

/** What a file cannot speak of, for want of a name. */
function unnamed({ webhooks, prefetches }: Present): string[] {
  const hooks = webhooks.filter((one) => !hasName(one));
  const again = prefetches.filter((one) => one.every_hours !== null && !isScheduled(one));
  return [
    ...hooks.map(
      ({ id, group_id: group }) =>
        `webhook ${id} has no name, and is left out: weir webhook update ${id} --group ${group} --name NAME`,
    ),
    ...again.map(
      ({ id, registry_id: registry }) =>
        `prefetch ${id} of registry ${registry} has no name, and is left out: make it again with weir prefetch add --name`,
    ),
  ];
}
