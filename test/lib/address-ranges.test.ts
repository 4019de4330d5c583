import { expect, test } from "bun:test";
import fc from "fast-check";
import { addressTest, isLoopback, networkOf } from "../../src/lib/address-ranges.ts";

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

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["::FFFF:c000:207", "192.0.2.7"],
  ["2001:db8:0:1::7", "2001:db8:0:1::/64"],
  ["2001:DB8::7", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["fe80::1%eth0", undefined],
  ["192.0.2", undefined],
  ["", undefined],
  ["unknown", undefined],
])("the network of %p is %p", (address, network) => {
  expect(networkOf(address)).toBe(network);
});

const hextets = (length: number) =>
  fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: length, maxLength: length });
const written = (parts: number[]) => parts.map((part) => part.toString(16)).join(":");
/** Not within ::/64, where mapped IPv4 addresses are. */
const prefix = hextets(4).filter((parts) => parts.some((part) => part !== 0));

test("IPv6 addresses are of one network if, and only if, their first 64 bits are the same", () => {
  fc.assert(
    fc.property(prefix, prefix, hextets(4), hextets(4), (one, other, a, b) => {
      const network = networkOf(written([...one, ...a]));
      expect(network).toBeDefined();
      expect(networkOf(written([...one, ...b]))).toBe(network);
      expect(networkOf(written([...other, ...a])) === network).toBe(one.join() === other.join());
    }),
  );
});

test("an IPv4 address is its own network, mapped or not, and never one of IPv6", () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.ipV4(), prefix, hextets(4), (one, other, high, low) => {
      expect(networkOf(one)).toBe(one);
      expect(networkOf(`::ffff:${one}`)).toBe(one);
      expect(networkOf(other) === networkOf(one)).toBe(one === other);
      expect(networkOf(written([...high, ...low]))).not.toBe(one);
    }),
  );
});

test.each([
  ["127.0.0.1", true],
  ["127.9.9.9", true],
  ["::1", true],
  ["::ffff:127.0.0.1", true],
  ["128.0.0.1", false],
  ["::2", false],
  ["localhost", false],
  ["", false],
])("%p is this machine: %p", (address, isOwn) => {
  expect(isLoopback(address)).toBe(isOwn);
});
