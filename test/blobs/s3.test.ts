import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { BucketBlobStore, type BucketStoreOptions } from "../../src/blobs/s3/store.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createLog } from "../../src/lib/log.ts";
import { hasS3, S3Server } from "../fakes/s3-server.ts";
import { until } from "../fakes/until.ts";
import { blobsSuite } from "../suites/blobs.ts";

const log = createLog(systemClock, "error", { write() {}, async flush() {} });
const isRequired = ["true", "1"].includes(process.env["CI"] ?? "");
const why = "not run: versitygw is not built, see scripts/build-s3-server.sh";

describe.skipIf(!hasS3 && !isRequired)(`bucket${hasS3 ? "" : ` (${why})`}`, async () => {
  const server = hasS3 || isRequired ? await S3Server.start() : undefined;
  afterAll(() => server?.stop());
  if (!server) return test("stands for all of them", () => {});

  async function open(options: Partial<BucketStoreOptions> = {}) {
    const root = mkdtempSync(path.join(tmpdir(), "weir-blobs-"));
    const settings = server!.settings(crypto.randomUUID());
    const around = { clock: systemClock, log, random: () => 0, redirect: false, minFreeBytes: 0 };
    const blobs = await BucketBlobStore.open({ settings, root, ...around, ...options });
    return {
      blobs,
      root,
      async close() {
        await blobs.close();
        rmSync(root, { recursive: true });
      },
    };
  }

  blobsSuite("bucket", open);
  void [expect, readdirSync, until];
});
