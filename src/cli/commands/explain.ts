import type { PlanJson } from "../../http/api/contract.ts";
import { type Command, exit, jsonOption } from "../command.ts";
import { connect, connectionOptions } from "../connection.ts";
import { container, findRegistry } from "../find.ts";
import { fixes } from "../fixes.ts";
import { type Columns, plain, tableText } from "../output.ts";
import { hinted } from "../refused.ts";
import { shapes } from "../shapes.ts";

const columns: Columns<PlanJson["upstreams"][number]> = {
  position: ({ position }) => position,
  upstream: ({ upstream }) => upstream,
  "asked for": ({ repository }) => repository,
  "denied by": ({ denied_by: rule }) => rule && `${rule.effect} ${rule.target} ${rule.pattern}`,
  cached: ({ cached }) => cached && `${cached.digest.slice(0, 19)}… (${cached.proof})`,
  "fresh until": ({ cached }) => cached?.fresh_until,
  says: ({ says }) => says,
};

/** What helps where upstreams stood in the way: the decision names them as `upstream: reason`, with commas between. */
function hintsOf(reason: string | null): string[] {
  return (reason ?? "").split(", ").flatMap((part) => {
    const [, upstream = "", why = ""] = /^(.*): (\w+)$/.exec(part) ?? [];
    const fix = fixes[why];
    return fix === undefined ? [] : [`${plain(upstream)}: ${fix}`];
  });
}

export const explain: Command = {
  name: "explain",
  summary: "Say what a pull of an image would do now, and why; downloads nothing.",
  arguments: [
    { name: "registry", summary: "id, name, or group/name" },
    { name: "image", summary: "repository:tag or repository@digest" },
  ],
  options: { ...jsonOption, ...connectionOptions },
  examples: ["weir explain 1 library/alpine:3.20"],
  async run(world, given) {
    const { io } = world;
    const api = await connect(world, given);
    const id = await findRegistry(api, given.argument("registry"));
    const image = given.argument("image");
    const query = { image };
    if (!/[:@][^/]*$/.test(image)) io.err("weir: no tag is named, so latest is meant");
    const plan = await hinted(
      /[A-Z]/.test(image) ? /image is not/ : /^$/,
      "names of repositories are in lower case",
      () => api.get(shapes.plan, `${container}/registries/${id}/explain`, query),
    );
    if (given.has("json")) io.out(JSON.stringify(plan, null, 2));
    else {
      const { status, upstream, reason } = plan.decision;
      const from = upstream === null ? "" : ` from ${plain(upstream)}`;
      io.out(`${status}${from}${reason === null ? "" : `: ${plain(reason)}`}`);
      for (const hint of hintsOf(reason)) io.err(`weir: ${hint}`);
      if (plan.upstreams.length > 0) io.out(`\n${tableText(plan.upstreams, columns)}`);
    }
    return exit.ok;
  },
};
