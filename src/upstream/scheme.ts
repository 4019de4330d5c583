import type { Challenge } from "../oci/challenge.ts";
import type { Upstream } from "./contract.ts";
import { failure } from "./failure.ts";
import { partnerRealm } from "./presets.ts";

/** How an upstream wants to be told who asks. */
export type Scheme =
  { kind: "basic" } | { kind: "bearer"; realm: string; service: string | undefined };

const maxRealm = 1024;
const maxService = 256;

/**
 * What to answer to these challenges: Bearer before Basic, the latter only with credentials; undefined when there is
 * nothing that can be answered. Throws `UpstreamError` when the realm is not one that may be spoken to.
 */
export function chooseScheme(challenges: Challenge[], upstream: Upstream): Scheme | undefined {
  for (const { scheme, parameters } of challenges) {
    if (scheme !== "bearer") continue;
    const { realm = "", service } = parameters;
    const url = realm.length <= maxRealm ? URL.parse(realm) : null;
    if (!url || (service?.length ?? 0) > maxService) continue;
    requireTrusted(url, upstream);
    return { kind: "bearer", realm: url.href, service };
  }
  const basic = challenges.some(({ scheme }) => scheme === "basic");
  return basic && hasCredentials(upstream) ? { kind: "basic" } : undefined;
}

/** Whether an upstream still wants what it wanted before. */
export function isSameScheme(one: Scheme, other: Scheme | undefined): boolean {
  if (one.kind === "basic" || other?.kind !== "bearer") return one.kind === other?.kind;
  return one.realm === other.realm && one.service === other.service;
}

export function hasCredentials(
  upstream: Upstream,
): upstream is Upstream & { username: string; password: string } {
  return upstream.username !== undefined && upstream.password !== undefined;
}

/** The value of `Authorization` (RFC 7617, with UTF-8). */
export function basicCredentials({
  username,
  password,
}: {
  username: string;
  password: string;
}): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/**
 * A registry may name any realm, so one that was taken over could have our credentials sent to it, or have us knock
 * at any door (CVE-2026-33540): only the upstream's own origin, the configured realm and the preset are spoken to.
 */
function requireTrusted(realm: URL, { name, url, tokenRealm }: Upstream): void {
  const own = new URL(url);
  if (own.protocol === "https:" && realm.protocol !== "https:") {
    throw failure("blocked", name, "is reached by https but names a token service that is not");
  }
  if (realm.origin === own.origin) return;
  const partners = [tokenRealm, partnerRealm(own)];
  if (partners.some((partner) => partner !== undefined && isSame(realm, partner))) return;
  throw failure(
    "blocked",
    name,
    "names a token service of another origin; if that is right, set it as token_realm",
  );
}

/** Whether it is that realm, whatever the query. One without a path stands for its whole origin. */
function isSame(realm: URL, partner: string): boolean {
  const wanted = URL.parse(partner);
  if (!wanted || wanted.origin !== realm.origin) return false;
  return wanted.pathname === "/" || wanted.pathname === realm.pathname;
}
