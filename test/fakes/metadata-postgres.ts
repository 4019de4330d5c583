import { systemClock } from "../../src/lib/clock.ts";
import { createLog } from "../../src/lib/log.ts";
import type { Sealer } from "../../src/lib/seal.ts";
import type { Metadata, UpstreamSettings } from "../../src/metadata/contract.ts";
import { openPostgresMetadata } from "../../src/metadata/postgres/index.ts";
import { SteppedClock } from "./clock.ts";
import { proxySettings } from "./metadata-samples.ts";
import { testSealer } from "./metadata-sqlite.ts";

/** One server's way to a database, with all that is needed to open it. */
export function postgresOpener(url: string, clock: SteppedClock = new SteppedClock()) {
  const lines: string[] = [];
  const log = createLog(clock, "debug", {
    write: (line) => void lines.push(line),
    async flush() {},
  });
  return {
    clock,
    /** Everything that was logged. */
    lines,
    open: ({
      sealer = testSealer,
      proxyUpstream = proxySettings(),
      connections = 4,
      statementMs = 5000,
      isClockShared = true,
    }: {
      sealer?: Sealer;
      proxyUpstream?: UpstreamSettings;
      connections?: number;
      statementMs?: number;
      isClockShared?: boolean;
    } = {}): Promise<Metadata> =>
      openPostgresMetadata({
        url,
        ca: undefined,
        connections,
        statementMs,
        clock,
        timers: systemClock,
        isClockShared,
        sealer,
        log,
        limits: { registriesPerGroup: 5, upstreamsPerRegistry: 5 },
        proxyUpstream,
      }),
  };
}

/** What connections to a database need besides its URL. */
export const pool = {
  ca: undefined,
  connectMs: 5000,
  statementMs: 5000,
  lockMs: undefined,
  timers: systemClock,
  max: 1,
  waitMs: 5000,
};
