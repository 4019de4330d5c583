import { expect, test } from "bun:test";
import fc from "fast-check";
import { ApiError } from "../../web/api/errors.ts";
import {
  imageName,
  partsOf,
  referrerWords,
  shortReference,
  typeWords,
} from "../../web/screens/cache/parts.ts";
import { linesOf, ofLists } from "../../web/screens/prefetches/lines.ts";
import { keyStep, stripOf, virtualTop } from "../../web/ui/strip.ts";

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;

test("the path of an entry says its repository, kind and reference", () => {
  expect(partsOf("/library/alpine/manifests/3.20")).toEqual({
    repository: "library/alpine",
    kind: "tag",
    reference: "3.20",
  });
  expect(partsOf(`/a/manifests/manifests/${digest}`)).toEqual({
    repository: "a/manifests",
    kind: "digest",
    reference: digest,
  });
  expect(partsOf(`/a/blobs/b/blobs/${digest}`)).toMatchObject({
    repository: "a/blobs/b",
    kind: "blob",
  });
});

test("images are called as clients call them, digests are told short", () => {
  expect(imageName(partsOf("/library/alpine/manifests/3.20"))).toBe("library/alpine:3.20");
  expect(imageName(partsOf(`/a/manifests/${digest}`))).toBe(`a@${digest}`);
  expect(shortReference(digest)).toBe("sha256:0123456789ab…");
  expect(shortReference("3.20")).toBe("3.20");
});

test("types and referrers have words, and where they have none, themselves", () => {
  expect(typeWords("application/vnd.oci.image.index.v1+json")).toBe("Index of platforms");
  expect(typeWords("text/<b>")).toBe("text/<b>");
  expect(referrerWords("application/vnd.dev.sigstore.bundle.v0.3+json", null)).toContain(
    "Signature",
  );
  expect(referrerWords("application/spdx+json", null)).toBe("SBOM");
  expect(referrerWords(null, `${digest.replace(":", "-")}.att`)).toBe("Attestation");
  expect(referrerWords(null, null)).toBe("Artifact");
});

test("a strip of any length shows the first row at its top and the last at its end", () => {
  const lists = fc.record({
    count: fc.integer({ min: 1, max: 5_000_000 }),
    rowHeight: fc.integer({ min: 20, max: 80 }),
    height: fc.integer({ min: 100, max: 1000 }),
  });
  fc.assert(
    fc.property(lists, fc.double({ min: 0, max: 1, noNaN: true }), (list, share) => {
      const strip = stripOf(list);
      const way = strip.drawn - strip.seen;
      expect(strip.drawn).toBeLessThanOrEqual(16_000_000);
      expect(virtualTop(strip, 0)).toBe(0);
      expect(virtualTop(strip, way)).toBeCloseTo(strip.whole - strip.seen, 3);
      const top = virtualTop(strip, share * way);
      expect(top).toBeGreaterThanOrEqual(0);
      expect(top).toBeLessThanOrEqual(strip.whole - strip.seen);
      if (strip.whole === strip.drawn) expect(top).toBeCloseTo(share * way, 3);
    }),
  );
});

test("a key goes on by rows, however much shorter than them the strip is", () => {
  const long = stripOf({ count: 1_000_000, rowHeight: 50, height: 500 });
  const down = keyStep("ArrowDown", long, 50) ?? 0;
  expect(virtualTop(long, down)).toBeCloseTo(50, 3);
  expect(virtualTop(long, keyStep("PageDown", long, 50) ?? 0)).toBeCloseTo(450, 3);
  expect(keyStep("Home", long, 50)).toBeUndefined();
  expect(
    keyStep("ArrowDown", stripOf({ count: 10, rowHeight: 50, height: 500 }), 50),
  ).toBeUndefined();
});

test("images are typed one a line or in one; what is said of one of them stands at their field", () => {
  expect(linesOf(" a:1\n b:2, a:1\n\n")).toEqual(["a:1", "b:2"]);
  expect(linesOf(" \n")).toEqual([]);
  const fields = { "images[1]": ["is odd"], every_hours: ["is too much"] };
  const told = ofLists(new ApiError(400, "no", fields, null, undefined), { images: ["a", "b"] });
  expect((told as ApiError).fields).toEqual({
    images: ["“b” is odd"],
    every_hours: ["is too much"],
  });
  expect(ofLists(null, {})).toBeNull();
});
