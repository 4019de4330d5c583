import type { Registry, Upstream } from "../metadata/contract.ts";

/** What a repository is called at this upstream: a name without a slash can mean `library/<name>` there. */
export function repositoryAt(upstream: Upstream, repository: string): string {
  return upstream.libraryPrefix && !repository.includes("/") ? `library/${repository}` : repository;
}

/** Something cached, and the upstream it belongs to. */
export type Known<Entry> = Entry & { upstream: Upstream };

/**
 * What the cache holds of one object among the registry's upstreams, the one of the best position first. `find` gets
 * upstream ids and the name that the repository has there.
 */
export async function knownEntries<Entry extends { upstreamId: number }>(
  registry: Registry,
  repository: string,
  find: (upstreamIds: readonly number[], name: string) => Promise<Entry[]>,
): Promise<Known<Entry>[]> {
  const { all, prefixed, plain } = upstreamsOf(registry);
  const found = repository.includes("/")
    ? await find(all, repository)
    : [...(await find(prefixed, `library/${repository}`)), ...(await find(plain, repository))];
  const joined = joins.get(found);
  if (joined?.registry === registry) return joined.known as Known<Entry>[];
  const known = found.map((entry) => {
    const upstream = registry.upstreams.find(({ id }) => id === entry.upstreamId);
    if (!upstream) throw new Error("an entry was found for an upstream that was not asked for");
    return { ...entry, upstream };
  });
  const position = ({ upstream }: Known<Entry>) => registry.upstreams.indexOf(upstream);
  if (known.length > 1) known.sort((a, b) => position(a) - position(b));
  joins.set(found, { registry, known });
  return known;
}

/** What was found in memory is the same object each time: it is put together with its upstreams once. */
const joins = new WeakMap<object, { registry: Registry; known: unknown[] }>();

/** Ids of a registry's upstreams: all, and apart by what they take a name without a slash for. */
interface UpstreamIds {
  all: readonly number[];
  prefixed: readonly number[];
  plain: readonly number[];
}

/** The same registry object is pulled through thousands of times a second. */
const idsOf = new WeakMap<Registry, UpstreamIds>();

function upstreamsOf(registry: Registry): UpstreamIds {
  const known = idsOf.get(registry);
  if (known) return known;
  const ids = (upstreams: Upstream[]) => upstreams.map(({ id }) => id);
  const { upstreams } = registry;
  const made = {
    all: ids(upstreams),
    prefixed: ids(upstreams.filter(({ libraryPrefix }) => libraryPrefix)),
    plain: ids(upstreams.filter(({ libraryPrefix }) => !libraryPrefix)),
  };
  idsOf.set(registry, made);
  return made;
}
