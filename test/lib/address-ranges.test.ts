import { expect, test } from "bun:test";
import { addressTest } from "../../src/lib/address-ranges.ts";

const isInside = addressTest(["10.0.0.0/8", "192.0.2.7/32", "fd00::/8"]);

test.each([
  ["10.1.2.3", true],
  ["192.0.2.7", true],
  ["::ffff:10.1.2.3", true],
  ["::ffff:a01:203", true],
  ["fd12::1", true],
  ["FD12::1", true],
  ["11.0.0.1", false],
  ["192.0.2.8", false],
  ["fe80::1", false],
  // Notations that other readers take for other addresses, and what is no address.
  ["012.0.0.1", false],
  ["10.1", false],
  ["167772161", false],
  ["0x0a.0.0.1", false],
  ["fd00::1%eth0", false],
  [" 10.1.2.3", false],
  ["10.1.2.3:80", false],
  ["", false],
  ["unknown", false],
])("%p: %p", (address, inside) => {
  expect(isInside(address)).toBe(inside);
});

test("without ranges nothing is inside", () => {
  expect(addressTest([])("127.0.0.1")).toBe(false);
});
