import {
  archiveFiles,
  type ArchivedImage,
  diffIds,
  isElsewhere,
  type DockerImage,
  localManifest,
  parseDockerManifest,
  parseLayoutIndex,
} from "../../oci/archive.ts";
import { type Digest, digestOf, hexOf } from "../../oci/digest.ts";
import {
  type Child,
  type Manifest,
  ManifestError,
  mediaTypes,
  parseManifest,
} from "../../oci/manifest.ts";
import { ImportError } from "./contract.ts";
import type { Held, Shelf } from "./shelf.ts";

/** A manifest of an archive that is right, with everything below it that the archive has. */
export interface Admitted {
  digest: Digest;
  payload: Uint8Array;
  manifest: Manifest;
  members: Admitted[];
  blobs: { child: Child; held: Held }[];
  /** Named, and not in the archive. */
  absent: number;
}

/** An index of indexes of images is more than any tool writes. */
const maxDepth = 4;

/** The images that stand at the top of an archive, each verified down to the last blob. */
export async function admitted(shelf: Shelf): Promise<(Pick<ArchivedImage, "names"> & Admitted)[]> {
  const images = await imagesOf(shelf);
  if (images.length === 0) throw new ImportError("archive", "the archive has no image");
  const known = new Map<Digest, Promise<Admitted>>();
  const all: (Pick<ArchivedImage, "names"> & Admitted)[] = [];
  for (const { descriptor, names, payload } of images) {
    const held = payload ? { ...descriptor, bytes: payload } : shelf.find(descriptor.digest);
    if (!held) throw lacking("a manifest that its index names", descriptor.digest);
    all.push({ ...(await admit(shelf, held, descriptor, known, 1)), names });
  }
  return all;
}

/** With `payload`, the manifest is one that was made here. */
type Top = ArchivedImage & { payload?: Uint8Array };

async function imagesOf(shelf: Shelf): Promise<Top[]> {
  const index = shelf.file(archiveFiles.index);
  // Docker's newer form is both; the layout has the manifests as they were pulled.
  if (index?.bytes) return parseLayoutIndex(index.bytes);
  const docker = shelf.file(archiveFiles.docker);
  if (!docker?.bytes) {
    const text = "it is no image archive: it has neither index.json nor manifest.json";
    throw new ImportError("archive", text);
  }
  const images: Top[] = [];
  for (const image of parseDockerManifest(docker.bytes))
    images.push(await dockerImage(shelf, image));
  return images;
}

/** An image without a manifest: its configuration says what its layers are, and the manifest is made from both. */
async function dockerImage(
  shelf: Shelf,
  { config: name, layers, names }: DockerImage,
): Promise<Top> {
  const config = shelf.file(name);
  const content = config && (await shelf.content(config));
  if (!content) throw new ImportError("archive", `the archive lacks the configuration ${name}`);
  const said = /(?:^|\/)([0-9a-f]{64})(?:\.json)?$/.exec(name)?.[1];
  if (said !== undefined && said !== hexOf(config.digest)) {
    throw new ImportError("archive", `the archive's bytes are not the configuration ${name}`);
  }
  const ids = diffIds(content);
  if (ids.length !== layers.length) {
    throw new ImportError("archive", "an image has not as many layers as its configuration names");
  }
  const held = layers.map((layer, i) => {
    const found = shelf.file(layer);
    if (!found) throw new ImportError("archive", `the archive lacks the layer ${layer}`);
    if (found.digest !== ids[i]) {
      const text = `the layer ${layer} is not the one that the configuration names`;
      throw new ImportError("archive", text);
    }
    return found;
  });
  const payload = localManifest(config, held);
  const digest = digestOf(payload);
  const mediaType = mediaTypes.dockerManifest;
  return { descriptor: { mediaType, digest, size: payload.length }, names, payload };
}

function admit(
  shelf: Shelf,
  held: Held,
  described: { mediaType: string; digest: Digest; size: number },
  known: Map<Digest, Promise<Admitted>>,
  depth: number,
): Promise<Admitted> {
  const { digest } = described;
  if (held.size !== described.size) throw wrongSize(digest);
  const found = known.get(digest);
  if (found) return found;
  if (depth > maxDepth) throw new ImportError("archive", "indexes are nested too deeply");
  const admitting = look(shelf, held, described, known, depth);
  known.set(digest, admitting);
  return admitting;
}

async function look(
  shelf: Shelf,
  held: Held,
  { mediaType, digest }: { mediaType: string; digest: Digest },
  known: Map<Digest, Promise<Admitted>>,
  depth: number,
): Promise<Admitted> {
  const payload = await shelf.content(held);
  if (!payload) throw new ImportError("archive", `the manifest ${digest} is too large`);
  const manifest = parsed(payload, mediaType, digest);
  const result: Admitted = { digest, payload, manifest, members: [], blobs: [], absent: 0 };
  for (const child of manifest.children) {
    const found = shelf.find(child.digest);
    if (!found && child.kind === "blob" && !isElsewhere(child)) {
      throw lacking(`a blob of ${digest}`, child.digest);
    }
    if (!found) result.absent++;
    else if (child.kind === "manifest") {
      const member = await admit(shelf, found, child, known, depth + 1);
      result.members.push(member);
    } else if (found.size === child.size) result.blobs.push({ child, held: found });
    else throw wrongSize(child.digest);
  }
  if (manifest.children.length > 0 && result.members.length + result.blobs.length === 0) {
    throw new ImportError("archive", `the archive has nothing of what ${digest} names`);
  }
  return result;
}

function parsed(payload: Uint8Array, mediaType: string, digest: Digest): Manifest {
  try {
    return parseManifest(payload, mediaType);
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    throw new ImportError("archive", `${digest}: ${error.message}`, { cause: error });
  }
}

const lacking = (what: string, digest: Digest) =>
  new ImportError("archive", `the archive lacks ${what}: ${digest}`);

const wrongSize = (digest: Digest) =>
  new ImportError("archive", `the size of ${digest} is not the one that is said of it`);
