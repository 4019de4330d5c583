import type { Transaction } from "kysely";
import type { Changes } from "../changes.ts";
import type { Schema } from "../schema.ts";
import type { AuditFact } from "./contract.ts";
import { configuration, insertEvent } from "./events.ts";

/** Runs a write of the configuration. Where something did change, `fact` puts it on record, in the same transaction. */
export function declaring<T>(
  changes: Changes,
  now: number,
  work: (tx: Transaction<Schema>, changed: () => void) => Promise<T>,
  fact: (saved: T) => AuditFact,
): Promise<T> {
  return changes.run(async (tx, changed) => {
    let isChanged = false;
    const saved = await work(tx, () => {
      isChanged = true;
      changed();
    });
    if (isChanged) {
      const author = configuration;
      await insertEvent(tx, { ...fact(saved), at: now, author, result: "success" });
    }
    return saved;
  });
}
