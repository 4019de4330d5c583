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
  find: (upstreamIds: number[], name: string) => Promise<Entry[]>,
): Promise<Known<Entry>[]> {
  const known: Known<Entry>[] = [];
  for (const [name, upstreams] of upstreamsByName(registry, repository)) {
    const ids = upstreams.map(({ id }) => id);
    for (const entry of await find(ids, name)) {
      const upstream = upstreams.find(({ id }) => id === entry.upstreamId);
      if (upstream) known.push({ ...entry, upstream });
    }
  }
  const position = ({ upstream }: Known<Entry>) => registry.upstreams.indexOf(upstream);
  return known.length > 1 ? known.sort((a, b) => position(a) - position(b)) : known;
}

/** The registry's upstreams by what the repository is called there: one group, at most two. */
function upstreamsByName(registry: Registry, repository: string): [string, Upstream[]][] {
  if (repository.includes("/")) return [[repository, registry.upstreams]];
  const prefixed = registry.upstreams.filter((upstream) => upstream.libraryPrefix);
  const plain = registry.upstreams.filter((upstream) => !upstream.libraryPrefix);
  const groups: [string, Upstream[]][] = [
    [`library/${repository}`, prefixed],
    [repository, plain],
  ];
  return groups.filter(([, upstreams]) => upstreams.length > 0);
}
