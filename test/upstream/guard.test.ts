import { describe, expect, test } from "bun:test";
import { createGuard, type GuardError } from "../../src/upstream/guard.ts";
import { addressRangesWithPorts } from "../../src/work/addresses.ts";
import { SteppedClock } from "../fakes/clock.ts";

const reasonOf = (error: GuardError) => error.reason;

/** The verdict on one URL, with a resolver that gives these addresses for any name. */
async function verdict(url: string, allowed: string[] = [], addresses: string[] = []) {
  const guard = createGuard({
    clock: new SteppedClock(),
    allowed: allowed.flatMap((text) => addressRangesWithPorts.parse(text)),
    resolve: () => Promise.resolve(addresses),
  });
  return guard.admit(new URL(url)).catch(reasonOf);
}

describe("addresses", () => {
  test.each([
    ["unspecified", "0.0.0.0"],
    ["this network", "0.1.2.3"],
    ["loopback", "127.0.0.1"],
    ["loopback, elsewhere", "127.255.255.254"],
    ["private 10", "10.0.0.1"],
    ["private 172.16", "172.31.255.255"],
    ["private 192.168", "192.168.0.1"],
    ["shared", "100.64.0.1"],
    ["link-local, metadata", "169.254.169.254"],
    ["metadata in shared space", "100.100.100.200"],
    ["host service of Azure", "168.63.129.16"],
    ["IETF assignments", "192.0.0.192"],
    ["documentation", "192.0.2.1"],
    ["documentation 2", "198.51.100.1"],
    ["documentation 3", "203.0.113.1"],
    ["benchmarking", "198.18.0.1"],
    ["6to4 relay", "192.88.99.1"],
    ["multicast", "224.0.0.1"],
    ["reserved", "240.0.0.1"],
    ["broadcast", "255.255.255.255"],
    ["unspecified 6", "::"],
    ["loopback 6", "::1"],
    ["IPv4-compatible", "::7f00:1"],
    ["mapped loopback", "::ffff:127.0.0.1"],
    ["mapped public", "::ffff:8.8.8.8"],
    ["translated (RFC 6145)", "::ffff:0:8.8.8.8"],
    ["NAT64 of loopback", "64:ff9b::127.0.0.1"],
    ["NAT64 of a public address", "64:ff9b::8.8.8.8"],
    ["local NAT64", "64:ff9b:1::8.8.8.8"],
    ["discard", "100::1"],
    ["6to4", "2002:808:808::1"],
    ["Teredo", "2001:0:808:808::1"],
    ["benchmarking 6", "2001:2::1"],
    ["documentation 6", "2001:db8::1"],
    ["documentation 6, new", "3fff::1"],
    ["segment routing", "5f00::1"],
    ["not given out", "4000::1"],
    ["unique local", "fd00:ec2::254"],
    ["link-local 6", "fe80::1"],
    ["link-local 6 with a zone", "fe80::1%eth0"],
    ["site-local", "fec0::1"],
    ["multicast 6", "ff02::1"],
    ["no address", "registry.test"],
  ])("%s: %s is blocked", async (_, address) => {
    expect(await verdict("https://registry.test/", [], [address])).toBe("blocked");
    if (address === "registry.test" || address.includes("%")) return;
    const literal = address.includes(":") ? `[${address}]` : address;
    expect(await verdict(`https://${literal}/`)).toBe("blocked");
  });

  test.each([
    ["8.8.8.8"],
    ["172.15.255.255"],
    ["172.32.0.1"],
    ["100.128.0.1"],
    ["2606:4700::1111"],
  ])("%s passes", async (address) => {
    expect(await verdict("https://registry.test/", [], [address])).toEqual([address]);
  });

  test.each([
    "http://127.1/",
    "http://0x7f.1/",
    "http://2130706433/",
    "http://0177.0.0.1/",
    "http://127.0.0.1./",
    "http://①②⑦.0.0.1/",
    "http://[::ffff:7f00:1]/",
    "http://[0:0:0:0:0:0:0:1]/",
  ])("however it is spelled: %s", async (url) => {
    expect(await verdict(url)).toBe("blocked");
  });
});

describe("the allow-list", () => {
  test.each([
    ["10.0.0.0/8", "10.1.2.3", 443, true],
    ["10.0.0.0/8", "11.1.2.3", 443, true], // public anyway
    ["10.0.0.0/8", "192.168.0.1", 443, false],
    ["10.0.0.0/8:5000", "10.1.2.3", 443, false],
    ["10.0.0.0/8:5000", "10.1.2.3", 5000, true],
    ["10.1.2.3", "10.1.2.3", 443, true],
    ["10.1.2.3", "10.1.2.4", 443, false],
    ["10.1.2.3:443", "10.1.2.3", 443, true],
    ["0.0.0.0/0", "127.0.0.1", 443, true],
    ["0.0.0.0/0", "::1", 443, false],
    ["::1", "::1", 443, true],
    ["[::1]:5000", "::1", 443, false],
    ["[::1]:443", "::1", 443, true],
    ["[fd00::/8]:443", "fd12::1", 443, true],
    ["[fd00::/8]:5000", "fd12::1", 443, false],
    ["::/0", "fd12::1", 443, true],
    // A translated address needs its own entry, and what it leads to must be fit as well.
    ["127.0.0.0/8", "::ffff:127.0.0.1", 443, false],
    ["::/0", "::ffff:127.0.0.1", 443, false],
    ["::/0", "::ffff:8.8.8.8", 443, true],
    ["64:ff9b::/96", "64:ff9b::8.8.8.8", 443, true],
    ["64:ff9b::/96", "64:ff9b::10.0.0.1", 443, false],
    ["2002::/16", "2002:a00:1::1", 443, false],
    ["2002::/16", "2002:808:808::1", 443, true],
    ["2001::/32", "2001:0:808:808:0:0:f5ff:fffe", 443, false], // the client is 10.0.0.1
  ])("%s and %s port %d: %p", async (entry, address, port, passes) => {
    const found = await verdict(`https://registry.test:${port}/`, [entry], [address]);
    expect(Array.isArray(found)).toBe(passes);
  });

  test("two entries open what neither opens alone", async () => {
    const address = "::ffff:10.0.0.1";
    expect(
      await verdict("http://x.test/", ["::ffff:0:0/96", "10.0.0.0/8"], [address]),
    ).toHaveLength(1);
  });
});

describe("looking up", () => {
  const url = new URL("https://registry.test/");

  test("of several addresses only those that are fit come back, IPv4 before IPv6, others in order", async () => {
    const all = ["2606:4700::1", "10.0.0.1", "8.8.8.8", "::1", "8.8.4.4"];
    expect(await verdict(url.href, [], all)).toEqual(["8.8.8.8", "8.8.4.4", "2606:4700::1"]);
  });

  test("once for many, kept for 30 s, then anew and judged anew", async () => {
    const clock = new SteppedClock();
    const answers = [["8.8.8.8"], ["127.0.0.1"]];
    let asked = 0;
    const resolve = async () => answers[asked++] ?? [];
    const guard = createGuard({ clock, allowed: [], resolve });
    expect(await Promise.all([guard.admit(url), guard.admit(url)])).toEqual([
      ["8.8.8.8"],
      ["8.8.8.8"],
    ]);
    clock.step(29_999);
    expect(await guard.admit(url)).toEqual(["8.8.8.8"]);
    expect(asked).toBe(1);
    clock.step(1);
    expect(await guard.admit(url).catch(reasonOf)).toBe("blocked");
    expect(asked).toBe(2);
  });

  test("a resolver that fails, finds nothing, or is slow", async () => {
    const clock = new SteppedClock();
    const admit = (resolve: () => Promise<string[]>) =>
      createGuard({ clock, allowed: [], resolve })
        .admit(url)
        .catch((error: GuardError) => [error.reason, error.message]);
    const failing = admit(() => Promise.reject(new Error("secret.internal")));
    expect(await failing).toEqual(["unresolved", "unresolved"]);
    expect(await admit(async () => [])).toContain("unresolved");
    const slow = admit(() => Promise.withResolvers<string[]>().promise);
    clock.step(5000);
    expect(await slow).toContain("timeout");
    expect(clock.pending).toBe(0);
  });

  test("the machine's own resolver knows localhost, which is blocked", async () => {
    const guard = createGuard({ clock: new SteppedClock(), allowed: [] });
    expect(await guard.admit(new URL("http://localhost/")).catch(reasonOf)).toBe("blocked");
  });
});
