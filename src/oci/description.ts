import { JsonLimitError, parseStrictJson } from "../lib/strict-json.ts";
import { type Digest, parseDigest } from "./digest.ts";
import { isMediaType, isObject } from "./list.ts";
import { essence, mediaTypes, platformOf } from "./manifest.ts";

/** Fewer than a manifest may have: whoever looks at an entry again and again is not to hold up pulls. */
const jsonLimits = { depth: 64, elements: 100_000 };

export interface Descriptor {
  mediaType: string;
  digest: Digest;
  size: number;
  /** `os/architecture[/variant]`. */
  platform: string | undefined;
  annotations: Record<string, string>;
}

/** A manifest or index as people want to see it, whatever this server acts on. */
export interface ManifestDescription {
  artifactType: string | undefined;
  annotations: Record<string, string>;
  subject: Descriptor | undefined;
  config: Descriptor | undefined;
  layers: Descriptor[];
  /** Of an index: its members. */
  members: Descriptor[];
  /** Something was left out, since it is too much. */
  isTruncated: boolean;
}

export interface DescriptionBounds {
  /** Layers or members, of each. */
  descriptors: number;
  /** Characters of all annotations of one thing. */
  annotations: number;
}

/** Reads as much as fits of a document that was taken as a manifest before. What is not as it should be is left out. */
export function describeManifest(
  payload: Uint8Array,
  contentType: string,
  bounds: DescriptionBounds,
): ManifestDescription {
  const document = readDocument(payload);
  let isTruncated = document === undefined;
  const left = () => {
    isTruncated = true;
  };
  const one = (value: unknown) => descriptor(value, bounds, left);
  const list = (name: string) => {
    const value = document?.[name];
    if (!Array.isArray(value)) return [];
    if (value.length > bounds.descriptors) left();
    return value.slice(0, bounds.descriptors).flatMap((each) => one(each) ?? []);
  };
  const type = essence(contentType);
  const isIndex = type === mediaTypes.ociIndex || type === mediaTypes.dockerList;
  const artifactType = document?.["artifactType"];
  const described = {
    artifactType:
      typeof artifactType === "string" && isMediaType(artifactType) ? artifactType : undefined,
    annotations: textsWithin(document?.["annotations"], bounds.annotations, left),
    subject: one(document?.["subject"]),
    config: isIndex ? undefined : one(document?.["config"]),
    layers: isIndex ? [] : list("layers"),
    members: isIndex ? list("manifests") : [],
  };
  return { ...described, isTruncated };
}

/** Undefined for what nobody could have pulled. */
function readDocument(payload: Uint8Array): Record<string, unknown> | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(payload);
    const value = parseStrictJson(text, jsonLimits);
    return isObject(value) ? value : undefined;
  } catch (error) {
    if (error instanceof JsonLimitError || error instanceof SyntaxError) return undefined;
    if (error instanceof TypeError) return undefined; // not UTF-8
    throw error;
  }
}

const maxMediaType = 255;

function descriptor(
  value: unknown,
  bounds: DescriptionBounds,
  left: () => void,
): Descriptor | undefined {
  if (!isObject(value)) return undefined;
  const { mediaType, digest: text, size } = value;
  const digest = typeof text === "string" ? parseDigest(text) : undefined;
  if (!digest || typeof mediaType !== "string" || !isSize(size)) return undefined;
  return {
    mediaType: mediaType.slice(0, maxMediaType),
    digest,
    size,
    platform: platformOf(value["platform"]),
    annotations: textsWithin(value["annotations"], bounds.annotations, left),
  };
}

const isSize = (size: unknown): size is number => Number.isSafeInteger(size) && Number(size) >= 0;

/** As many of the texts, in their order, as have so many characters together with their names. */
export function textsWithin(
  value: unknown,
  most: number,
  left: () => void,
): Record<string, string> {
  if (!isObject(value)) return {};
  const texts: [string, string][] = [];
  let length = 0;
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== "string") continue;
    length += name.length + text.length;
    if (length > most) {
      left();
      break;
    }
    texts.push([name, text]);
  }
  return Object.fromEntries(texts);
}
