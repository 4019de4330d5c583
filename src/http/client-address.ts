/**
 * Where a request comes from: the address of the connection or, where that is a proxy's that is trusted, the one that
 * the proxy tells (`X-Forwarded-For`, or `Forwarded`: RFC 7239), being the last one told that is not a trusted proxy's
 * too. Undefined where a proxy tells nothing, or the two headers differ: one of them may be the client's own; and where a
 * proxy on this machine is not trusted: whom it asks for is not this machine. The text may be no address at all, if a
 * proxy wrote such.
 */
export function clientAddress(
  peer: string | undefined,
  headers: Headers,
  isTrustedProxy: (address: string) => boolean,
): string | undefined {
  if (peer === undefined) return undefined;
  if (!isTrustedProxy(peer)) return isLoopback(peer) && speaksForOthers(headers) ? undefined : peer;
  const told = [
    farthest(forwardedFor(headers.get("x-forwarded-for")), isTrustedProxy),
    farthest(forwarded(headers.get("forwarded")), isTrustedProxy),
  ].filter((address) => address !== undefined);
  return new Set(told).size === 1 ? told[0] : undefined;
}

function isLoopback(address: string): boolean {
  return /^(?:::ffff:)?127\.|^::1$/.test(address);
}

function speaksForOthers(headers: Headers): boolean {
  return headers.has("x-forwarded-for") || headers.has("forwarded");
}

/** From the last one on, who is the first that is no trusted proxy; where all are, the first of all. */
function farthest(
  hops: readonly string[],
  isTrustedProxy: (address: string) => boolean,
): string | undefined {
  return hops.findLast((address) => !isTrustedProxy(address)) ?? hops[0];
}

/** Each entry is an address, with a port where some proxies add one. */
function forwardedFor(header: string | null): string[] {
  return header === null ? [] : header.split(",").map(withoutPort);
}

/** RFC 7239, section 4: elements with commas between, of pairs with semicolons between; values may be quoted. */
const element = /^\s*(?:[^\s",;=]+=(?:"[^"\\]*"|[^\s",;=]*)(?:\s*;\s*|(?=\s*(?:,|$))))*\s*(?:,|$)/;
const pair = /([^\s",;=]+)=(?:"([^"\\]*)"|([^\s",;=]*))/g;

function forwarded(header: string | null): string[] {
  const hops: string[] = [];
  for (let rest = header ?? ""; rest !== "";) {
    const found = element.exec(rest)?.[0];
    // What cannot be read could be anybody's: it stands where the hop would, and is no address.
    if (!found) return [...hops, ""];
    const nodes = [...found.matchAll(pair)].filter(([, name]) => name?.toLowerCase() === "for");
    const [node] = nodes;
    hops.push(nodes.length === 1 && node ? withoutPort(node[2] ?? node[3] ?? "") : "");
    rest = rest.slice(found.length);
  }
  return hops;
}

/** `192.0.2.1:80` and `[2001:db8::1]:80` without their ends; a bare IPv6 address has none. */
function withoutPort(text: string): string {
  const node = text.trim();
  return (
    /^\[([^[\]]*)\](?::\d{1,5})?$/.exec(node)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(node)?.[1] ?? node
  );
}
