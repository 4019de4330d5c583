import type { Registry, Upstream } from "../../metadata/contract.ts";
import { RegistryError } from "../../oci/error.ts";
import { isPublicRegistry } from "../../work/contract.ts";
import type { Namespace } from "./namespace.ts";

/** How clients call Docker Hub, and how it is reached. */
const dockerHub = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/** The key of Docker Hub for a client that names no host: it asks a mirror for nothing else. */
const unsaid = "";

/** Registries of fewer upstreams, by what was asked for; they live as long as the registry's object. */
const views = new WeakMap<Registry, Map<string, Registry>>();

/**
 * The registry with those of its upstreams alone that are what the client means: the host that it named with `ns`, else
 * Docker Hub. Nothing that another host has is an answer to it. Throws `RegistryError`: `name_unknown` where there is no
 * such upstream, `loop` where this server itself was named.
 */
export function mirrorView(
  registry: Registry,
  namespace: Namespace | undefined,
  externalUrl: string,
): Registry {
  const key = namespace?.text ?? unsaid;
  const known = views.get(registry)?.get(key);
  if (known) return known;
  if (namespace && isAt(externalUrl, namespace)) throw loop();
  const upstreams = namespace
    ? upstreamsFor(registry, namespace)
    : (dockerHubOf(registry) ?? registry.upstreams.filter(({ url }) => !isPublicRegistry(url)));
  if (upstreams.length === 0) throw unknownHost(namespace);
  const isWhole = upstreams.length === registry.upstreams.length;
  const view = isWhole ? registry : Object.freeze({ ...registry, upstreams });
  const made = views.get(registry) ?? new Map<string, Registry>();
  views.set(registry, made.set(key, view));
  return view;
}

function upstreamsFor(registry: Registry, namespace: Namespace): Upstream[] {
  const { hostname, port } = namespace;
  const isDockerHub = dockerHub.includes(hostname) && (port ?? 443) === 443;
  if (isDockerHub) return dockerHubOf(registry) ?? [];
  return registry.upstreams.filter(({ url }) => isAt(url, namespace));
}

/** Docker Hub itself, else what an operator has given its names; undefined where there is neither. */
function dockerHubOf({ upstreams }: Registry): Upstream[] | undefined {
  const itself = upstreams.filter(({ url }) =>
    dockerHub.some((hostname) => isAt(url, { hostname, port: undefined })),
  );
  if (itself.length > 0) return itself;
  const standIns = upstreams.filter(({ libraryPrefix }) => libraryPrefix);
  return standIns.length > 0 ? standIns : undefined;
}

const defaultPorts: Record<string, string> = { "http:": "80", "https:": "443" };

/** Whether a registry at this URL is what clients call by the host. One behind a path has names of its own. */
function isAt(url: string, { hostname, port }: Omit<Namespace, "text">): boolean {
  const at = new URL(url);
  if (at.hostname !== hostname || at.pathname !== "/") return false;
  const effective = at.port || defaultPorts[at.protocol];
  return port === undefined ? at.port === "" : effective === String(port);
}

function loop(): RegistryError {
  const message = "ns names this server itself: a mirror of itself would ask itself without end";
  return new RegistryError("loop", message);
}

function unknownHost(namespace: Namespace | undefined): RegistryError {
  const fix =
    "add an upstream with that host to the registry; what stands in for Docker Hub has library_prefix: true";
  return new RegistryError("name_unknown", "no upstream of this registry has the host asked for", {
    detail: { ns: namespace?.text ?? "docker.io", fix },
  });
}
