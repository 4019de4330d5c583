import type { components } from "../../api/schema.ts";
import type { UpstreamDetail } from "../registries/queries.ts";
import { type Problems, readBytes, writeBytes } from "./bytes.ts";

export type UpstreamChanges = components["schemas"]["UpstreamChanges"];

/** What can be changed of an upstream by its form, as fields hold it. The login and the rules have forms of their own. */
export const fieldsOf = (upstream: UpstreamDetail) => ({
  name: upstream.name,
  description: upstream.description ?? "",
  url: upstream.url,
  ca: upstream.ca ?? "",
  token_realm: upstream.token_realm ?? "",
  cache_validity_hours: String(upstream.cache_validity_hours),
  stale_if_absent_hours: String(upstream.stale_if_absent_hours),
  stale_while_revalidate: upstream.stale_while_revalidate,
  denied_means: upstream.denied_means as string,
  library_prefix: upstream.library_prefix,
  cache_max_bytes: writeBytes(upstream.cache_max_bytes),
  access: upstream.access as string,
  verified_group: upstream.verified_group ?? "",
});

export type UpstreamForm = ReturnType<typeof fieldsOf>;

export const labels: Readonly<Record<keyof UpstreamForm, string>> = {
  name: "Name",
  description: "Description",
  url: "URL",
  ca: "Certificates",
  token_realm: "Token service",
  cache_validity_hours: "Hours until a tag is checked",
  stale_if_absent_hours: "Hours a tag that is gone is still served",
  stale_while_revalidate: "Check behind the client's back",
  denied_means: "What “denied” means",
  library_prefix: "Names without a slash are those of library/",
  cache_max_bytes: "Cache at most",
  access: "Who may have its images",
  verified_group: "The group",
};

export interface Sent {
  changes: UpstreamChanges;
  /** What cannot be sent, by field. */
  problems: Problems;
}

/** What was typed as the API takes it. */
export function changesOf(typed: Partial<UpstreamForm>, values: UpstreamForm): Sent {
  const problems: Problems = {};
  const changes: UpstreamChanges = {};
  for (const field of ["name", "url"] as const) {
    if (typed[field] !== undefined) changes[field] = typed[field].trim();
  }
  for (const field of ["description", "ca", "token_realm"] as const) {
    if (typed[field] !== undefined) changes[field] = typed[field].trim() || null;
  }
  for (const field of ["cache_validity_hours", "stale_if_absent_hours"] as const) {
    const text = typed[field]?.trim();
    if (text === undefined) continue;
    if (/^\d{1,6}$/.test(text)) changes[field] = Number(text);
    else problems[field] = ["must be a number of hours, 0 to 87600"];
  }
  for (const field of ["stale_while_revalidate", "library_prefix"] as const) {
    if (typed[field] !== undefined) changes[field] = typed[field];
  }
  if (typed.denied_means !== undefined) {
    changes.denied_means = typed.denied_means === "absent" ? "absent" : "unsure";
  }
  if (typed.cache_max_bytes !== undefined) {
    const bytes = readBytes(typed.cache_max_bytes);
    if (bytes === undefined) problems["cache_max_bytes"] = ["must be a size, such as 50 GiB"];
    else changes.cache_max_bytes = bytes;
  }
  if (typed.access !== undefined || typed.verified_group !== undefined) {
    Object.assign(changes, readers(values, problems));
  }
  return { changes, problems };
}

/** Both together, as the API wants them. */
function readers({ access, verified_group: group }: UpstreamForm, problems: Problems) {
  if (access === "shared") return { access: "shared" as const, verified_group: null };
  if (group.trim() === "") problems["verified_group"] = ["is missing: say whose members may"];
  return { access: "verified" as const, verified_group: group.trim() };
}
