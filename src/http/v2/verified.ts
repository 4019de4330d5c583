import type { Grant } from "../../access/contract.ts";
import type { Registry } from "../../metadata/contract.ts";

type Reader = Pick<Grant, "mayPullVerified">;

/** Registries of fewer upstreams, by which are left; they live as long as the registry's object. */
const views = new WeakMap<Registry, Map<string, Registry>>();
/** What a reader has of a registry: a grant stays the same object while nothing changes. */
const read = new WeakMap<Registry, WeakMap<Reader, Registry>>();

/**
 * The registry without those of its upstreams that are for members of a group to which the reader does not belong. Nothing of
 * them is there for him: no answer, no cached copy, no name.
 */
export function verifiedView(registry: Registry, reader: Reader): Registry {
  if (registry.verified.size === 0) return registry;
  const ofRegistry = read.get(registry) ?? new WeakMap<Reader, Registry>();
  const known = ofRegistry.get(reader);
  if (known) return known;
  const view = viewFor(registry, reader);
  read.set(registry, ofRegistry.set(reader, view));
  return view;
}

function viewFor(registry: Registry, reader: Reader): Registry {
  const upstreams = registry.upstreams.filter(({ id }) => {
    const lineage = registry.verified.get(id);
    return !lineage || reader.mayPullVerified(lineage);
  });
  if (upstreams.length === registry.upstreams.length) return registry;
  const key = upstreams.map(({ id }) => id).join();
  const ofRegistry = views.get(registry) ?? new Map<string, Registry>();
  const view = ofRegistry.get(key) ?? Object.freeze({ ...registry, upstreams });
  views.set(registry, ofRegistry.set(key, view));
  return view;
}
