import type { UpstreamSettings } from "../metadata/contract.ts";
import { dockerHub } from "./addresses.ts";

type Preset = Pick<UpstreamSettings, "deniedMeans" | "libraryPrefix">;

const plain: Preset = { deniedMeans: "unsure", libraryPrefix: false };
/** Says to anonymous callers of what is not there, or is private, that it is forbidden. */
const forbidding: Preset = { deniedMeans: "absent", libraryPrefix: false };

/** What is known of public registries, by host. The others answer 404 for what is not there. */
const presets: Record<string, Preset> = {
  [new URL(dockerHub).host]: { deniedMeans: "absent", libraryPrefix: true },
  "mirror.gcr.io": { deniedMeans: "absent", libraryPrefix: true },
  "ghcr.io": forbidding,
  "lscr.io": forbidding,
  "quay.io": forbidding,
  "registry.gitlab.com": forbidding,
  "gcr.io": forbidding,
  "us.gcr.io": forbidding,
  "eu.gcr.io": forbidding,
  "asia.gcr.io": forbidding,
  "cgr.dev": forbidding,
  "nvcr.io": forbidding,
};

/** Public registries with no ways of their own. */
const others = [
  "registry.k8s.io",
  "public.ecr.aws",
  "mcr.microsoft.com",
  "registry.access.redhat.com",
  "docker.elastic.co",
  "registry.fedoraproject.org",
];

/** Whether this is a registry where anybody, or its one maker, has names: what is there is no image of Docker Hub's. */
export function isPublicRegistry(url: string): boolean {
  const preset = presetOf(url);
  return preset === forbidding || others.includes(new URL(url).host);
}

/** The ways of the registry at this address; the same host by another scheme or port is another registry. */
export function presetOf(url: string): Preset {
  const { protocol, host } = new URL(url);
  if (protocol !== "https:") return plain;
  // Google's Artifact Registry has a host for each region.
  if (/^[a-z\d-]+-docker\.pkg\.dev$/.test(host)) return forbidding;
  return (Object.hasOwn(presets, host) ? presets[host] : undefined) ?? plain;
}

/** The upstream of every group's Dependency Proxy, which takes a name without a slash for `library/<name>` anywhere. */
export function dependencyProxyUpstream(
  url: string,
  tokenRealm: string | undefined,
): UpstreamSettings {
  const settings = { ...defaultSettings(url), tokenRealm, libraryPrefix: true };
  return { name: "dependency-proxy", ...settings };
}

/** The settings of an upstream of which only the address is known, but for its name. */
export function defaultSettings(url: string): Omit<UpstreamSettings, "name"> {
  return {
    url,
    description: undefined,
    username: undefined,
    password: undefined,
    tokenRealm: undefined,
    cacheValidityHours: 24,
    staleIfAbsentHours: 168,
    staleWhileRevalidate: false,
    ca: undefined,
    rules: [],
    cacheMaxBytes: undefined,
    verifiedGroup: undefined,
    ...presetOf(url),
  };
}
