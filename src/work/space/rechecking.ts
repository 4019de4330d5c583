import { failureCode, type Log } from "../../lib/log.ts";
import type { Management } from "../../metadata/contract.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Rechecker } from "../verify/contract.ts";
import type { SpaceCounts } from "./contract.ts";
import { count, record, tally } from "./findings.ts";

export interface RecheckingOptions {
  /** Asked for when it is needed: it fetches by the pulls that this is for. */
  verifier: () => Rechecker;
  management: Pick<Management, "note">;
  log: Log;
  counts: SpaceCounts;
}

/** Looks for a pull whether a blob that was written to is right; what is wrong is told as the scrub tells it. */
export function rechecking({ verifier, management, log, counts }: RecheckingOptions) {
  return async (digest: Digest, size: number, writtenAt: number): Promise<boolean> => {
    const looked = await verifier().recheck(digest, size, writtenAt);
    if (looked.isRight || !looked.finding) return looked.isRight;
    const findings = [looked.finding];
    count(counts, tally(findings));
    try {
      await record(management, "store.recheck", findings);
    } catch (error) {
      log.error("damage of the store was not put on record", { digest, code: failureCode(error) });
    }
    return false;
  };
}
