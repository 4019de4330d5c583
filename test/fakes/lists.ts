import { type Digest, parseDigest } from "../../src/oci/digest.ts";
import { mediaTypes } from "../../src/oci/manifest.ts";
import type { SeenRequest, WireAnswer } from "./wire.ts";

/** What a fake registry lists, as real ones do; all of it may be changed at any time. */
export interface FakeLists {
  /** Whether it lists tags at all; else 404. */
  tags: boolean;
  /** Whether it has the referrers API; else 404, and whoever pushes keeps the fallback tag. */
  referrers: boolean;
  /** So many on a page at most, the rest by `Link`. */
  page: number;
  /** Says where the next page is; undefined: where it is. */
  link: ((target: string) => string) | undefined;
}

export interface Stored {
  bytes: Uint8Array;
  type: string;
  digest: Digest;
}

/** The list that a path stands for; undefined for other paths, and where there is none. */
export function listed(
  request: SeenRequest,
  files: ReadonlyMap<string, Stored>,
  lists: FakeLists,
): WireAnswer | undefined {
  const [, repository = "", what = ""] =
    /^\/v2\/(.+)\/(tags\/list|referrers\/[^/]+)$/.exec(request.path) ?? [];
  if (what === "") return undefined;
  const prefix = `/v2/${repository}/manifests/`;
  const manifests = [...files].filter(([path]) => path.startsWith(prefix));
  if (manifests.length === 0) return undefined;
  if (what !== "tags/list") {
    const subject = what.slice("referrers/".length);
    const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex };
    const all = manifests.flatMap(([path, stored]) => referrer(path, stored, subject) ?? []);
    if (!lists.referrers) return undefined;
    return page(request, all, lists, mediaTypes.ociIndex, (some) => ({
      ...index,
      manifests: some,
    }));
  }
  const names = manifests.map(([path]) => path.slice(prefix.length));
  const tags = names.filter((name) => !name.includes(":")).sort();
  if (!lists.tags) return undefined;
  return page(request, tags, lists, "application/json", (some) => ({
    name: repository,
    tags: some,
  }));
}

/** The descriptor of a manifest with this subject. */
function referrer(path: string, { bytes, type, digest }: Stored, subject: string) {
  if (!parseDigest(path.slice(path.lastIndexOf("/") + 1))) return undefined;
  const manifest = JSON.parse(new TextDecoder().decode(bytes)) as {
    subject?: { digest: string };
    artifactType?: string;
    annotations?: Record<string, string>;
  };
  if (manifest.subject?.digest !== subject) return undefined;
  const { artifactType, annotations } = manifest;
  return { mediaType: type, digest, size: bytes.length, artifactType, annotations };
}

function page<T>(
  { path, query }: SeenRequest,
  all: readonly T[],
  { page: most, link }: FakeLists,
  type: string,
  body: (some: readonly T[]) => object,
): WireAnswer {
  const last = query.get("last");
  const start = last === null ? 0 : all.findIndex((one) => cursor(one) === last) + 1;
  const n = Math.min(Number(query.get("n") ?? Infinity), most);
  const some = all.slice(start, start + n);
  const end = some.at(-1);
  const headers: Record<string, string> = { "content-type": type };
  if (end !== undefined && start + n < all.length) {
    const target = `${path}?${new URLSearchParams({ n: String(n), last: cursor(end) })}`;
    headers["link"] = `<${link?.(target) ?? target}>; rel="next"`;
  }
  const bytes = new TextEncoder().encode(JSON.stringify(body(some)));
  return { status: 200, headers, body: bytes, framing: "length" };
}

function cursor(one: unknown): string {
  return typeof one === "string" ? one : (one as { digest: string }).digest;
}
