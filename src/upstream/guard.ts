import ipaddr from "ipaddr.js";
import type { Clock } from "../lib/clock.ts";
import { LruMap } from "../lib/lru.ts";
import { SingleFlight } from "../lib/single-flight.ts";

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** The addresses of a host name, as text. */
export type Resolve = (host: string) => Promise<string[]>;

/** A part of the address space, with one port or all. */
export interface AllowedRange {
  /** CIDR notation. */
  range: string;
  port: number | undefined;
}

export interface GuardOptions {
  clock: Clock;
  /** Inner addresses that may be dialled. */
  allowed: readonly AllowedRange[];
  /** Milliseconds that a look-up may take. */
  deadline?: number;
  resolve?: Resolve;
}

/** Why there is nothing to dial. */
export class GuardError extends Error {
  override readonly name = "GuardError";

  constructor(readonly reason: "blocked" | "unresolved" | "timeout") {
    super(reason);
  }
}

/** Decides which addresses may be dialled. Whoever dials takes the addresses from here, never a name. */
export interface Guard {
  /**
   * The addresses of the URL's host that are fit to dial, in the order to try them, at least one; an IPv6 address
   * has no brackets. Throws `GuardError`.
   */
  admit(url: URL): Promise<string[]>;
}

/** Names are looked up anew after this time: long enough that kept-alive connections to one address find use. */
const keptFor = 30_000;
const maxNames = 1024;

/** Throws for a range that is not in CIDR notation. */
export function createGuard(options: GuardOptions): Guard {
  const { clock, deadline = 5000, resolve = lookUp } = options;
  const allowed = options.allowed.map(parseRange);
  const known = new LruMap<string, { addresses: string[]; until: number }>(maxNames);
  const flights = new SingleFlight<string[]>();

  async function addressesOf(host: string): Promise<string[]> {
    const kept = known.get(host);
    if (kept && clock.now() < kept.until) return kept.addresses;
    return flights.do(host, async () => {
      const addresses = await withDeadline(clock, deadline, resolve(host));
      known.set(host, { addresses, until: clock.now() + keptFor });
      return addresses;
    });
  }

  return {
    async admit(url) {
      const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
      const found = ipaddr.isValid(host) ? [host] : await addressesOf(host);
      const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
      const fit = found.flatMap((text) => read(text) ?? []).filter((a) => passes(a, port, allowed));
      if (fit.length === 0) throw new GuardError("blocked");
      return fit.map(String).sort(ipv4First);
    },
  };
}

/** Machines without IPv6 are told IPv6 addresses too, and dialling those first would fail each time. */
function ipv4First(a: string, b: string): number {
  return Number(a.includes(":")) - Number(b.includes(":"));
}

async function lookUp(host: string): Promise<string[]> {
  const records = await Bun.dns.lookup(host);
  return records.map(({ address }) => address);
}

async function withDeadline(
  clock: Clock,
  ms: number,
  lookup: Promise<string[]>,
): Promise<string[]> {
  const late = Promise.withResolvers<never>();
  const timer = clock.after(ms, () => late.reject(new GuardError("timeout")));
  try {
    const addresses = await Promise.race([lookup, late.promise]);
    if (addresses.length === 0) throw new GuardError("unresolved");
    return addresses;
  } catch (error) {
    // The resolver's own error says the name again, so only the class of it goes on.
    throw error instanceof GuardError ? error : new GuardError("unresolved");
  } finally {
    timer.cancel();
  }
}

// ---- judging -----------------------------------------------------------------------------------

interface Allowed {
  network: Address;
  bits: number;
  port: number | undefined;
}

/** The only block from which global IPv6 addresses are given (RFC 4291, section 2.4; IANA). */
const globalUnicast = ipaddr.IPv6.parseCIDR("2000::/3");
/** A public address by its number, and the host's own service in Azure: it hands out secrets like a metadata address. */
const azureHost = ipaddr.IPv4.parse("168.63.129.16");

/** Undefined for a link-local address with a zone, too: it cannot be written in a URL. */
function read(text: string): Address | undefined {
  return text.includes("%") || !ipaddr.isValid(text) ? undefined : ipaddr.parse(text);
}

function passes(address: Address, port: number, allowed: readonly Allowed[]): boolean {
  if (isPublic(address)) return true;
  const named = allowed.some((entry) => contains(entry, address, port));
  const inner = isIPv6(address) ? carried(address) : undefined;
  // Allowing a translated form does not allow whatever can be reached by it.
  return named && (!inner || passes(inner, port, allowed));
}

function isPublic(address: Address): boolean {
  if (address.range() !== "unicast") return false;
  if (isIPv6(address)) return address.match(globalUnicast);
  return address.toString() !== azureHost.toString();
}

/** The IPv4 address that packets to a mapped, translated or tunnelled address end up at. */
function carried(address: ipaddr.IPv6): ipaddr.IPv4 | undefined {
  const bytes = address.toByteArray();
  switch (address.range()) {
    case "ipv4Mapped":
    case "rfc6145":
    case "rfc6052":
      return new ipaddr.IPv4(bytes.slice(12, 16));
    case "6to4": // RFC 3056, section 2
      return new ipaddr.IPv4(bytes.slice(2, 6));
    case "teredo": // RFC 4380, section 4: the client's address is stored inverted
      return new ipaddr.IPv4(bytes.slice(12, 16).map((byte) => byte ^ 0xff));
    default:
      return undefined;
  }
}

function contains({ network, bits, port }: Allowed, address: Address, asked: number): boolean {
  if (port !== undefined && port !== asked) return false;
  return network.kind() === address.kind() && address.match(network, bits);
}

function isIPv6(address: Address): address is ipaddr.IPv6 {
  return address.kind() === "ipv6";
}

function parseRange({ range, port }: AllowedRange): Allowed {
  const [network, bits] = ipaddr.parseCIDR(range);
  return { network, bits, port };
}
