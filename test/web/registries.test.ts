import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { pullHost } from "../../web/api/address.ts";
import { setups, shellWord } from "../../web/screens/registries/clients.ts";
import { adviceFor } from "../../web/screens/registries/advice.ts";
import { exampleImage, presets } from "../../web/screens/registries/presets.ts";
import { typedName } from "../../web/screens/registries/typed.ts";
import { readBytes, writeBytes } from "../../web/screens/upstream/bytes.ts";
import { changesOf, type UpstreamForm } from "../../web/screens/upstream/fields.ts";
import { changed } from "../../web/ui/changes.ts";

const textOf = (url: string, id: string) =>
  setups({ at: pullHost(url), registryId: 7, image: "library/alpine:3", username: "ann" })
    .find((setup) => setup.id === id)
    ?.snippets.map(({ text }) => text)
    .join("\n");

describe("set-ups of clients", () => {
  test("name this server and this registry", () => {
    expect(textOf("https://weir.example.com", "docker"))
      .toBe(`echo "$TOKEN" | docker login weir.example.com --username ann --password-stdin
docker pull weir.example.com/virtual_registries/container/7/library/alpine:3`);
    for (const { snippets } of setups({
      at: pullHost("https://weir.example.com:8443"),
      registryId: 7,
      image: "library/alpine:3",
      username: "ann",
    })) {
      const all = snippets.map(({ text }) => text).join("\n");
      expect(all).toContain("weir.example.com:8443");
      expect(all).toContain("virtual_registries/container/7");
      expect(all).not.toMatch(/tls-verify|plain-http|insecure|http:\/\//);
    }
  });

  test("tell clients of a server without TLS, where they must be told", () => {
    expect(textOf("http://localhost:5000", "docker")).not.toContain("insecure-registries");
    expect(textOf("http://weir.test:5000", "docker")).toContain("insecure-registries");
    expect(textOf("http://localhost:5000", "podman")).toContain("pull --tls-verify=false");
    expect(textOf("http://localhost:5000", "skopeo")).toContain("copy --src-tls-verify=false");
    expect(textOf("http://weir.test:5000", "containerd")).toContain(
      '[host."http://weir.test:5000/v2/virtual_registries/container/7"]',
    );
  });

  test("a shell takes a name for a name, whatever is in it", () => {
    expect(shellWord("ann@example.com")).toBe("ann@example.com");
    expect(shellWord("o'neil $(id)")).toBe(String.raw`'o'\''neil $(id)'`);
  });

  test("a shell reads back each word", async () => {
    const noNull = fc.string({ unit: "grapheme", maxLength: 30 }).filter((s) => !/\0/.test(s));
    await fc.assert(
      fc.asyncProperty(noNull, async (text) => {
        const shell = Bun.spawn(["sh", "-c", `printf %s ${shellWord(text)}`], { stdout: "pipe" });
        expect(await new Response(shell.stdout).text()).toBe(text);
      }),
      { numRuns: 15 },
    );
  });
});

test("presets have an address each, and an image that goes with it", () => {
  expect(new Set(presets.map(({ url }) => url)).size).toBe(presets.length);
  expect(exampleImage("https://quay.io")).toBe("prometheus/prometheus:latest");
  expect(exampleImage("https://registry.example.com")).toBe("library/alpine:latest");
});

test("what the test of a connection says has its advice", () => {
  for (const word of ["unreachable", "timeout", "denied", "rate limited", "broken", "invalid"]) {
    expect(adviceFor(`Error: ${word} - whatever`)).not.toBe("");
  }
});

test("to confirm, a name is typed that can be typed", () => {
  expect(typedName("Docker Hub", 3)).toBe("Docker Hub");
  expect(typedName("\u202Eevil", 3)).toBe("delete 3");
  expect(typedName("x".repeat(255), 3)).toBe("delete 3");
  expect(typedName(" a", 3)).toBe("delete 3");
});

describe("sizes", () => {
  test("are read with their units, and refused where they are none", () => {
    expect(readBytes(" 50 GiB ")).toBe(50 * 2 ** 30);
    expect(readBytes("500MB")).toBe(500_000_000);
    expect(readBytes("")).toBeNull();
    for (const text of ["-1", "0", "5 apples", "1e9", "1.2.3 GB", "99999999 TB"]) {
      expect([text, readBytes(text)]).toEqual([text, undefined]);
    }
  });

  test("are read as they were written", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (bytes) => {
        expect(readBytes(writeBytes(bytes))).toBe(bytes);
      }),
    );
    expect(writeBytes(50 * 2 ** 30)).toBe("50 GiB");
  });
});

describe("what is typed of an upstream", () => {
  const values = { access: "verified", verified_group: " " } as unknown as UpstreamForm;

  test("is sent as the API takes it", () => {
    expect(
      changesOf(
        { description: " ", cache_validity_hours: "12", cache_max_bytes: "1 GB", name: " a " },
        values,
      ),
    ).toEqual({
      changes: { name: "a", description: null, cache_validity_hours: 12, cache_max_bytes: 1e9 },
      problems: {},
    });
  });

  test("is told at its field where it cannot be sent", () => {
    const { problems } = changesOf({ cache_validity_hours: "soon", access: "verified" }, values);
    expect(Object.keys(problems)).toEqual(["cache_validity_hours", "verified_group"]);
  });
});

test("what others changed is told by field, beside what was typed", () => {
  const before = { name: "a", hours: "24", isOn: false };
  const now = { name: "b", hours: "24", isOn: true };
  expect(changed(before, now, { name: "c" })).toEqual([
    { field: "name", before: "a", now: "b", typed: "c" },
    { field: "isOn", before: false, now: true, typed: undefined },
  ]);
});
