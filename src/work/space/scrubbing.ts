import type { Log } from "../../lib/log.ts";
import type { Management } from "../../metadata/contract.ts";
import type { Work } from "../runner/contract.ts";
import type { Finding, Verifier, VerifyStep } from "../verify/contract.ts";
import type { SpaceCounts } from "./contract.ts";

const weekMs = 7 * 24 * 3_600_000;

export interface ScrubbingOptions {
  verifier: Verifier;
  management: Pick<Management, "note">;
  log: Log;
  counts: SpaceCounts;
}

/** Where a run has come to. */
interface Progress {
  next: string | undefined;
  damaged: number;
  repaired: number;
}

/**
 * Looks each week whether what is stored is what it should be, in doses. What is wrong or missing is put aside, put on record
 * and fetched again at once; where that fails, the next pull does.
 */
export function scrubbingWork({ verifier, management, log, counts }: ScrubbingOptions): Work {
  return {
    name: "scrub",
    everyMs: weekMs,
    afterStartMs: 3_600_000,
    goesByAge: false,
    async step({ state, done }) {
      const before: Progress =
        state === undefined
          ? { next: undefined, damaged: 0, repaired: 0 }
          : (JSON.parse(state) as Progress);
      const step = await verifier.step(before.next, { repair: true });
      const repaired = step.findings.filter(({ outcome }) => outcome === "repaired").length;
      count(counts, step, repaired);
      if (step.findings.length > 0) await record(management, step.findings, repaired);
      const progress = {
        next: step.next,
        damaged: before.damaged + step.findings.length,
        repaired: before.repaired + repaired,
      };
      const total = done + step.checked.blobs + step.checked.manifests;
      if (step.next !== undefined) {
        return { isOver: false, state: JSON.stringify(progress), done: total };
      }
      const message = messageOf(progress);
      if (message) log.error("the store was damaged", { ...progress, next: undefined });
      return { isOver: true, done: total, message };
    },
  };
}

function count(counts: SpaceCounts, { checked, findings }: VerifyStep, repaired: number): void {
  counts.scrubbedBlobs += checked.blobs;
  counts.scrubbedBytes += checked.bytes;
  counts.damaged += findings.length;
  counts.repaired += repaired;
}

/** Once a step, however much is damaged: the log has each of them. */
async function record(
  management: Pick<Management, "note">,
  findings: readonly Finding[],
  repaired: number,
): Promise<void> {
  const [first] = findings;
  await management.note({
    action: "store.scrub",
    subject: { kind: "server", id: undefined, name: undefined },
    groupId: undefined,
    details: { damaged: findings.length, repaired, first: first?.digest, problem: first?.problem },
  });
}

function messageOf({ damaged, repaired }: Progress): string | undefined {
  if (damaged === 0) return undefined;
  return `${damaged} stored objects were wrong or missing, ${repaired} of them were fetched again; the log names them`;
}
