import type { Registry } from "../metadata/contract.ts";
import { RegistryError } from "../oci/error.ts";
import { candidatesOf } from "./choose.ts";
import type { Wanted } from "./fetching.ts";

/** A manifest that is asked for through a registry. */
export interface Asked extends Wanted {
  registry: Registry;
  repository: string;
}

export function tagOf({ reference }: Asked): string | undefined {
  return reference.kind === "tag" ? reference.tag : undefined;
}

/** What is said where no upstream has it. */
export function unknownManifest({ registry, repository, reference }: Asked): RegistryError {
  const tag = reference.kind === "tag" ? reference.tag : undefined;
  const { asked, denied } = candidatesOf(registry, repository, tag, []);
  const message =
    asked.length > 0
      ? "no upstream of this registry has this manifest"
      : denied.length > 0
        ? "the rules of this registry's upstreams do not allow this name"
        : "this registry has no upstreams";
  return new RegistryError("manifest_unknown", message, {
    detail: {
      asked: asked.map(({ upstream }) => upstream.name),
      ...(denied.length > 0 && { not_asked: denied.map(({ upstream }) => upstream.name) }),
    },
  });
}
