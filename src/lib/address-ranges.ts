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

/** Other notations (octal, fewer numbers, zones) mean different addresses to different readers. */
function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  if (text.includes("%") || !ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.IPv6.parse(text);
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}
