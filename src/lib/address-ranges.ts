import ipaddr from "ipaddr.js";
import { LruMap } from "./lru.ts";

/** Reading an address costs more than all else that is done with it, and the same ones come again and again. */
const maxKnown = 4096;
/** Longer than any address; what is longer is not kept. */
const maxLength = 64;

/** What `read` makes of a text, kept for the texts that came last. */
function remembering<T extends object | boolean>(read: (text: string) => T): (text: string) => T {
  const known = new LruMap<string, T>(maxKnown);
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const made = read(text);
    if (text.length <= maxLength) known.set(text, made);
    return made;
  };
}

/** Whether a text is an address within one of the ranges, which are in CIDR notation. An IPv4 address can come as a mapped one. */
export function addressTest(ranges: readonly string[]): (address: string) => boolean {
  if (ranges.length === 0) return () => false;
  const parsed = ranges.map((range) => ipaddr.parseCIDR(range));
  return remembering((text) => {
    const address = parseAddress(text);
    return (
      address !== undefined &&
      parsed.some(([base, bits]) => address.kind() === base.kind() && address.match(base, bits))
    );
  });
}

/** Somebody who sends requests, as far as his address tells. */
export interface Client {
  /** What stands for him; all whose address is none are one. */
  readonly network: string;
  /** Whether nothing that he does is limited. */
  readonly isUnlimited: boolean;
}

/** Who is at an address: those at this machine's own ones are not limited, and neither are those that `isUnlimited` says. */
export function clientsBy(isUnlimited: (address: string) => boolean): (text: string) => Client {
  return remembering((text) => ({
    network: networkOf(text) ?? "unknown",
    isUnlimited: isLoopback(text) || isUnlimited(text),
  }));
}

/**
 * What stands for one client: an IPv4 address, or the first 64 bits of an IPv6 address, which a single machine has to choose
 * from. Undefined for a text that is no address.
 */
export function networkOf(text: string): string | undefined {
  const address = parseAddress(text);
  if (address === undefined || address instanceof ipaddr.IPv4) return address?.toString();
  return `${address.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(":")}::/64`;
}

/** Whether an address leads back to this machine. */
export function isLoopback(text: string): boolean {
  return parseAddress(text)?.range() === "loopback";
}

/** Other notations (octal, fewer numbers, zones) mean different addresses to different readers. */
function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  if (text.includes("%") || !ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.IPv6.parse(text);
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}
