import type { PrefetchCounts, Registry } from "../../metadata/contract.ts";
import type { Digest } from "../../oci/digest.ts";
import { RegistryError } from "../../oci/error.ts";
import { type Child, mediaTypes, parseManifest } from "../../oci/manifest.ts";
import type { ImageName, Reference } from "../../oci/reference.ts";
import type { Bringing, BroughtManifest } from "./contract.ts";
import { isWanted } from "./platforms.ts";

/** Objects of one image that are asked for at a time. */
const width = 3;
/** Indexes within indexes. */
const maxDepth = 3;
/** Of one image with all its platforms. */
const maxObjects = 20_000;
/** Layers that are not had from registries: clients get them elsewhere, and we do not (security S10). */
const elsewhere = /\.(?:foreign|nondistributable)\b/;

interface Item {
  kind: Child["kind"];
  reference: Reference;
  size: number;
  depth: number;
}

interface Options {
  bringing: Bringing;
  name: ImageName;
  platforms: readonly string[];
  /** What the reference was found to be before, in this run: then it stays that. */
  digest: Digest | undefined;
}

/** One image, object by object: its manifest or index, the members that are wanted, and what they name. */
export class ImageWalk {
  readonly #options: Options;
  #left: Item[];
  readonly #seen = new Set<Digest>();
  readonly done: PrefetchCounts = { objects: 0, bytes: 0 };
  readonly total: PrefetchCounts = { objects: 1, bytes: 0 };
  /** Of the image as a whole, once it is known. */
  digest: Digest | undefined;

  constructor(options: Options) {
    const { name, digest } = options;
    this.#options = options;
    this.digest = digest;
    const reference = digest ? ({ kind: "digest", digest } as const) : name.reference;
    this.#left = [{ kind: "manifest", reference, size: 0, depth: 0 }];
  }

  get isOver(): boolean {
    return this.#left.length === 0;
  }

  /** Brings some objects. Throws what one of them could not be brought for, which is then asked for again by the next call. */
  async advance(registry: Registry): Promise<void> {
    const items = this.#left.splice(0, width);
    const outcomes = await Promise.allSettled(items.map((item) => this.#bring(registry, item)));
    const failed = outcomes.flatMap((outcome, i) => {
      const item = items[i];
      return outcome.status === "rejected" && item
        ? [{ item, error: outcome.reason as unknown }]
        : [];
    });
    this.#left.unshift(...failed.map(({ item }) => item));
    const [first] = failed;
    if (first) throw first.error;
  }

  async #bring(registry: Registry, { kind, reference, size, depth }: Item): Promise<void> {
    const { bringing, name } = this.#options;
    if (kind === "manifest") {
      const brought = await bringing.prefetchManifest(registry, name.repository, reference);
      requireKept(brought);
      this.#read(brought, depth);
      this.#count(size, brought.payload.length);
    } else if (reference.kind === "digest") {
      const brought = await bringing.prefetchBlob(registry, name.repository, reference.digest);
      this.#count(size, brought.size);
    }
  }

  #read({ digest, payload, contentType }: BroughtManifest, depth: number): void {
    this.digest ??= digest;
    this.#seen.add(digest);
    const { mediaType, children } = parseManifest(payload, contentType);
    const isIndex = mediaType === mediaTypes.ociIndex || mediaType === mediaTypes.dockerList;
    const wanted = isIndex ? this.#members(children, depth) : children;
    for (const { kind, digest: child, size, mediaType: type } of wanted) {
      if (this.#seen.has(child) || elsewhere.test(type)) continue;
      this.#seen.add(child);
      const item = {
        kind,
        reference: { kind: "digest", digest: child },
        size,
        depth: depth + 1,
      } as const;
      if (kind === "manifest") this.#left.unshift(item);
      else this.#left.push(item);
      this.total.objects++;
      this.total.bytes += size;
    }
    if (this.total.objects > maxObjects) throw unfit("the image names too many objects");
  }

  /** Members without a platform can be indexes of those that are wanted. */
  #members(children: readonly Child[], depth: number): Child[] {
    if (depth >= maxDepth) throw unfit("indexes lie too deep in the image's index");
    const { platforms } = this.#options;
    const isIndex = ({ mediaType: type }: Child) =>
      type === mediaTypes.ociIndex || type === mediaTypes.dockerList;
    const found = children.filter(
      (one) => isWanted(platforms, one.platform) || (one.platform === undefined && isIndex(one)),
    );
    if (found.length > 0 || children.length === 0) return found;
    throw unfit(`the image has no member for ${platforms.join(", ")}`);
  }

  /** What a manifest says of sizes can be wrong, and of the first one nothing is said. */
  #count(expected: number, size: number): void {
    this.total.bytes += size - expected;
    this.done.objects++;
    this.done.bytes += size;
  }
}

/** It cannot be brought, whatever is tried again. */
export class UnfitImage extends Error {
  override readonly name = "UnfitImage";
}

const unfit = (message: string) => new UnfitImage(message);

function requireKept({ explanation: { status, reason } }: BroughtManifest): void {
  // Served all the same, to whoever pulls; whether it is what the upstream has now is not known.
  if (status === "stale") {
    throw new RegistryError(
      "upstream_unavailable",
      `the cached copy could not be checked: ${reason}`,
    );
  }
  if (status === "bypass") throw new RegistryError("unavailable", "the manifest was not stored");
}
