import { LruMap } from "../../lib/lru.ts";
import { RegistryError } from "../../oci/error.ts";

/** The host that a client means, where it asks us in its place: what containerd says with `?ns=`. */
export interface Namespace {
  /** As it was given, in lower case. */
  text: string;
  hostname: string;
  port: number | undefined;
}

const maxLength = 255;
const hostWithPort = /^([a-z\d](?:[a-z\d.-]*[a-z\d])?|\[[\da-f:.]+\])(?::([1-9]\d{0,4}))?$/;

/** Longer queries are read each time, so that strangers cannot fill the memory. */
const maxRemembered = 300;
const remembered = new LruMap<string, Namespace>(1024);

/** Whether a URL has the parameter `ns`, well or badly formed. */
export function hasNamespace(url: string): boolean {
  const start = url.indexOf("?");
  return start !== -1 && new URLSearchParams(url.slice(start)).has("ns");
}

/** The host in a URL's `ns`, undefined without one; throws `RegistryError` (`bad_request`) for what is no host. */
export function namespaceIn(url: string): Namespace | undefined {
  const start = url.indexOf("?");
  if (start === -1) return undefined;
  const query = url.slice(start);
  const known = remembered.get(query);
  if (known) return known;
  const given = new URLSearchParams(query).getAll("ns");
  if (given.length === 0) return undefined;
  const namespace = given.length === 1 ? parseNamespace(given[0] ?? "") : undefined;
  if (!namespace) throw malformed();
  if (query.length <= maxRemembered) remembered.set(query, namespace);
  return namespace;
}

/** Reads a host with or without a port; undefined when malformed. */
export function parseNamespace(given: string): Namespace | undefined {
  if (given.length > maxLength) return undefined;
  const text = given.toLowerCase();
  const [, hostname, digits] = hostWithPort.exec(text) ?? [];
  const port = digits === undefined ? undefined : Number(digits);
  if (hostname === undefined || (port ?? 0) > 65535) return undefined;
  return { text, hostname, port };
}

function malformed(): RegistryError {
  const message =
    "the parameter ns must stand once and name a host, with its port if need be, such as docker.io";
  return new RegistryError("bad_request", message);
}
