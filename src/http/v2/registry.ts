import type { Grant } from "../../access/contract.ts";
import type { Registry } from "../../metadata/contract.ts";
import { RegistryError } from "../../oci/error.ts";
import type { V2Asked, V2Options } from "./asked.ts";
import { mirrorView } from "./mirror.ts";
import { namespaceIn } from "./namespace.ts";
import type { Place } from "./roads.ts";
import { verifiedView } from "./verified.ts";

/** The registry that is asked, as its caller sees it. Unknown, unreadable and empty registries are one and the same to a caller. */
export async function readableRegistry(
  { request, exchange, options }: V2Asked,
  place: Place,
  grant: Grant,
): Promise<Registry> {
  const namespace = namespaceIn(request.url);
  const registry = await find(options, place, grant);
  const right = registry && grant.mayPull(registry);
  const readable = right && verifiedView(registry, grant);
  if (readable && readable.upstreams.length > 0) {
    if (right === "by_project") exchange.right = right;
    const isWhole = place.road !== "mirror" && !namespace;
    return isWhole ? readable : mirrorView(readable, namespace, options.externalUrl);
  }
  throw new RegistryError("name_unknown", "there is no such registry, or it is not yours to read");
}

async function find(options: V2Options, place: Place, grant: Grant): Promise<Registry | undefined> {
  const { directory, mirrorRegistry } = options;
  switch (place.road) {
    case "registry":
      return directory.registry(place.registryId);
    case "dependency_proxy":
      return dependencyProxy(options, place.groupPath, grant);
    case "mirror":
      return directory.registry(mirrorRegistry);
  }
}

/** Its upstream is made for the first who may pull: whoever may not leaves nothing behind. */
async function dependencyProxy(
  { directory, hasDependencyProxies }: V2Options,
  groupPath: string,
  grant: Grant,
): Promise<Registry | undefined> {
  if (!hasDependencyProxies) return undefined;
  const proxy = await directory.dependencyProxy(groupPath);
  if (!proxy || proxy.upstreams.length > 0 || !grant.mayPull(proxy)) return proxy;
  return directory.openDependencyProxy(groupPath);
}
