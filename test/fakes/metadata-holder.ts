// A second process: opens the database named in its arguments, says so or why not, and holds it until it is killed.
import { systemClock } from "../../src/lib/clock.ts";
import { createLog } from "../../src/lib/log.ts";
import { MetadataError } from "../../src/metadata/contract.ts";
import { openSqliteMetadata } from "../../src/metadata/sqlite/index.ts";
import { proxySettings } from "./metadata-samples.ts";
import { testSealer } from "./metadata-sqlite.ts";

const [file = ""] = process.argv.slice(2);
const log = createLog(systemClock, "info", { write() {}, async flush() {} });
const limits = { registriesPerGroup: 5, upstreamsPerRegistry: 5 };
try {
  const metadata = await openSqliteMetadata({
    file,
    clock: systemClock,
    sealer: testSealer,
    log,
    limits,
    proxyUpstream: proxySettings(),
  });
  await metadata.directory.saveGroup({ path: "holder", name: "written by the holder" });
  process.stdout.write("open\n");
  // Nobody holding it any more, it would be collected, and its lock with it.
  process.stdin.once("end", () => void metadata.close());
  process.stdin.resume();
} catch (error) {
  if (!(error instanceof MetadataError)) throw error;
  process.stdout.write(`${error.problem}\n`);
}
