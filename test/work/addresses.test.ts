import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  addressRangesWithPorts,
  listenAddress,
  originUrl,
  presetOf,
  realmUrl,
  upstreamUrl,
} from "../../src/work/contract.ts";

describe("upstream URLs", () => {
  const hub = "https://registry-1.docker.io";
  const table: [written: string, stored: string | undefined][] = [
    ["https://ghcr.io", "https://ghcr.io"],
    ["HTTPS://GHCR.io:443//", "https://ghcr.io"],
    ["http://registry:5000/v2/", "http://registry:5000"],
    ["https://harbor.example.com/proxy/hub/v2", "https://harbor.example.com/proxy/hub"],
    ["http://[::1]:5000", "http://[::1]:5000"],
    ["docker.io", hub],
    ["index.docker.io", hub],
    ["https://hub.docker.com/", hub],
    ["http://docker.io", hub],
    ["https://index.docker.io/v1/", hub],
    ["https://registry-1.docker.io/v2/", hub],
    ["https://docker.io.example.com", "https://docker.io.example.com"],
    ["https://registry-1.docker.io:5000", "https://registry-1.docker.io:5000"],
    ["ghcr.io", undefined],
    ["https://ghcr.io?", undefined],
    ["https://ghcr.io/#", undefined],
    ["https://user@ghcr.io", undefined],
    ["https:ghcr.io", undefined],
    ["https://ghcr.io\\v2", undefined],
    ["https://gh\tcr.io", undefined],
    [" https://ghcr.io", undefined],
    ["https://ghcr.io/a//b", undefined],
    [`https://ghcr.io/${"a".repeat(255)}`, undefined],
  ];
  test.each(table)("%p", (written, stored) => {
    expect(upstreamUrl.safeParse(written).data).toBe(stored);
  });

  test("what is stored is stored the same again", () => {
    const written = fc.webUrl({ validSchemes: ["http", "https"], size: "small" });
    fc.assert(
      fc.property(written, (text) => {
        const stored = upstreamUrl.safeParse(text).data;
        if (stored !== undefined) expect(upstreamUrl.safeParse(stored).data).toBe(stored);
      }),
    );
  });

  test("presets", () => {
    expect(presetOf(hub)).toEqual({ deniedMeans: "absent", libraryPrefix: true });
    expect(presetOf("https://ghcr.io")).toEqual({ deniedMeans: "absent", libraryPrefix: false });
    expect(presetOf("https://quay.io")).toEqual({ deniedMeans: "absent", libraryPrefix: false });
    for (const host of ["registry.gitlab.com", "eu.gcr.io", "europe-west1-docker.pkg.dev"]) {
      expect(presetOf(`https://${host}/a`).deniedMeans).toBe("absent");
    }
    for (const host of ["registry.k8s.io", "public.ecr.aws", "mcr.microsoft.com"]) {
      expect(presetOf(`https://${host}`).deniedMeans).toBe("unsure");
    }
    for (const url of ["http://quay.io", "https://quay.io:8443", "https://a.quay.io"]) {
      expect(presetOf(url)).toEqual({ deniedMeans: "unsure", libraryPrefix: false });
    }
  });
});

describe("ranges", () => {
  const ipv4 = fc.ipV4();
  const port = fc.option(fc.integer({ min: 1, max: 65535 }), { nil: undefined });

  test("an IPv4 range with or without a port", () => {
    fc.assert(
      fc.property(ipv4, fc.integer({ min: 0, max: 32 }), port, (address, bits, port) => {
        const text = `${address}/${bits}${port === undefined ? "" : `:${port}`}`;
        const [range] = addressRangesWithPorts.parse(text);
        expect(range?.port).toBe(port);
        expect(range?.range).toEndWith(`/${bits}`);
        if (bits === 32) expect(range?.range).toBe(`${address}/32`);
      }),
    );
  });

  test("an IPv6 range keeps its meaning in brackets, and its colons are no port", () => {
    fc.assert(
      fc.property(fc.ipV6(), fc.integer({ min: 0, max: 128 }), port, (address, bits, port) => {
        const plain = addressRangesWithPorts.parse(`${address}/${bits}`);
        expect(plain).toEqual([
          { range: expect.stringMatching(new RegExp(`/${bits}$`)), port: undefined },
        ]);
        if (port === undefined) return;
        const withPort = addressRangesWithPorts.parse(`[${address}/${bits}]:${port}`);
        expect(withPort).toEqual(plain.map((range) => ({ ...range, port })));
      }),
    );
  });
});

test("no text makes a leaf throw", () => {
  const leaves = [listenAddress, originUrl, upstreamUrl, realmUrl, addressRangesWithPorts];
  const text = fc.oneof(fc.string(), fc.webUrl(), fc.ipV6(), fc.stringMatching(/^[\d.:/[\]]*$/));
  fc.assert(
    fc.property(text, (text) => {
      for (const leaf of leaves) expect([true, false]).toContain(leaf.safeParse(text).success);
    }),
  );
});
