import { makePlan } from "../as-code/plan.ts";
import type { Plan } from "../as-code/planning.ts";
import { type Asked, readPresent } from "../as-code/present.ts";
import { changesOf, countText, planText } from "../as-code/print.ts";
import { readWanted, type Wanted } from "../as-code/wanted.ts";
import type { Api } from "../client.ts";
import { type Command, exit, Failure, jsonOption, UsageError, type World } from "../command.ts";
import { connect, connectionOptions } from "../connection.ts";
import { confirm, painter, plain, showProgress, yesOption } from "../output.ts";

export const apply: Command = {
  name: "apply",
  summary: "Bring a server to what a configuration file declares, by its API.",
  details: `The file is that of WEIR_CONFIG_FILE (docs/configuration.md); what weir export writes is one. What is left out of a thing has its default; things that the
file does not have stay, unless --delete-missing is given. A declared registry has exactly the declared upstreams, a declared user the declared memberships.

Passwords cannot be read back, so they cannot be compared: one is sent where its upstream is new or gets another URL or user name, and with --secrets.
What was changed by somebody else between the plan and the change is not overwritten: apply ends with 6.`,
  arguments: [],
  options: {
    file: { value: "FILE", short: "f", summary: "the file; - is the standard input" },
    "dry-run": { summary: "only say what would be done; ends with 10 where there is something" },
    secrets: { summary: "set all passwords and secrets that the file gives anew" },
    "delete-missing": {
      summary:
        "delete registries, upstreams, named webhooks and scheduled prefetches that the file does not have, of the groups it speaks of, groups, and issuers of id tokens",
    },
    ...yesOption,
    ...jsonOption,
    ...connectionOptions,
  },
  examples: [
    "weir apply -f weir.yaml --dry-run",
    "weir apply -f weir.yaml --secrets",
    "weir export | weir apply -f - --dry-run",
  ],
  async run(world, given) {
    const file = given.text("file");
    if (file === undefined)
      throw new UsageError("apply needs --file, with - for the standard input");
    const wanted = await readWanted(world, file);
    const api = await connect(world, given);
    const present = await readPresent(api, askedFor(wanted));
    const deleteMissing = given.has("delete-missing");
    const plan = makePlan(wanted, present, { secrets: given.has("secrets"), deleteMissing });
    const changes = changesOf(plan);
    for (const note of wanted.notes) world.io.err(`weir: ${note}`);
    if (given.has("json")) world.io.out(JSON.stringify(changes, null, 2));
    else world.io.out(planText(changes, painter(world)));
    if (changes.length === 0) return exit.ok;
    if (given.has("dry-run")) return exit.changes;
    const goes = changes.filter(({ sign }) => sign === "-").length;
    if (goes > 0) await confirm(world, given, `Delete ${goes} things and do the rest?`);
    await carryOut(world, api, plan);
    world.io.err(`weir: done: ${countText(changes)}`);
    return exit.ok;
  },
};

function askedFor({ keys, declared }: Wanted): Asked {
  const groupsWith = (key: "dependencyProxy" | "cleanupPolicy" | "cacheMaxBytes") => {
    const found = declared.groups.filter((group) => group[key] !== undefined);
    const paths = new Set(found.map(({ path }) => path.toLowerCase()));
    return (path: string) => paths.has(path.toLowerCase());
  };
  return {
    people: keys.has("users"),
    issuers: keys.has("oidc_issuers"),
    proxies: groupsWith("dependencyProxy"),
    policies: groupsWith("cleanupPolicy"),
    limits: groupsWith("cacheMaxBytes"),
    webhooks: keys.has("webhooks"),
    prefetches: keys.has("prefetches"),
  };
}

/** Step by step; the first that fails ends it, and what is done stays done. */
async function carryOut(world: World, api: Api, { steps, ids }: Plan): Promise<void> {
  for (const [index, step] of steps.entries()) {
    const what = step.change ? `${step.change.sign} ${step.change.what}` : "";
    showProgress(world, index, steps.length, what);
    try {
      await step.run(api, ids);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const before = steps.slice(0, index).filter(({ change }) => change).length;
      const message = `${plain(what)}: ${error.message}\n${before} changes before it are done, the rest is not: put it right and run apply again`;
      throw new Failure(message, error.code, { cause: error });
    }
  }
  world.io.status("");
}
