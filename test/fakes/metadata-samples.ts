import type {
  Credentials,
  FetchedManifest,
  Metadata,
  RegistrySettings,
  ShownObject,
  Upstream,
  UpstreamSettings,
  UserCredential,
} from "../../src/metadata/contract.ts";
import { type Digest, digestOf } from "../../src/oci/digest.ts";
import { type Child, mediaTypes } from "../../src/oci/manifest.ts";

/** The moment at which samples are fetched. */
export const noon = Date.UTC(2026, 0, 1, 12);

export function digestOfText(text: string): Digest {
  return digestOf(new TextEncoder().encode(text));
}

export function upstreamSettings(changes: Partial<UpstreamSettings> = {}): UpstreamSettings {
  return {
    name: "Docker Hub",
    url: "https://registry-1.docker.io",
    username: "someone",
    password: "the first password",
    tokenRealm: "https://auth.docker.io/token",
    cacheValidityHours: 24,
    deniedMeans: "absent",
    libraryPrefix: true,
    description: undefined,
    staleIfAbsentHours: 168,
    staleWhileRevalidate: false,
    ca: undefined,
    rules: [],
    cacheMaxBytes: undefined,
    verifiedGroup: undefined,
    ...changes,
  };
}

/** Of the upstreams that Dependency Proxies have. */
export function proxySettings(changes: Partial<UpstreamSettings> = {}): UpstreamSettings {
  const anonymous = { username: undefined, password: undefined, tokenRealm: undefined };
  return upstreamSettings({ name: "dependency-proxy", ...anonymous, ...changes });
}

export function registrySettings(changes: Partial<RegistrySettings> = {}): RegistrySettings {
  return {
    id: undefined,
    name: "main",
    description: undefined,
    onUnsure: "stop",
    ask: "in_order",
    upstreams: [],
    ...changes,
  };
}

/** The token of a user with this hash; undefined where there is none, or it is a deploy token. */
export async function usersToken(
  credentials: Credentials,
  hash: string,
): Promise<UserCredential | undefined> {
  const found = await credentials.byHash(hash);
  return found?.kind === "deploy" ? undefined : found;
}

/** A group of this path with one upstream and a registry of it. */
export async function sampleRegistry(metadata: Metadata, path = "default") {
  const group = await metadata.directory.saveGroup({ path, name: path });
  const upstream = await metadata.directory.saveUpstream(group.id, upstreamSettings());
  const registry = await metadata.directory.saveRegistry(
    group.id,
    registrySettings({ upstreams: [upstream.name] }),
  );
  return { group, upstream, registry };
}

export function blobChild(text: string): Child {
  const mediaType = "application/vnd.oci.image.layer.v1.tar+gzip";
  return {
    kind: "blob",
    mediaType,
    digest: digestOfText(text),
    size: text.length,
    platform: undefined,
  };
}

export function manifestChild(text: string): Child {
  const platform = "linux/amd64";
  const digest = digestOfText(text);
  return {
    kind: "manifest",
    mediaType: mediaTypes.ociManifest,
    digest,
    size: text.length,
    platform,
  };
}

/** A manifest of `library/alpine:latest`; its digest is that of the text. */
export function fetched(
  upstream: Upstream,
  text: string,
  changes: Partial<FetchedManifest> = {},
): FetchedManifest {
  return {
    groupId: upstream.groupId,
    upstreamId: upstream.id,
    upstreamVersion: upstream.version,
    repository: "library/alpine",
    tag: "latest",
    digest: digestOfText(text),
    mediaType: mediaTypes.ociManifest,
    payload: new TextEncoder().encode(text),
    children: [blobChild("config"), blobChild("layer")],
    etag: "an etag",
    now: noon,
    ...changes,
  };
}

/** A blob of `library/alpine`; its digest is that of the text. */
export function shownBlob(
  upstream: Upstream,
  text: string,
  changes: Partial<ShownObject> = {},
): ShownObject {
  const digest = digestOfText(text);
  return {
    groupId: upstream.groupId,
    upstreamId: upstream.id,
    upstreamVersion: upstream.version,
    repository: "library/alpine",
    kind: "blob",
    reference: digest,
    digest,
    contentType: "application/octet-stream",
    size: text.length,
    etag: undefined,
    now: noon,
    ...changes,
  };
}
