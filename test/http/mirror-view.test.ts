import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isV2Path, plainPath } from "../../src/http/v2/alias.ts";
import { mirrorView } from "../../src/http/v2/mirror.ts";
import { hasNamespace, namespaceIn, parseNamespace } from "../../src/http/v2/namespace.ts";
import type { Registry, Upstream } from "../../src/metadata/contract.ts";
import { registrySettings, upstreamSettings } from "../fakes/metadata-samples.ts";

const externalUrl = "https://weir.test";
const hub = "https://registry-1.docker.io";

/** A registry with upstreams at these URLs; a `+` before one gives it `library_prefix`. */
function registryOf(...urls: string[]): Registry {
  const upstreams = urls.map((text, i): Upstream => {
    const url = text.replace(/^\+/, "");
    const libraryPrefix = text.startsWith("+");
    const settings = upstreamSettings({ name: url, url, libraryPrefix });
    return {
      ...settings,
      id: i + 1,
      groupId: 1,
      alwaysCheck: false,
      maxBytes: undefined,
      ttlDays: undefined,
      version: 1,
    };
  });
  const own = { id: 1, groupId: 1, upstreams, verified: new Map() };
  return Object.freeze({ ...registrySettings({ name: "r" }), ...own });
}

function view(registry: Registry, ns: string | undefined): string[] | string {
  const namespace = ns === undefined ? undefined : parseNamespace(ns);
  if (ns !== undefined && !namespace) throw new Error(`${ns} is no namespace`);
  try {
    return mirrorView(registry, namespace, externalUrl).upstreams.map(({ url }) => url);
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe("what answers for a host", () => {
  const both = ["https://ghcr.io", hub];
  const corp = "https://registry.corp:8443";
  const local = "http://127.0.0.1:5001";
  const table: [urls: string[], ns: string | undefined, found: string[] | string][] = [
    [both, "docker.io", [hub]],
    [both, "index.docker.io", [hub]],
    [both, "registry-1.docker.io", [hub]],
    [both, "DOCKER.IO", [hub]],
    [both, "docker.io:443", [hub]],
    [both, "docker.io:80", "name_unknown"],
    [both, "hub.docker.com", "name_unknown"],
    [both, "ghcr.io", ["https://ghcr.io"]],
    [both, "ghcr.io:443", ["https://ghcr.io"]],
    [both, "ghcr.io:5000", "name_unknown"],
    [both, "quay.io", "name_unknown"],
    [both, "evil.ghcr.io", "name_unknown"],
    [both, "ghcr.io.evil", "name_unknown"],
    [
      ["https://index.docker.io", "https://docker.io"],
      "docker.io",
      ["https://index.docker.io", "https://docker.io"],
    ],
    // By name, with the port that is not the scheme's own.
    [[corp], "registry.corp:8443", [corp]],
    [[corp], "registry.corp", "name_unknown"],
    [[local], "127.0.0.1:5001", [local]],
    [[local], "127.0.0.1", "name_unknown"],
    [["http://[::1]:5001"], "[::1]:5001", ["http://[::1]:5001"]],
    [["http://registry.lan"], "registry.lan", ["http://registry.lan"]],
    [["http://registry.lan"], "registry.lan:80", ["http://registry.lan"]],
    [["http://registry.lan"], "registry.lan:443", "name_unknown"],
    // Behind a path the names are not those of the host.
    [["https://registry.corp/hub"], "registry.corp", "name_unknown"],
    [[`${hub}/other`], "docker.io", "name_unknown"],
    // A stand-in for Docker Hub is one by its setting, and only where Docker Hub itself is not.
    [[corp, `+${local}`], "docker.io", [local]],
    [[`+${local}`, hub], "docker.io", [hub]],
    [[corp, local], "docker.io", "name_unknown"],
    [[`+${local}`], "ghcr.io", "name_unknown"],
    // Who says nothing means Docker Hub, and who has said so was the one who set dockerd up.
    [both, undefined, [hub]],
    [[corp, `+${local}`], undefined, [local]],
    [[corp, local], undefined, [corp, local]],
    [[corp, "https://ghcr.io", "https://public.ecr.aws"], undefined, [corp]],
    [["https://ghcr.io", "https://eu-docker.pkg.dev"], undefined, "name_unknown"],
    // Ourselves.
    [both, "weir.test", "loop"],
    [both, "weir.test:443", "loop"],
    [["https://weir.test"], "weir.test", "loop"],
    [both, "weir.test:5000", "name_unknown"],
  ];
  for (const [urls, ns, found] of table) {
    test(`${ns ?? "nothing said"} of ${urls.join(", ")}: ${String(found)}`, () => {
      expect(view(registryOf(...urls), ns)).toEqual(found);
    });
  }

  test("is made once for each registry object, and is the registry itself where that is all of it", () => {
    const registry = registryOf(...both);
    const ghcr = parseNamespace("ghcr.io");
    const made = mirrorView(registry, ghcr, externalUrl);
    expect(mirrorView(registry, ghcr, externalUrl)).toBe(made);
    expect(Object.isFrozen(made)).toBe(true);
    expect(mirrorView(registryOf(...both), ghcr, externalUrl)).not.toBe(made);
    const single = registryOf(hub);
    expect(mirrorView(single, undefined, externalUrl)).toBe(single);
  });
});

describe("ns", () => {
  const url = (query: string) => `http://weir.test/v2/library/a/manifests/b${query}`;

  test.each([
    ["?ns=docker.io", "docker.io", undefined],
    ["?a=b&ns=ghcr.io&c", "ghcr.io", undefined],
    ["?%6es=quay.io", "quay.io", undefined],
    ["?ns=Registry.Corp:8443", "registry.corp", 8443],
    ["?ns=127.0.0.1%3A5001", "127.0.0.1", 5001],
    ["?ns=[::1]:5001", "[::1]", 5001],
    [`?ns=${"a".repeat(255)}`, "a".repeat(255), undefined],
  ])("%s", (query, hostname, port) => {
    expect(namespaceIn(url(query))).toMatchObject({ hostname, port });
    expect(hasNamespace(url(query))).toBe(true);
  });

  test.each(["", "?", "?n=5", "?nsx=a", "?NS=docker.io", "?x=ns=a"])("none in %p", (query) => {
    expect(namespaceIn(url(query))).toBeUndefined();
    expect(hasNamespace(url(query))).toBe(false);
  });

  const malformed = [
    "?ns=",
    "?ns",
    "?ns=docker.io&ns=docker.io",
    "?ns=docker.io&ns=",
    "?ns=docker.io/library",
    "?ns=https://docker.io",
    "?ns=user@docker.io",
    "?ns=docker.io%00",
    "?ns=docker.io%0d%0aX:1",
    "?ns=docker.io%20",
    "?ns=..",
    "?ns=.docker.io",
    "?ns=docker_io",
    "?ns=docker.io:",
    "?ns=docker.io:0",
    "?ns=docker.io:0443",
    "?ns=docker.io:65536",
    "?ns=docker.io:443:443",
    "?ns=::1",
    "?ns=[::1",
    "?ns=*",
    "?ns=dock%C3%A9r.io",
    `?ns=${"a".repeat(256)}`,
  ];
  test.each(malformed)("malformed in %p", (query) => {
    // The second time from memory, if it were remembered.
    for (let i = 0; i < 2; i++) {
      expect(() => namespaceIn(url(query))).toThrow(
        expect.objectContaining({ code: "bad_request", status: 400 }),
      );
    }
    expect(hasNamespace(url(query))).toBe(true);
  });

  test("is a plain host, whatever is sent", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        const namespace = parseNamespace(text);
        if (!namespace) return;
        expect(namespace.text).toMatch(/^[a-z\d.:[\]-]{1,255}$/);
      }),
    );
  });
});

describe("the alias of containerd without override_path", () => {
  test.each([
    [
      "/virtual_registries/container/1/v2/library/a/manifests/b",
      "/v2/virtual_registries/container/1/library/a/manifests/b",
    ],
    [
      "/virtual_registries/containers/7/v2/a/blobs/c",
      "/v2/virtual_registries/containers/7/a/blobs/c",
    ],
    [
      "/virtual_registries/container/1/v2/v2/manifests/b",
      "/v2/virtual_registries/container/1/v2/manifests/b",
    ],
    [
      "/virtual_registries/container/%31/v2/a/blobs/c",
      "/v2/virtual_registries/container/%31/a/blobs/c",
    ],
    ["/virtual_registries/container/1/v2/", "/v2/"],
    ["/virtual_registries/container/1/v2", "/v2/"],
  ])("%s is %s", (path, plain) => {
    expect(isV2Path(path)).toBe(true);
    expect(plainPath(path)).toBe(plain);
  });

  test.each([
    "/virtual_registries/container/1/library/a/manifests/b",
    "/virtual_registries/container/1/V2/a/manifests/b",
    "/virtual_registries/container/1%2Fv2/a/manifests/b",
    "/virtual_registries/container/v2/a/manifests/b",
    "/virtual_registries//1/v2/a/manifests/b",
  ])("%s is no path of the protocol", (path) => {
    expect(isV2Path(path)).toBe(true);
    expect(plainPath(path)).toBe(path);
  });

  test.each([
    "/v2",
    "/v2/",
    "/v2/a/manifests/b",
    "/v2/virtual_registries/container/1/v2/manifests/b",
  ])("%s stays as it is", (path) => {
    expect(isV2Path(path)).toBe(true);
    expect(plainPath(path)).toBe(path);
  });

  test.each([
    "/",
    "/api/v4",
    "/v2x/",
    "/virtual_registries",
    "/x/virtual_registries/container/1/v2/",
  ])("%s is not ours", (path) => expect(isV2Path(path)).toBe(false));
});
