import type { PullsWanted } from "./live.ts";

const withQuery = (path: string, fields: Readonly<Record<string, string | number | undefined>>) => {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  const query = new URLSearchParams(entries.map(([name, value]) => [name, String(value)]));
  return query.size === 0 ? path : `${path}?${query}`;
};

/** Where the live log is, with these filters, and one pull of it opened. */
export const livePath = (wanted: PullsWanted, pull?: string): string => {
  const { registry_id, upstream_id, repository, failed } = wanted;
  return withQuery("/live", { registry_id, upstream_id, repository, failed, pull });
};

/** Where it is explained what a pull would do: `library/alpine:3.20` of a registry. */
export const explainPath = (registryId: number | undefined, image?: string): string =>
  withQuery("/explain", { registry: registryId, image });

/** How an image is called: a digest is told from a tag by its colon. */
export const imageText = (repository: string, reference: string): string =>
  `${repository}${reference.includes(":") ? "@" : ":"}${reference}`;
