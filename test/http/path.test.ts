import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { RegistryError } from "../../src/oci/error.ts";
import { isRepositoryName } from "../../src/oci/reference.ts";
import { blobDigest, manifestReference, splitPath } from "../../src/http/v2/path.ts";
import { parsePlace } from "../../src/http/v2/roads.ts";
import { parseBasic } from "../../src/http/token.ts";

describe("splitPath", () => {
  test("the last kind counts, whatever the repository is called", () => {
    expect(splitPath("/v2/a/blobs/b/manifests/latest")).toEqual({
      kind: "manifests",
      name: "a/blobs/b",
      tail: "latest",
    });
    expect(splitPath("/v2/a/manifests/sha256%3Aab")).toEqual({
      kind: "manifests",
      name: "a",
      tail: "sha256:ab",
    });
  });

  for (const path of [
    "/v2/a",
    "/v2/a/manifests/",
    "/v2//manifests",
    "/v2/manifests/x",
    "/v2/a%2fb/manifests/x",
    "/v2/a/manifests/%00",
    "/v2/a%5cb/blobs/x",
    "/v2/%ff/manifests/x",
    "/v2/a/uploads/x",
    `/v2/${"a".repeat(3000)}/manifests/x`,
  ]) {
    test(`refuses ${path.slice(0, 40)}`, () => expect(splitPath(path)).toBeUndefined());
  }

  test("decodes once: what comes out is never decoded again", () => {
    expect(splitPath("/v2/a/manifests/%2541")).toEqual({
      kind: "manifests",
      name: "a",
      tail: "%41",
    });
  });
});

describe("parsePlace", () => {
  test("the plural is an alias", () => {
    const wanted = { road: "registry", registryId: 7, repository: "library/alpine" } as const;
    expect(parsePlace("virtual_registries/container/7/library/alpine")).toEqual(wanted);
    expect(parsePlace("virtual_registries/containers/7/library/alpine")).toEqual(wanted);
  });

  const prefix = "virtual_registries/container";
  for (const name of [
    "",
    prefix,
    `${prefix}/1`,
    `${prefix}/1/`,
    `${prefix}/0/a`,
    `${prefix}/01/a`,
    `${prefix}/x/a`,
    `${prefix}/1/A`,
    `${prefix}/1/../a`,
    `${prefix}/1/a//b`,
    `${prefix}/9999999999999999/a`,
    "Library/alpine",
    "acme/dependency_proxy/containers/UPPER",
    "-acme/dependency_proxy/containers/alpine",
    // No token can be had for these: a scope has a repository name in it, prefix and all.
    `${prefix}/1/${"a".repeat(240)}`,
    `acme/dependency_proxy/containers/${"a".repeat(240)}`,
    `${prefix}/1/${Array(30).fill("a").join("/")}`,
  ]) {
    test(`refuses ${JSON.stringify(name)}`, () =>
      expect(() => parsePlace(name)).toThrow(RegistryError));
  }

  test("the other roads: a group's Dependency Proxy, and any other name", () => {
    expect(parsePlace("acme/tools/dependency_proxy/containers/library/alpine")).toEqual({
      road: "dependency_proxy",
      groupPath: "acme/tools",
      repository: "library/alpine",
    });
    expect(parsePlace("library/alpine")).toEqual({ road: "mirror", repository: "library/alpine" });
    expect(parsePlace(`x${prefix}/1/a`).road).toBe("mirror");
  });

  test("whatever the path, a place has a safe id and a repository name", () => {
    const text = fc.string({ unit: fc.constantFrom(..."a1./-_%2fF\\ ") });
    fc.assert(
      fc.property(text, (repository) => {
        const split = splitPath(`/v2/${prefix}/1/${repository}/manifests/latest`);
        if (!split) return;
        try {
          const place = parsePlace(split.name);
          if (place.road === "registry") expect(Number.isSafeInteger(place.registryId)).toBe(true);
          expect(isRepositoryName(place.repository)).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ code: "name_invalid" });
        }
      }),
      { numRuns: 1000 },
    );
  });
});

test("references and digests that are none are refused with the right code", () => {
  expect(() => manifestReference("sha256:short")).toThrow(
    expect.objectContaining({ code: "digest_invalid" }),
  );
  expect(() => manifestReference(".hidden")).toThrow(
    expect.objectContaining({ code: "tag_invalid" }),
  );
  expect(() => blobDigest("latest")).toThrow(expect.objectContaining({ code: "digest_invalid" }));
});

describe("parseBasic", () => {
  test("takes any name and password apart at the first colon", () => {
    const noColon = fc.string().filter((text) => !text.includes(":"));
    fc.assert(
      fc.property(noColon, fc.string(), (username, password) => {
        fc.pre(!/\p{Cc}/u.test(username + password));
        const text = new TextDecoder().decode(new TextEncoder().encode(`${username}:${password}`));
        const header = `Basic ${Buffer.from(text).toString("base64")}`;
        const [name = "", ...rest] = text.split(":");
        expect(parseBasic(header)).toEqual({ username: name, password: rest.join(":") });
      }),
    );
  });

  test("no header is no credentials; a strange one is refused", () => {
    const controls = ["a\nb:c", "a:b\r\nX: y", "a:\0", "\x7f:b", "a:b\x85"].map(
      (text) => `Basic ${Buffer.from(text).toString("base64")}`,
    );
    expect(parseBasic(undefined)).toBeUndefined();
    for (const header of [
      "",
      "Basic",
      "Basic !",
      "Bearer abc",
      `Basic ${btoa("nocolon")}`,
      ...controls,
    ]) {
      expect(() => parseBasic(header)).toThrow(expect.objectContaining({ code: "unauthorized" }));
    }
  });
});
