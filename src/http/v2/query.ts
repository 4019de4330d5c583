import { type Digest, parseDigest } from "../../oci/digest.ts";
import { RegistryError } from "../../oci/error.ts";
import { isMediaType } from "../../oci/list.ts";
import { isTag } from "../../oci/reference.ts";
import type { ReferrersPage, TagsPage } from "../../pull/contract.ts";

/** Of digits: what is larger is as good as no limit. */
const maxDigits = 32;
const maxMediaType = 255;

/** The page of a list of tags that a query asks for; throws `RegistryError` for a parameter that cannot be. */
export function tagsPage(query: URLSearchParams): TagsPage {
  const n = one(query, "n");
  const last = one(query, "last");
  if (n !== undefined && (n.length > maxDigits || !/^\d+$/.test(n))) {
    throw new RegistryError("bad_request", "n must be a whole number from 0 on");
  }
  if (last !== undefined && !isTag(last)) {
    throw new RegistryError("bad_request", "last must be a tag: the last one of the page before");
  }
  return { n: n === undefined ? undefined : Number(n), last };
}

/** The same for a list of referrers. */
export function referrersPage(query: URLSearchParams): ReferrersPage {
  const artifactType = one(query, "artifactType");
  if (artifactType !== undefined && !isArtifactType(artifactType)) {
    const message = "artifactType must be a media type, type/subtype, of at most 255 characters";
    throw new RegistryError("bad_request", message);
  }
  return { artifactType, last: lastDigest(query) };
}

function isArtifactType(text: string): boolean {
  return text.length <= maxMediaType && isMediaType(text);
}

function lastDigest(query: URLSearchParams): Digest | undefined {
  const text = one(query, "last");
  if (text === undefined) return undefined;
  const last = parseDigest(text);
  if (last) return last;
  throw new RegistryError("bad_request", "last must be a digest: the last one of the page before");
}

/** Of a parameter that stands twice, two readers could take two different ones. */
function one(query: URLSearchParams, name: string): string | undefined {
  const [value, ...others] = query.getAll(name);
  if (others.length === 0) return value;
  throw new RegistryError("bad_request", `${name} must not be given more than once`);
}
