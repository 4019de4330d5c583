import type { Digest } from "../oci/digest.ts";
import { ListError, parseReferrers, parseTags, type Referrer } from "../oci/list.ts";
import { essence, mediaTypes } from "../oci/manifest.ts";
import { Answer } from "./answer.ts";
import type { Ask } from "./check.ts";
import { type Absent, absent, type ListedReferrers, type ListedTags } from "./contract.ts";
import { failure } from "./failure.ts";
import { readPages } from "./pages.ts";
import type { Wanted } from "./wanted.ts";

/** Tags a page; more is refused by some registries, fewer costs requests. */
const pageTags = 1000;
const maxTags = 100_000;
const maxReferrers = 10_000;
const tagBounds = { pages: 500, pageBytes: 8 << 20, bytes: 32 << 20 };
const referrerBounds = { pages: 100, pageBytes: 4 << 20, bytes: 8 << 20 };

type WantedList = Omit<Wanted, "method">;

/** All tags, each once, in no order. Throws `UpstreamError`. */
export async function readTags(wanted: WantedList, ask: Ask): Promise<ListedTags | Absent> {
  const { name } = wanted.upstream;
  const tags = new Set<string>();
  const page = async (query: string) => {
    const said = await ask({ ...wanted, method: "GET", query });
    return said instanceof Answer ? said : undefined;
  };
  const isThere = await readPages(name, page, `?n=${pageTags}`, tagBounds, (payload) => {
    for (const tag of parsed(name, () => parseTags(payload))) tags.add(tag);
    if (tags.size > maxTags) throw failure("invalid", name, "has more tags than can be listed");
  });
  return isThere ? { found: true, tags: [...tags] } : absent;
}

/** All referrers, each once, in no order. Throws `UpstreamError`. */
export async function readReferrers(
  wanted: WantedList,
  ask: Ask,
): Promise<ListedReferrers | Absent> {
  const { name } = wanted.upstream;
  const referrers = new Map<Digest, Referrer>();
  const page = async (query: string) => {
    const said = await ask({ ...wanted, method: "GET", query });
    if (!(said instanceof Answer)) return undefined;
    if (essence(said.headers.get("content-type")) === mediaTypes.ociIndex) return said;
    // Some answer 200 with a page of theirs to whatever they do not know.
    said.abandon();
    return undefined;
  };
  const isThere = await readPages(name, page, "", referrerBounds, (payload) => {
    for (const one of parsed(name, () => parseReferrers(payload))) referrers.set(one.digest, one);
    if (referrers.size > maxReferrers) {
      throw failure("invalid", name, "has more referrers than can be listed");
    }
  });
  return isThere ? { found: true, referrers: [...referrers.values()] } : absent;
}

function parsed<T>(upstream: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof ListError)) throw error;
    throw failure("invalid", upstream, `sent an unusable list: ${error.message}`);
  }
}
