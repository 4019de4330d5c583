/** Where what is cached of an upstream is shown. */
export const upstreamPath = (upstreamId: number): string => `/cache/${upstreamId}`;

export function repositoryPath(upstreamId: number, repository: string): string {
  return `${upstreamPath(upstreamId)}/repository?${new URLSearchParams({ name: repository })}`;
}

export function entryPath(upstreamId: number, entryId: string): string {
  return `${upstreamPath(upstreamId)}/entries/${encodeURIComponent(entryId)}`;
}

export function purgePath(upstreamId: number, pattern: string): string {
  return `${upstreamPath(upstreamId)}?${new URLSearchParams({ view: "purge", pattern })}`;
}
