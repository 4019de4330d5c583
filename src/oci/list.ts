import { JsonLimitError, parseStrictJson } from "../lib/strict-json.ts";
import { parseDigest, type Digest } from "./digest.ts";
import { isTag } from "./reference.ts";

const jsonLimits = { depth: 16, elements: 400_000 };
/** RFC 6838, section 4.2: each half has at most 127 characters. */
const mediaTypeGrammar =
  /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/;

/** A manifest that refers to another one by its `subject`, as the referrers API describes it. */
export interface Referrer {
  mediaType: string;
  digest: Digest;
  size: number;
  artifactType?: string;
  annotations?: Record<string, string>;
}

/** The document is not a list that this server takes; the message says why. */
export class ListError extends Error {
  override readonly name = "ListError";
}

export function isMediaType(text: string): boolean {
  return mediaTypeGrammar.test(text);
}

/** The tags of a page (distribution-spec, "Listing Tags"), but those that are none. Throws `ListError`. */
export function parseTags(payload: Uint8Array): string[] {
  const { tags } = readObject(payload);
  if (tags === null) return []; // what Go makes of an empty list
  if (!Array.isArray(tags)) throw new ListError("it has no list of tags");
  return tags.filter((tag): tag is string => typeof tag === "string" && isTag(tag));
}

/**
 * The descriptors of an index (distribution-spec, "Listing Referrers"), but those that nobody could pull by: of each, only
 * the fields that say what it is. Throws `ListError`.
 */
export function parseReferrers(payload: Uint8Array): Referrer[] {
  const { manifests } = readObject(payload);
  if (manifests === null) return []; // as with tags
  if (!Array.isArray(manifests)) throw new ListError("it is not an index");
  return manifests.flatMap((value) => referrer(value) ?? []);
}

function readObject(payload: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseStrictJson(new TextDecoder("utf-8", { fatal: true }).decode(payload), jsonLimits);
  } catch (error) {
    const reason = error instanceof JsonLimitError ? error.message : "it does not parse";
    throw new ListError(`it is not acceptable JSON: ${reason}`, { cause: error });
  }
  if (!isObject(value)) throw new ListError("it is not a JSON object");
  return value;
}

function referrer(value: unknown): Referrer | undefined {
  if (!isObject(value)) return undefined;
  const { mediaType, digest: text, size, artifactType, annotations } = value;
  const digest = typeof text === "string" ? parseDigest(text) : undefined;
  if (!digest || !Number.isSafeInteger(size) || (size as number) < 0) return undefined;
  if (typeof mediaType !== "string" || !isMediaType(mediaType)) return undefined;
  const type = typeof artifactType === "string" && isMediaType(artifactType) && artifactType;
  const texts = isObject(annotations) && textsOf(annotations);
  return {
    mediaType,
    digest,
    size: size as number,
    ...(type && { artifactType: type }),
    ...(texts && { annotations: texts }),
  };
}

function textsOf(annotations: Record<string, unknown>): Record<string, string> {
  const texts = Object.entries(annotations).filter((entry): entry is [string, string] => {
    return typeof entry[1] === "string";
  });
  return Object.fromEntries(texts);
}

/** Whether it is a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
