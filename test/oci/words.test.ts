import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { algorithmOf, digestOf, Digester, hexOf, parseDigest } from "../../src/oci/digest.ts";
import { RegistryError } from "../../src/oci/error.ts";
import { isRepositoryName, parseReference } from "../../src/oci/reference.ts";

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length });

describe("digest", () => {
  test("what is parsed is printed the same, and its parts agree", () => {
    const valid = fc.oneof(
      hex(64).map((h) => `sha256:${h}`),
      hex(128).map((h) => `sha512:${h}`),
    );
    fc.assert(
      fc.property(valid, (text) => {
        const digest = parseDigest(text);
        expect(digest && `${algorithmOf(digest)}:${hexOf(digest)}`).toBe(text);
      }),
    );
  });

  const a = "a".repeat(64);
  for (const wrong of [
    "",
    a,
    `sha256:${a.slice(1)}`,
    `sha256:${a}a`,
    `SHA256:${a}`,
    `sha256:${"A".repeat(64)}`,
    `sha512:${a}`,
    `md5:${a}`,
    `sha256:${a}\n`,
    ` sha256:${a}`,
    `sha256:${a}/..`,
  ]) {
    test(`refuses ${JSON.stringify(wrong)}`, () => expect(parseDigest(wrong)).toBeUndefined());
  }

  test("is that of the bytes, in pieces or whole, also after a copy", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), fc.uint8Array(), (parts, rest) => {
        const digester = new Digester("sha512");
        for (const part of parts) digester.update(part);
        const copy = digester.copy();
        copy.update(rest);
        expect(digester.digest()).toBe(digestOf(Buffer.concat(parts), "sha512"));
        expect(copy.digest()).toBe(digestOf(Buffer.concat([...parts, rest]), "sha512"));
      }),
    );
    expect(digestOf(new Uint8Array())).toBe(
      "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" as never,
    );
  });
});

describe("repository name", () => {
  const good = [
    "a",
    "library/alpine",
    "a.b/c_d/e__f/g-h/i--j",
    "0/1",
    "a".repeat(255),
    Array(32).fill("a").join("/"),
  ];
  for (const name of good) {
    test(`takes ${name.slice(0, 30)}`, () => expect(isRepositoryName(name)).toBe(true));
  }
  const bad = [
    "",
    "/",
    "a/",
    "/a",
    "a//b",
    "A",
    "a..b",
    "a___b",
    "-a",
    "a-",
    ".",
    "..",
    "a/../b",
    "a b",
    "a:b",
    "a@b",
    "ä",
    "a%2fb",
    "a\u0000",
    "a\n",
    "a".repeat(256),
    Array(33).fill("a").join("/"),
  ];
  for (const name of bad) {
    test(`refuses ${JSON.stringify(name.slice(0, 30))}`, () =>
      expect(isRepositoryName(name)).toBe(false));
  }

  test("never holds what a path could be led astray with", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."ab./-_%\\\0 A:@") }), (text) => {
        if (!isRepositoryName(text)) return;
        expect(text).not.toMatch(/(?:^|\/)\.{0,2}(?:\/|$)|[%\\\0 A-Z:@]/);
      }),
      { numRuns: 2000 },
    );
  });

  test("is judged in linear time", () => {
    const started = performance.now();
    isRepositoryName(`${"a-".repeat(126)}!`);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe("reference", () => {
  test("is a digest, a tag or nothing", () => {
    expect(parseReference("latest")).toEqual({ kind: "tag", tag: "latest" });
    expect(parseReference("_1.2-x")).toEqual({ kind: "tag", tag: "_1.2-x" });
    expect(parseReference(`sha256:${"0".repeat(64)}`)).toMatchObject({ kind: "digest" });
    for (const wrong of [
      "",
      ".a",
      "-a",
      "a/b",
      "a:b",
      "a b",
      "a".repeat(129),
      "sha256:abc",
      "a\n",
    ]) {
      expect(parseReference(wrong)).toBeUndefined();
    }
  });
});

test("an error is told in the form of the distribution spec, without its cause", () => {
  const error = new RegistryError("manifest_unknown", "no such manifest", {
    detail: { upstreams: ["a"] },
    cause: new Error("secret"),
  });
  expect(error.status).toBe(404);
  expect(JSON.parse(JSON.stringify(error))).toEqual({
    errors: [
      { code: "MANIFEST_UNKNOWN", message: "no such manifest", detail: { upstreams: ["a"] } },
    ],
  });
});
