import { failureCode } from "../lib/log.ts";
import type { Registry, Upstream } from "../metadata/contract.ts";
import type { Digest } from "../oci/digest.ts";
import { RegistryError } from "../oci/error.ts";
import type { ChildKind } from "../oci/manifest.ts";
import type { Puller, Repair } from "./contract.ts";

/** Fetches what was lost by a pull through a registry that has this one upstream, so that it ends where pulls end. */
export function createRepair(puller: Pick<Puller, "manifest" | "blob">): Repair {
  return async (upstream, repository, kind, digest) => {
    try {
      return await fetchAnew(puller, registryOf(upstream), repository, kind, digest);
    } catch (error) {
      return error instanceof RegistryError ? error.message : failureCode(error);
    }
  };
}

async function fetchAnew(
  puller: Pick<Puller, "manifest" | "blob">,
  registry: Registry,
  repository: string,
  kind: ChildKind,
  digest: Digest,
): Promise<true> {
  const asked = { marks: [], waits: () => undefined };
  if (kind === "manifest") {
    // Nobody has downloaded it.
    await puller.manifest(
      registry,
      repository,
      { kind: "digest", digest },
      { ...asked, head: true },
    );
    return true;
  }
  await puller.blob(registry, repository, digest, {
    ...asked,
    head: false,
    part: undefined,
    complete: true,
  });
  return true;
}

function registryOf(upstream: Upstream): Registry {
  return {
    id: 0,
    groupId: upstream.groupId,
    name: upstream.name,
    description: undefined,
    onUnsure: "stop",
    ask: "in_order",
    upstreams: [upstream],
    verified: new Map(),
  };
}
