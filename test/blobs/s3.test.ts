import { afterAll } from "bun:test";
import { hasS3, openBucketStore, S3Server, s3Test } from "../fakes/s3-server.ts";
import { blobsSuite } from "../suites/blobs.ts";

if (hasS3) {
  const server = await S3Server.start();
  afterAll(() => server.stop());
  blobsSuite("bucket", () => openBucketStore(server.settings(crypto.randomUUID())));
} else {
  s3Test("bucket: blob store", () => {});
}
