import { expect, test } from "bun:test";
import { describeManifest } from "../../src/oci/description.ts";
import { mediaTypes } from "../../src/oci/manifest.ts";

const bounds = { descriptors: 1000, annotations: 16_384 };
const describeDocument = (document: object) =>
  describeManifest(new TextEncoder().encode(JSON.stringify(document)), mediaTypes.ociIndex, bounds);

test("what would take a third of a second to read is left out, and said to be", () => {
  const annotations = { by: "somebody" };
  const large = Object.fromEntries(Array.from({ length: 150_000 }, (_, i) => [`k${i}`, 1]));
  expect(describeDocument({ annotations })).toMatchObject({ annotations, isTruncated: false });
  expect(describeDocument({ annotations, large })).toMatchObject({
    annotations: {},
    isTruncated: true,
  });
});
