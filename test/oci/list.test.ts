import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { type Digest, digestOf } from "../../src/oci/digest.ts";
import {
  isMediaType,
  ListError,
  parseReferrers,
  parseTags,
  type Referrer,
} from "../../src/oci/list.ts";
import { isReferrerTag, isTag, referrersTag } from "../../src/oci/reference.ts";

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/);
const digest = fc
  .tuple(fc.string(), fc.constantFrom("sha256" as const, "sha512" as const))
  .map(([text, algorithm]) => digestOf(new TextEncoder().encode(text), algorithm));
const mediaType = fc.stringMatching(/^[a-z][a-z0-9.+-]{0,20}\/[a-z][a-z0-9.+-]{0,20}$/);

describe("a list of tags", () => {
  test("is read as it was written, but for what is no tag", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(tag, fc.string(), fc.jsonValue())), (list) => {
        const tags = list.filter((one) => typeof one === "string" && isTag(one));
        expect(parseTags(bytes({ name: "x", tags: list }))).toEqual(tags as string[]);
      }),
    );
  });

  test("any document is read or refused in words", () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.jsonValue().map(bytes)), (payload) => {
        for (const parse of [parseTags, parseReferrers]) {
          try {
            expect(Array.isArray(parse(payload))).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(ListError);
          }
        }
      }),
    );
  });
});

test("an empty list may be null, as some registries write it", () => {
  expect(parseTags(bytes({ name: "x", tags: null }))).toEqual([]);
  expect(parseReferrers(bytes({ schemaVersion: 2, manifests: null }))).toEqual([]);
  expect(() => parseTags(bytes({ name: "x" }))).toThrow(ListError);
  expect(() => parseReferrers(bytes({ schemaVersion: 2 }))).toThrow(ListError);
});

describe("a list of referrers", () => {
  test("is read as it was written", () => {
    const referrer = fc.record(
      {
        mediaType,
        digest,
        size: fc.nat(),
        artifactType: mediaType,
        annotations: fc.dictionary(fc.string(), fc.string()),
      },
      { requiredKeys: ["mediaType", "digest", "size"] },
    );
    fc.assert(
      fc.property(fc.array(referrer), (manifests) => {
        const read = parseReferrers(bytes({ schemaVersion: 2, manifests }));
        expect(JSON.stringify(read)).toBe(JSON.stringify(manifests.map(inOrder)));
      }),
    );
  });

  test("names that objects have by themselves are names as any other", () => {
    const annotations = '{"__proto__":"a","constructor":"b"}';
    const text = `{"manifests":[{"mediaType":"a/b","digest":"sha256:${"0".repeat(64)}","size":1,"annotations":${annotations}}]}`;
    const [read] = parseReferrers(new TextEncoder().encode(text));
    expect(JSON.stringify(read?.annotations)).toBe(annotations);
    expect(Object.getPrototypeOf(read?.annotations)).toBe(Object.prototype);
  });
});

/** The fields in the order in which they are written. */
function inOrder({ mediaType, digest, size, ...rest }: Partial<Referrer>) {
  const { artifactType, annotations } = rest;
  return {
    mediaType,
    digest,
    size,
    ...(artifactType !== undefined && { artifactType }),
    ...(annotations && { annotations: Object.fromEntries(Object.entries(annotations)) }),
  };
}

describe("tags that stand for referrers", () => {
  const sha256 = `sha256:${"a".repeat(64)}` as Digest;
  const sha512 = `sha512:${"b".repeat(128)}` as Digest;

  test("are tags, and known as such, whatever the digest", () => {
    expect([referrersTag(sha256), referrersTag(sha512)]).toEqual([
      `sha256-${"a".repeat(64)}`,
      `sha512-${"b".repeat(64)}`,
    ]);
    fc.assert(
      fc.property(digest, fc.constantFrom("", ".sig", ".att", ".sbom"), (subject, suffix) => {
        const made = referrersTag(subject) + suffix;
        expect([isTag(made), isReferrerTag(made)]).toEqual([true, true]);
      }),
    );
  });

  for (const other of [
    "latest",
    "sha256-abc",
    `sha256-${"a".repeat(63)}`,
    `sha256-${"a".repeat(65)}`,
    `sha256-${"A".repeat(64)}`,
    `sha1-${"a".repeat(64)}`,
    `sha256-${"a".repeat(64)}.sig.old`,
    `sha256-${"a".repeat(64)}.cosign`,
    `x-sha256-${"a".repeat(64)}.sig`,
    `sha256-${"a".repeat(64)}\n`,
  ]) {
    test(`but not ${JSON.stringify(other.slice(-20))}`, () =>
      expect(isReferrerTag(other)).toBe(false));
  }
});

test("media types have two halves of at most 127 characters", () => {
  for (const good of ["a/b", "application/vnd.oci.image.index.v1+json", `${"a".repeat(127)}/b`]) {
    expect([good, isMediaType(good)]).toEqual([good, true]);
  }
  for (const bad of [
    "",
    "a",
    "a/",
    "/b",
    "a/b/c",
    "a b/c",
    "a/b;c",
    "a/b\n",
    `${"a".repeat(128)}/b`,
    ".a/b",
  ]) {
    expect([bad, isMediaType(bad)]).toEqual([bad, false]);
  }
});
