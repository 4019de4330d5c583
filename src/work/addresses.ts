import ipaddr from "ipaddr.js";
import { isSecureUrl } from "../lib/secure-url.ts";
import { type Leaf, leaf } from "./text.ts";

/** Where a server listens. */
export interface ListenAddress {
  /** An address without brackets, or a name. */
  hostname: string;
  /** 0 takes any free port. */
  port: number;
}

export const listenAddress: Leaf<ListenAddress> = leaf(
  "must be an address and a port, such as 127.0.0.1:5000, 0.0.0.0:5000 or [::1]:5000",
  (text) => {
    const match = /^(?:\[([\da-f:.]+)\]|([a-z\d.-]+)):(\d{1,5})$/i.exec(text);
    const [, v6, name = v6, digits] = match ?? [];
    const port = Number(digits);
    if (name === undefined || port > 65535 || (v6 && !ipaddr.IPv6.isValid(v6))) return undefined;
    return { hostname: name, port };
  },
);

/** Scheme, host and port, as `URL.origin` has them. */
export const originUrl: Leaf<string> = leaf(
  "must be an address such as https://weir.example.com, without path, query, user or password",
  (text) => {
    const url = readUrl(text);
    return url && url.pathname === "/" ? url.origin : undefined;
  },
);

/** URLs swallow blanks and turn backslashes; what is not plainly an address is none. */
function readUrl(text: string): URL | undefined {
  if (text.length > 255 || !/^https?:\/\/[^\s\\?#@]+$/i.test(text)) return undefined;
  return URL.parse(text) ?? undefined;
}

/** A part of the address space, with one port or all. */
export interface AddressRange {
  /** CIDR notation, the address being the first of the range. */
  range: string;
  port: number | undefined;
}

const separated = (text: string) => text.split(",").map((part) => part.trim());

/** Every value is one, or the whole is not one. */
function all<T>(values: (T | undefined)[]): T[] | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === values.length ? known : undefined;
}

export const addressRanges: Leaf<string[]> = leaf(
  "must be addresses or ranges, separated by commas, such as 10.0.0.0/8, 192.0.2.7, fd00::/8",
  (text) => all(separated(text).map(readRange)),
);

export const addressRangesWithPorts: Leaf<AddressRange[]> = leaf(
  "must be addresses or ranges, each with a port if need be, separated by commas, such as " +
    "10.0.0.0/8, 127.0.0.1:5000, fd00::/8, [::1]:5000",
  (text) => all(separated(text).map(readRangeWithPort)),
);

function readRangeWithPort(text: string): AddressRange | undefined {
  const match = /^(?:\[([^[\]]+)\]|([^:[\]]+)):([1-9]\d{0,4})$/.exec(text);
  const [, v6, v4, digits] = match ?? [];
  const port = digits === undefined ? undefined : Number(digits);
  const range = readRange(v6 ?? v4 ?? text);
  if (range === undefined || (port ?? 1) > 65535) return undefined;
  return { range, port };
}

function readRange(text: string): string | undefined {
  const match = /^([\da-f:.]+)(?:\/(0|[1-9]\d{0,2}))?$/i.exec(text);
  const [, address = "", bits] = match ?? [];
  // Other notations (octal, one number, zones) mean different addresses to different readers.
  if (ipaddr.IPv4.isValidFourPartDecimal(address)) {
    return firstOf(ipaddr.IPv4, address, Number(bits ?? 32), 32);
  }
  return ipaddr.IPv6.isValid(address)
    ? firstOf(ipaddr.IPv6, address, Number(bits ?? 128), 128)
    : undefined;
}

function firstOf(
  family: { networkAddressFromCIDR(text: string): { toString(): string } },
  address: string,
  bits: number,
  most: number,
): string | undefined {
  if (bits > most) return undefined;
  return `${family.networkAddressFromCIDR(`${address}/${bits}`).toString()}/${bits}`;
}

export const dockerHub = "https://registry-1.docker.io";

/** Names under which people know Docker Hub; only the last speaks the registry protocol. */
const dockerHubHosts = ["docker.io", "index.docker.io", "hub.docker.com", "registry-1.docker.io"];

const mustBeRegistry =
  "must be an address such as https://registry.example.com, with a port or path if need be, " +
  "without user, password or query, of at most 255 characters";

/** The address of an upstream as it is stored: without a slash or `/v2` at its end, Docker Hub under its one name. */
export const upstreamUrl: Leaf<string> = leaf(mustBeRegistry, (text) => {
  const url = readUrl(dockerHubHosts.includes(text) ? `https://${text}` : text);
  if (!url) return undefined;
  const path = url.pathname.replace(/\/+$/, "").replace(/(?:\/v2)+$/, "");
  if (!/^(?:\/[\w.~-]+)*$/.test(path)) return undefined;
  if (!dockerHubHosts.includes(url.host)) return url.origin + path;
  // `https://index.docker.io/v1/` is how docker's own configuration file spells it.
  return dockerHub + path.replace(/^\/v1$/, "");
});

/** A token service; its path counts as it is written. */
export const realmUrl: Leaf<string> = leaf(
  "must be the address of a token service, such as https://auth.example.com/token",
  (text) => readUrl(text)?.href,
);

const byHttps = "by https, or by http from this machine alone, without user, password or query";

/** An issuer of id tokens, to the letter as its tokens have it. */
export const issuerUrl: Leaf<string> = leaf(
  `must be the address that stands as iss in the tokens, such as https://gitlab.example.com, ${byHttps}`,
  readSecureUrl,
);

/** Where an issuer's keys are. */
export const keysUrl: Leaf<string> = leaf(
  `must be the address of a set of keys, such as https://gitlab.example.com/oauth/discovery/keys, ${byHttps}`,
  readSecureUrl,
);

function readSecureUrl(text: string): string | undefined {
  const url = readUrl(text);
  return url && isSecureUrl(url) ? text : undefined;
}
