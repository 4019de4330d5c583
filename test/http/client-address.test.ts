import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { clientAddress } from "../../src/http/client-address.ts";
import { addressTest } from "../../src/lib/address-ranges.ts";

const proxy = "10.0.0.1";
const isTrustedProxy = addressTest(["10.0.0.0/24", "::1/128"]);
const xff = (text: string) => ({ "X-Forwarded-For": text });
const forwarded = (text: string) => ({ Forwarded: text });
const addressOf = (peer: string | undefined, headers: Record<string, string>) =>
  clientAddress(peer, new Headers(headers), isTrustedProxy);

describe("an address", () => {
  const table: [peer: string, headers: Record<string, string>, found: string | undefined][] = [
    ["192.0.2.1", {}, "192.0.2.1"],
    // Only a trusted proxy's word counts.
    ["192.0.2.1", xff("198.51.100.1"), "192.0.2.1"],
    ["192.0.2.1", forwarded("for=198.51.100.1"), "192.0.2.1"],
    [proxy, xff("198.51.100.1"), "198.51.100.1"],
    ["::1", xff("198.51.100.1"), "198.51.100.1"],
    // A proxy that says nothing is no client.
    [proxy, {}, undefined],
    [proxy, xff(""), ""],
    // What stands before the last proxy's word is the client's own.
    [proxy, xff("10.9.9.9, 198.51.100.1"), "198.51.100.1"],
    [proxy, xff("198.51.100.1, 10.0.0.2"), "198.51.100.1"],
    [proxy, xff("192.0.2.9, 198.51.100.1, 10.0.0.3,10.0.0.2"), "198.51.100.1"],
    [proxy, xff("10.0.0.3, 10.0.0.2"), "10.0.0.3"],
    [proxy, xff("198.51.100.1, unknown"), "unknown"],
    [proxy, xff("198.51.100.1,"), ""],
    [proxy, xff("198.51.100.1:4711"), "198.51.100.1"],
    [proxy, xff("[2001:db8::1]:4711"), "2001:db8::1"],
    [proxy, xff("2001:db8::1"), "2001:db8::1"],
    [proxy, forwarded("for=198.51.100.1"), "198.51.100.1"],
    [proxy, forwarded('For="[2001:db8::1]:4711";proto=https;by=10.0.0.1'), "2001:db8::1"],
    [proxy, forwarded('host="a, for=10.9.9.9";for=198.51.100.1'), "198.51.100.1"],
    [
      proxy,
      forwarded("for=192.0.2.9, for=198.51.100.1 ; proto=http, for=10.0.0.2"),
      "198.51.100.1",
    ],
    [proxy, forwarded("for=192.0.2.9, proto=https"), ""],
    [proxy, forwarded("for=192.0.2.9, for=10.9.9.9;for=198.51.100.1"), ""],
    [proxy, forwarded('for=192.0.2.9, for="10.9.9.9'), ""],
    [proxy, forwarded("for=192.0.2.9, for=_hidden"), "_hidden"],
    // Two that agree are one; of two that differ, one is the client's.
    [
      proxy,
      { ...xff("192.0.2.9, 198.51.100.1"), ...forwarded("for=198.51.100.1") },
      "198.51.100.1",
    ],
    [proxy, { ...xff("198.51.100.1"), ...forwarded("for=10.9.9.9") }, undefined],
  ];
  for (const [peer, headers, found] of table) {
    test(`of ${peer} with ${JSON.stringify(headers)}: ${found}`, () => {
      expect(addressOf(peer, headers)).toBe(found);
    });
  }

  test("that is not known stays unknown", () => {
    expect(addressOf(undefined, xff("198.51.100.1"))).toBeUndefined();
  });

  // Whatever a client writes before what the proxy adds, it does not choose its own address.
  const printable = fc.string({ unit: fc.constantFrom(...'1a. :[]"\\,;=for%'.split("")) });
  test("cannot be chosen by what a client sends in the same header", () => {
    fc.assert(
      fc.property(printable, (text) => {
        expect(addressOf(proxy, xff(`${text}, 198.51.100.1`))).toBe("198.51.100.1");
      }),
    );
  });

  test("cannot be chosen by what a client sends in the other header", () => {
    fc.assert(
      fc.property(printable, fc.boolean(), (text, isXff) => {
        const own = isXff ? xff("198.51.100.1") : forwarded("for=198.51.100.1");
        const other = isXff ? forwarded(text) : xff(text);
        expect([undefined, "198.51.100.1"]).toContain(addressOf(proxy, { ...own, ...other }));
      }),
    );
  });

  test("in Forwarded is the last element's, whatever well-formed elements a client sends", () => {
    const token = fc.stringMatching(/^[a-z0-9.]{1,8}$/);
    const value = fc.oneof(token, fc.stringMatching(/^"[a-z,;= 0-9.]{0,12}"$/));
    const pairs = fc.array(fc.tuple(token, value), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(pairs, { maxLength: 4 }), (elements) => {
        const written = elements.map((one) => one.map(([k, v]) => `${k}=${v}`).join(";"));
        const header = [...written, "for=198.51.100.1"].join(", ");
        expect(addressOf(proxy, forwarded(header))).toBe("198.51.100.1");
      }),
    );
  });
});
