import { RegistryError } from "../../oci/error.ts";
import { isRepositoryName } from "../../oci/reference.ts";

/** Where a name leads: the roads by which clients come, in the order in which they are tried. */
export type Place =
  /** `virtual_registries/container/<id>/<repository>`, the plural being an alias. */
  | { road: "registry"; registryId: number; repository: string }
  /** `<group path>/dependency_proxy/containers/<repository>`. */
  | { road: "dependency_proxy"; groupPath: string; repository: string }
  /** Any other name: what a client asks of us in place of the registry that it means. */
  | { road: "mirror"; repository: string };

const registryRoad = /^virtual_registries\/containers?\/([1-9]\d{0,14})\/(.+)$/;
const dependencyProxyRoad = /^(.+?)\/dependency_proxy\/containers\/(.+)$/;

/**
 * Reads the name that stands in a path; throws `RegistryError` (`name_invalid`) for one that cannot be. With our prefix,
 * too, it is a repository name, which it has to be in a token's scope; and so are its parts.
 */
export function parsePlace(name: string): Place {
  if (!isRepositoryName(name)) throw nameInvalid();
  return placeOf(name);
}

/** The same for who only wants to know: undefined where `parsePlace` throws. */
export function placeOfName(name: string): Place | undefined {
  try {
    return parsePlace(name);
  } catch {
    return undefined; // it is told so when its turn comes
  }
}

function placeOf(name: string): Place {
  const [, id, repository] = registryRoad.exec(name) ?? [];
  if (id !== undefined && repository !== undefined) {
    return { road: "registry", registryId: Number(id), repository };
  }
  // What begins like one of our own names and is none is a slip of the pen, not an image of somebody else's.
  if (/^virtual_registries(?:\/|$)/.test(name)) throw nameInvalid();
  const [, groupPath, image] = dependencyProxyRoad.exec(name) ?? [];
  return groupPath !== undefined && image !== undefined
    ? { road: "dependency_proxy", groupPath, repository: image }
    : { road: "mirror", repository: name };
}

function nameInvalid(): RegistryError {
  const message =
    "the name is not valid; it has at most 255 characters, in lower case, as in virtual_registries/container/<registry id>/<repository>";
  return new RegistryError("name_invalid", message);
}
