import ipaddr from "ipaddr.js";

/** Whether a text is an address within one of the ranges, which are in CIDR notation. An IPv4 address can come as a mapped one. */
export function addressTest(ranges: readonly string[]): (address: string) => boolean {
  const parsed = ranges.map((range) => ipaddr.parseCIDR(range));
  return (text) => {
    const address = parseAddress(text);
    return (
      address !== undefined &&
      parsed.some(([base, bits]) => address.kind() === base.kind() && address.match(base, bits))
    );
  };
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
