import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Clock } from "../../src/lib/clock.ts";
import { createLog } from "../../src/lib/log.ts";
import { createSealer, type Sealer } from "../../src/lib/seal.ts";
import type { Metadata, UpstreamSettings } from "../../src/metadata/contract.ts";
import { openSqliteMetadata } from "../../src/metadata/sqlite/index.ts";
import { SteppedClock } from "./clock.ts";
import { proxySettings } from "./metadata-samples.ts";
import { putMigrated } from "./migrated.ts";

export const testSealer = createSealer(new Uint8Array(32).fill(1));

/** A database that a server has made, which does not run meanwhile. */
export function sqliteMetadata(file: string, clock: Clock = new SteppedClock()): Promise<Metadata> {
  const log = createLog(clock, "error", { write: () => undefined, flush: async () => undefined });
  const limits = { registriesPerGroup: 5, upstreamsPerRegistry: 5 };
  const proxyUpstream = proxySettings();
  return openSqliteMetadata({ file, clock, sealer: testSealer, log, limits, proxyUpstream });
}

/** The same, with a database in it as the newest schema makes it. */
export async function migratedFolder(clock?: SteppedClock) {
  const folder = sqliteFolder(clock);
  await putMigrated(folder.file);
  return folder;
}

/** An own folder for each database, with all that is needed to open it. */
export function sqliteFolder(clock: SteppedClock = new SteppedClock()) {
  const folder = mkdtempSync(path.join(tmpdir(), "weir-metadata-"));
  const file = path.join(folder, "weir.db");
  const lines: string[] = [];
  const log = createLog(clock, "debug", {
    write: (line) => void lines.push(line),
    async flush() {},
  });
  const limits = { registriesPerGroup: 5, upstreamsPerRegistry: 5 };
  return {
    file,
    /** The database's. */
    clock,
    /** Everything that was logged. */
    lines,
    open: (
      sealer: Sealer = testSealer,
      proxyUpstream: UpstreamSettings = proxySettings(),
    ): Promise<Metadata> => openSqliteMetadata({ file, clock, sealer, log, limits, proxyUpstream }),
    remove: () => rmSync(folder, { recursive: true }),
  };
}
