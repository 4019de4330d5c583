import { loadConfig } from "../../config.ts";
import type { VerifiedJson } from "../../http/api/contract.ts";
import type { VerifyStep } from "../../work/contract.ts";
import { type Command, exit, jsonOption, type World } from "../command.ts";
import { connect, connectionOptions } from "../connection.ts";
import { type Columns, sizeText, tableText } from "../output.ts";
import { shapes } from "../shapes.ts";

type Finding = VerifiedJson["findings"][number];

const columns: Columns<Finding> = {
  problem: ({ problem }) => problem,
  outcome: ({ outcome }) => outcome,
  kind: ({ kind }) => kind,
  digest: ({ digest }) => digest,
  repository: ({ repository }) => repository,
  upstream: ({ upstream }) => upstream,
  reason: ({ reason }) => reason,
};

export const verify: Command = {
  name: "verify",
  summary:
    "Hash everything that is stored, and take out what is wrong; with --repair, fetch it again.",
  details:
    "Through a running server, in steps that let pulls have their turn; with --offline, in the data folder that is set up here, which no " +
    "server may be using. Wrong files are put aside in quarantine/ of the data folder, or of the bucket. Ends with 1 where something stays lost, or cannot be read.",
  arguments: [],
  options: {
    repair: { summary: "fetch from upstreams what is missing or wrong" },
    offline: { summary: "in the data folder of this machine, without a server" },
    ...jsonOption,
    ...connectionOptions,
  },
  examples: ["weir verify", "weir verify --repair", "weir verify --offline --json"],
  async run(world, given) {
    const repair = given.has("repair");
    const total: Total = {
      checked: { manifests: 0, blobs: 0, bytes: 0, entries: 0 },
      findings: [],
    };
    if (given.has("offline")) {
      const config = loadConfig(world.env, world.readFile);
      await world.stores.verify(config, (verifier) =>
        walk(world, total, async (after) => stepJson(await verifier.step(after, { repair }))),
      );
    } else {
      const api = await connect(world, given);
      await walk(world, total, (after) =>
        api.post(shapes.verified, "/verify", {
          body: { ...(after && { after }), repair },
          // One blob can be larger than a disk reads in a minute, and a repair waits for its upstream.
          deadline: Number.POSITIVE_INFINITY,
        }),
      );
    }
    if (given.has("json")) world.io.out(JSON.stringify(total, null, 2));
    else print(world, total);
    const isWell = total.findings.every(({ outcome }) => outcome !== "lost" && outcome !== "kept");
    return isWell ? exit.ok : exit.failed;
  },
};

type Total = Omit<VerifiedJson, "next">;

async function walk(
  { io }: World,
  { checked, findings }: Total,
  step: (after: string | undefined) => Promise<VerifiedJson>,
): Promise<void> {
  for (let after: string | undefined; ;) {
    const done = await step(after);
    checked.manifests += done.checked.manifests;
    checked.blobs += done.checked.blobs;
    checked.bytes += done.checked.bytes;
    checked.entries += done.checked.entries;
    // What a first part has taken out, the last one misses too.
    const known = new Set(findings.map(({ digest }) => digest));
    findings.push(...done.findings.filter(({ digest }) => !known.has(digest)));
    io.status(`${checked.blobs} blobs, ${sizeText(checked.bytes)}, ${findings.length} findings`);
    if (done.next === null) break;
    after = done.next;
  }
  io.status("");
}

function stepJson({ next, checked, findings }: VerifyStep): VerifiedJson {
  return {
    next: next ?? null,
    checked,
    findings: findings.map(({ upstream, repository, reason, ...finding }) => ({
      ...finding,
      upstream: upstream ?? null,
      repository: repository ?? null,
      reason: reason ?? null,
    })),
  };
}

function print({ io }: World, { checked, findings }: Total): void {
  const { manifests, blobs, entries, bytes } = checked;
  if (findings.length > 0) io.out(tableText(findings, columns));
  io.out(
    `verified ${manifests} manifests, ${blobs} blobs (${sizeText(bytes)}), ${entries} entries: ${findings.length === 0 ? "all is well" : `${findings.length} findings`}`,
  );
}
