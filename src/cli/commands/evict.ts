import type { EvictionPreviewJson } from "../../http/api/contract.ts";
import { type Command, jsonOption, type World } from "../command.ts";
import { connect, connectionOptions } from "../connection.ts";
import { type Columns, sizeText, tableText } from "../output.ts";
import { list, shapes } from "../shapes.ts";

type Entry = EvictionPreviewJson["entries"][number];

const columns: Columns<Entry> = {
  "last pull": ({ downloaded_at: at }) => at,
  size: ({ size }) => sizeText(size),
  path: ({ relative_path: path }) => path,
};

export const evict: Command = {
  name: "evict",
  summary: "Give up what is over a limit now; with --dry-run, say what would go and why.",
  details:
    "Limits are kept without this, within a minute. What was not pulled for the longest time goes first, and nothing that is pinned.",
  arguments: [],
  options: {
    "dry-run": { summary: "change nothing, and say what would go and why" },
    ...jsonOption,
    ...connectionOptions,
  },
  examples: ["weir evict --dry-run", "weir evict"],
  async run(world, given) {
    const api = await connect(world, given);
    if (!given.has("dry-run")) {
      await api.begin("/space/evictions");
      world.io.out(given.has("json") ? "{}" : "eviction has been woken; weir work tells of it");
      return 0;
    }
    const previews = await api.get(list(shapes.evictionPreview), "/space/evictions");
    if (given.has("json")) world.io.out(JSON.stringify(previews, null, 2));
    else print(world, previews);
    return 0;
  },
};

/** Said by the reason: of a disk it is often not the cache. */
const whatStays = (reason: EvictionPreviewJson["reason"]) => {
  const stays = "pinned, pulled a moment ago, or sharing content with entries that stay";
  return reason === "limit"
    ? `too many stay: ${stays}`
    : `still lack after that: what stays is ${stays}, or it is not the cache that fills the disk, or WEIR_MIN_FREE_BYTES is more than this disk can have`;
};

function print({ io }: World, previews: EvictionPreviewJson[]): void {
  if (previews.length === 0) io.out("nothing: everything is within its limits");
  for (const preview of previews) {
    const { scope, id, name, bytes, bound, entries, size, left } = preview;
    const what = scope === "instance" ? "the cache" : `${scope} ${id} (${name})`;
    const why =
      preview.reason === "limit"
        ? `${what} has ${sizeText(bytes)} and may have ${sizeText(bound)}`
        : `${sizeText(bytes)} of disk are free and ${sizeText(bound)} should be`;
    io.out(`${why}: ${preview.entries_count} entries of ${sizeText(size)} would go`);
    if (left > 0) {
      io.out(`${sizeText(left)} ${whatStays(preview.reason)}`);
    }
    if (entries.length > 0) io.out(tableText(entries, columns));
    const more = preview.entries_count - entries.length;
    if (more > 0) io.out(`and ${more} more`);
  }
}
