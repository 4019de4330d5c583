import { yieldTurn } from "../../lib/clock.ts";
import { CompressionError, decompressed } from "../../lib/decompress.ts";
import { TarError } from "../../lib/tar/header.ts";
import type { CacheEvent, Upstream } from "../../metadata/contract.ts";
import { ArchiveError, type ArchivedName } from "../../oci/archive.ts";
import type { Digest } from "../../oci/digest.ts";
import { blobContentType } from "../content-type.ts";
import { repositoryAt } from "../names.ts";
import { denyingRule } from "../rules.ts";
import { type Admitted, admitted } from "./admit.ts";
import { type Imported, type ImportedImage, ImportError, type ImportOptions } from "./contract.ts";
import { Shelf, type ShelfOptions } from "./shelf.ts";

type Named = ImportedImage & { content: Admitted };

/** Of all images together: for each of them all that it needs gets entries. */
const maxNames = 1000;
/** Made without pulls having their turn in between. */
const entriesPerTurn = 10;

/** See `Images`. */
export async function importArchive(
  upstream: Upstream,
  archive: AsyncIterable<Uint8Array>,
  wanted: ImportOptions,
  options: ShelfOptions & { told: (event: CacheEvent) => void },
): Promise<Imported> {
  const { shelf, named } = await read(upstream, archive, wanted, options);
  const imported = summary(named);
  for (const [, held] of blobsOf(named)) await shelf.store(held);
  await wanted.vouched(imported);
  const happened: CacheEvent[] = [];
  for (const image of named) await publish(upstream, image, options, happened);
  await requireEntries(upstream, named, options);
  for (const event of happened) options.told(event);
  return imported;
}

async function read(
  upstream: Upstream,
  archive: AsyncIterable<Uint8Array>,
  wanted: ImportOptions,
  options: ShelfOptions,
): Promise<{ shelf: Shelf; named: Named[] }> {
  try {
    const shelf = await Shelf.fill(decompressed(archive), options);
    const images = await admitted(shelf);
    if (wanted.tag !== undefined && images.length !== 1) {
      const text = `must be left out: the archive has ${images.length} images`;
      throw new ImportError("wanted", text, { field: "tag" });
    }
    const named = images.flatMap(({ names, ...content }) => {
      const all: ArchivedName[] =
        names.length > 0 ? names : [{ repository: undefined, tag: undefined }];
      const [first] = all;
      // Who says how it is called means one name.
      const own = wanted.tag !== undefined && first ? [first] : all;
      return own.map((name) => ({
        ...nameFor(upstream, name, wanted),
        digest: content.digest,
        content,
      }));
    });
    if (named.length > maxNames) {
      throw new ImportError("archive", `its images have more than ${maxNames} names`);
    }
    return { shelf, named };
  } catch (error) {
    const isArchives = [TarError, CompressionError, ArchiveError].some(
      (kind) => error instanceof kind,
    );
    if (!isArchives) throw error;
    const text = (error as Error).message;
    const said = error instanceof TarError ? `no tar of images, or a damaged one: ${text}` : text;
    throw new ImportError("archive", said, { cause: error });
  }
}

/** What an image is to be called here. Throws where that is not said, or no pull could ask for it. */
function nameFor(
  upstream: Upstream,
  said: ArchivedName,
  wanted: ImportOptions,
): Pick<ImportedImage, "repository" | "tag"> {
  const name = wanted.repository ?? said.repository;
  if (name === undefined) {
    const text = "is missing: the archive does not say what its images are called";
    throw new ImportError("wanted", text, { field: "repository" });
  }
  const repository = repositoryAt(upstream, name);
  const tag = wanted.tag ?? said.tag;
  if (denyingRule(upstream, repository, tag)) {
    const text = `must be another: the upstream's rules do not allow ${repository}${tag === undefined ? "" : `:${tag}`}`;
    throw new ImportError("wanted", text, { field: "repository" });
  }
  return { repository, tag };
}

function summary(named: readonly Named[]): Imported {
  const blobs = blobsOf(named);
  const bytes = [...blobs.values()].reduce((sum, { size }) => sum + size, 0);
  return {
    images: named.map(({ repository, tag, digest }) => ({ repository, tag, digest })),
    blobs: blobs.size,
    bytes,
    absent: all(contentsOf(named)).reduce((sum, one) => sum + one.absent, 0),
  };
}

/** Manifests and all below them, each once however often it is named, and what is named before what names it. */
function all(contents: readonly Admitted[]): Admitted[] {
  const found = new Map<Digest, Admitted>();
  const seen = new Set<Digest>();
  const visit = (content: Admitted) => {
    if (seen.has(content.digest)) return;
    seen.add(content.digest);
    for (const member of content.members) visit(member);
    found.set(content.digest, content);
  };
  for (const content of contents) visit(content);
  return [...found.values()];
}

const contentsOf = (named: readonly Named[]) => named.map(({ content }) => content);

function blobsOf(named: readonly Named[]) {
  const pairs = all(contentsOf(named)).flatMap(({ blobs }) =>
    blobs.map(({ held }) => [held.digest, held] as const),
  );
  return new Map(pairs);
}

/** Bytes first, then what names them, the tag last: a pull that comes in between, or a kill, meets nothing half. */
async function publish(
  upstream: Upstream,
  { repository, tag, digest, content }: Named,
  { cache, clock }: ShelfOptions,
  happened: CacheEvent[],
): Promise<void> {
  const of = {
    groupId: upstream.groupId,
    upstreamId: upstream.id,
    upstreamVersion: upstream.version,
    repository,
    etag: undefined,
  };
  const done = new Set<Digest>();
  for (const { digest: own, payload, manifest, blobs } of all([content])) {
    for (const { child } of blobs) {
      if (done.has(child.digest)) continue;
      done.add(child.digest);
      if (done.size % entriesPerTurn === 0) await yieldTurn();
      const contentType = blobContentType(undefined);
      const shown = { ...of, kind: "blob", reference: child.digest, digest: child.digest } as const;
      const now = clock.now();
      // On record since the archive was read.
      if (!(await cache.storeBlob({ ...shown, contentType, size: child.size, now }, true))) {
        throw new ImportError("changed", `${child.digest} is just being deleted; import it again`);
      }
      happened.push(storedEvent(upstream, repository, { tag: undefined, size: child.size }));
    }
    const { mediaType, children } = manifest;
    const fetched = { ...of, digest: own, mediaType, payload, children, now: clock.now() };
    const ownTag = own === digest ? tag : undefined;
    const [before] = ownTag ? await cache.manifests([upstream.id], repository, ownTag) : [];
    await cache.storeManifest({ ...fetched, tag: ownTag });
    const size = payload.length;
    if (ownTag !== undefined && before?.proof === "shown" && before.digest !== own) {
      const details = { digest: own, previous_digest: before.digest, size };
      const replaced = { event: "cache.replaced", upstreamId: upstream.id, repository } as const;
      happened.push({ ...replaced, tag: ownTag, details });
    } else happened.push(storedEvent(upstream, repository, { tag: ownTag, size }));
    await yieldTurn();
  }
}

function storedEvent(
  { id: upstreamId }: Upstream,
  repository: string,
  { tag, size }: { tag: string | undefined; size: number },
): CacheEvent {
  return { event: "cache.stored", upstreamId, repository, tag, size };
}

/** What comes under an upstream's former settings is not stored, and nobody says so. */
async function requireEntries(
  { id, name }: Upstream,
  named: readonly Named[],
  { cache }: ShelfOptions,
): Promise<void> {
  for (const { repository, digest } of named) {
    const [entry] = await cache.manifests([id], repository, digest);
    if (entry?.proof === "shown") continue;
    const text = `upstream "${name}" was changed while the archive was read; import it again`;
    throw new ImportError("changed", text);
  }
}
