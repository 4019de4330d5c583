import type { Management } from "../../metadata/contract.ts";
import type { Finding } from "../verify/contract.ts";
import type { SpaceCounts } from "./contract.ts";

/** What findings come to. */
export interface Tally {
  damaged: number;
  repaired: number;
  kept: number;
}

export function tally(findings: readonly Finding[]): Tally {
  const kept = findings.filter(({ outcome }) => outcome === "kept").length;
  const repaired = findings.filter(({ outcome }) => outcome === "repaired").length;
  return { damaged: findings.length - kept, repaired, kept };
}

export function count(counts: SpaceCounts, found: Tally): void {
  counts.damaged += found.damaged;
  counts.repaired += found.repaired;
  counts.kept += found.kept;
}

/** One record for all that were found together: the log has each of them. */
export async function record(
  management: Pick<Management, "note">,
  action: string,
  findings: readonly Finding[],
): Promise<void> {
  const [first] = findings;
  await management.note({
    action,
    subject: { kind: "server", id: undefined, name: undefined },
    groupId: undefined,
    details: { ...tally(findings), first: first?.digest, problem: first?.problem },
  });
}
