import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { digestOf } from "../../src/oci/digest.ts";
import { ManifestError, mediaTypes, parseManifest } from "../../src/oci/manifest.ts";

const digest = digestOf(new Uint8Array([1]));
const descriptor = (mediaType: string, more = {}) => ({ mediaType, digest, size: 1, ...more });
const config = descriptor("application/vnd.oci.image.config.v1+json");
const layer = descriptor("application/vnd.oci.image.layer.v1.tar+gzip");
const image = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [layer] };
const member = descriptor(mediaTypes.ociManifest, {
  platform: { os: "linux", architecture: "arm64", variant: "v8" },
});
const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [member] };
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

describe("parseManifest", () => {
  test("an image names its config and layers", () => {
    const { mediaType, children } = parseManifest(
      bytes(image),
      `${mediaTypes.ociManifest}; charset=utf-8`,
    );
    expect(mediaType).toBe(mediaTypes.ociManifest);
    expect(children.map(({ kind, mediaType }) => [kind, mediaType])).toEqual([
      ["blob", config.mediaType],
      ["blob", layer.mediaType],
    ]);
  });

  test("an index names manifests, with their platforms", () => {
    expect(parseManifest(bytes(index), mediaTypes.ociIndex).children).toEqual([
      {
        kind: "manifest",
        mediaType: mediaTypes.ociManifest,
        digest,
        size: 1,
        platform: "linux/arm64/v8",
      },
    ]);
  });

  test("Docker's types too, and a document that does not name its own type", () => {
    const { mediaType: _, ...bare } = image;
    for (const type of [mediaTypes.dockerManifest, mediaTypes.ociManifest]) {
      expect(parseManifest(bytes(bare), type).mediaType).toBe(type);
    }
    const list = { ...index, mediaType: mediaTypes.dockerList };
    expect(parseManifest(bytes(list), mediaTypes.dockerList).children).toHaveLength(1);
  });

  const refused: [what: string, document: unknown, type: string | null][] = [
    ["no content type", image, null],
    ["a type that is no manifest's", image, "application/json"],
    ["HTML", image, "text/html"],
    ["schema 1", { schemaVersion: 1 }, "application/vnd.docker.distribution.manifest.v1+prettyjws"],
    ["schema 1 in disguise", { ...image, schemaVersion: 1 }, mediaTypes.ociManifest],
    ["type and document that disagree", image, mediaTypes.ociIndex],
    ["a document that is both", { ...image, manifests: [member] }, mediaTypes.ociManifest],
    ["the other way round", { ...index, layers: [layer] }, mediaTypes.ociIndex],
    ["no layers", { ...image, layers: undefined }, mediaTypes.ociManifest],
    ["no config", { ...image, config: undefined }, mediaTypes.ociManifest],
    [
      "a digest that is none",
      { ...image, config: { ...config, digest: "sha256:../../x" } },
      mediaTypes.ociManifest,
    ],
    ["a negative size", { ...image, layers: [{ ...layer, size: -1 }] }, mediaTypes.ociManifest],
    [
      "a size that is no integer",
      { ...image, layers: [{ ...layer, size: 1e99 }] },
      mediaTypes.ociManifest,
    ],
    ["a list", [], mediaTypes.ociManifest],
    ["null", null, mediaTypes.ociManifest],
  ];
  for (const [what, document, type] of refused) {
    test(`refuses ${what}`, () => {
      expect(() => parseManifest(bytes(document), type)).toThrow(ManifestError);
    });
  }

  test("refuses bytes that are not UTF-8, and a key that stands twice", () => {
    expect(() => parseManifest(new Uint8Array([0x7b, 0xff, 0x7d]), mediaTypes.ociManifest)).toThrow(
      ManifestError,
    );
    const twice = JSON.stringify(image).replace("{", `{"layers":[],`);
    expect(() => parseManifest(new TextEncoder().encode(twice), mediaTypes.ociManifest)).toThrow(
      /twice/,
    );
  });

  test("any document is read or refused, never anything else", () => {
    const types = fc.constantFrom(...Object.values(mediaTypes));
    const part = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constant(config),
      fc.constant([layer, member]),
    );
    const document = fc.record(
      {
        schemaVersion: fc.constant(2),
        mediaType: types,
        config: part,
        layers: part,
        manifests: part,
      },
      { requiredKeys: ["schemaVersion"] },
    );
    fc.assert(
      fc.property(document, types, (value, type) => {
        try {
          const { children } = parseManifest(bytes(value), type);
          for (const child of children) expect(child.digest).toMatch(/^sha(256:.{64}|512:.{128})$/);
        } catch (error) {
          expect(error).toBeInstanceOf(ManifestError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
