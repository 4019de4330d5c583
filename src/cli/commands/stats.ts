import { z } from "zod";
import { type Command, jsonOption, UsageError } from "../command.ts";
import { connect, connectionOptions } from "../connection.ts";
import { findUpstream, ofGroup } from "../find.ts";
import type { Given } from "../given.ts";
import { type Columns, printItem, printList, sizeText } from "../output.ts";
import { list as listOf, shapes, type Usage } from "../shapes.ts";

const instant = z.iso.datetime({ offset: true });

const history = {
  from: {
    value: "TIME",
    summary: "from when on, such as 2026-11-01 or 2026-11-01T12:00:00Z; over time",
  },
  to: { value: "TIME", summary: "until when; a day means to its end; over time" },
  interval: {
    value: "STEP",
    summary: "over time, in such steps",
    choices: ["five_minutes", "hour", "day"],
  },
  upstream: { value: "UPSTREAM", summary: "over time, of this one alone" },
  repository: { value: "NAME", summary: "over time, of this one alone" },
} as const;

const columns: Columns<Usage> = {
  from: ({ at }) => at,
  hits: ({ hits }) => hits,
  misses: ({ misses }) => misses,
  "from cache": ({ bytes_from_cache: bytes }) => sizeText(bytes),
  "from upstream": ({ bytes_from_upstream: bytes }) => sizeText(bytes),
  requests: ({ upstream_requests: count }) => count,
  errors: ({ upstream_errors: count }) => count,
};

export const stats: Command = {
  name: "stats",
  summary: "Say how much is cached of a group's registries, and how pulls were answered.",
  arguments: [{ name: "group", summary: "id or path; else default", optional: true }],
  options: { ...history, ...jsonOption, ...connectionOptions },
  examples: ["weir stats", "weir stats platform --interval day --from 2026-11-01"],
  async run(world, given) {
    const api = await connect(world, given);
    const path = `${ofGroup(given.maybe("group") ?? "default")}/statistics`;
    const isOverTime = Object.keys(history).some((option) => given.has(option));
    if (!isOverTime) return printItem(world, given, await api.get(shapes.anything, path));
    const upstream = given.text("upstream");
    const query = {
      from: timeGiven(given, "from", "00:00:00Z"),
      to: timeGiven(given, "to", "23:59:59Z"),
      interval: given.text("interval"),
      upstream_id: upstream === undefined ? undefined : await findUpstream(api, upstream),
      repository: given.text("repository"),
    };
    const steps = await api.get(listOf(shapes.usage), `${path}/history`, query);
    return printList(world, given, steps, columns);
  },
};

/** As the API takes it; a day alone means this time of it. */
function timeGiven(given: Given, option: "from" | "to", ofDay: string): string | undefined {
  const text = given.text(option);
  if (text === undefined) return undefined;
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T${ofDay}` : text;
  const { data } = instant.safeParse(time);
  if (data !== undefined) return time;
  const must = "must be a day or a time, such as 2026-11-01 or 2026-11-01T12:00:00Z";
  throw new UsageError(`--${option} ${must}`);
}
