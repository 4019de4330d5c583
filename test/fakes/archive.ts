import { archiveEnd, formatHeader, padding } from "../../src/lib/tar/header.ts";
import { readTar } from "../../src/lib/tar/reader.ts";
import { type Digest, digestOf, hexOf } from "../../src/oci/digest.ts";
import type { BuiltImage } from "./image.ts";

export type ArchiveFiles = Map<string, Uint8Array>;

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const pathOf = (digest: Digest) => `blobs/${digest.replace(":", "/")}`;

/** The files of an OCI layout of one image. */
export function layout(image: BuiltImage, annotations: Record<string, string> = {}): ArchiveFiles {
  const files: ArchiveFiles = new Map();
  const add = ({ digest, payload, blobs, members }: BuiltImage) => {
    for (const [one, bytes] of blobs) files.set(pathOf(one), bytes);
    files.set(pathOf(digest), payload);
    for (const member of members) add(member);
  };
  add(image);
  const { mediaType, digest, payload } = image;
  const descriptor = { mediaType, digest, size: payload.length, annotations };
  files.set("index.json", encode({ schemaVersion: 2, manifests: [descriptor] }));
  files.set("oci-layout", encode({ imageLayoutVersion: "1.0.0" }));
  return files;
}

/** The same as `docker save` wrote it before it wrote layouts. */
export function dockerSave(layers: Uint8Array[], tags: string[] | null): ArchiveFiles {
  const config = encode({
    architecture: "amd64",
    os: "linux",
    rootfs: { type: "layers", diff_ids: layers.map((layer) => digestOf(layer)) },
  });
  const name = (bytes: Uint8Array) => hexOf(digestOf(bytes));
  const files: ArchiveFiles = new Map([[`${name(config)}.json`, config]]);
  const paths = layers.map((layer) => `${name(layer)}/layer.tar`);
  layers.forEach((layer, i) => files.set(paths[i] ?? "", layer));
  files.set(`${name(layers[0] ?? config)}/VERSION`, new TextEncoder().encode("1.0"));
  files.set(
    "manifest.json",
    encode([{ Config: `${name(config)}.json`, RepoTags: tags, Layers: paths }]),
  );
  return files;
}

export function tarOf(files: ArchiveFiles): Uint8Array<ArrayBuffer> {
  const parts = [...files].flatMap(([name, bytes]) => [
    formatHeader(name, bytes.length),
    bytes,
    padding(bytes.length),
  ]);
  return new Uint8Array(Buffer.concat([...parts, archiveEnd]));
}

export async function untar(archive: Uint8Array): Promise<ArchiveFiles> {
  const files: ArchiveFiles = new Map();
  const source = async function* () {
    yield archive;
  };
  for await (const entry of readTar(source())) {
    const parts: Uint8Array[] = [];
    for await (const part of entry.bytes()) parts.push(part.slice());
    files.set(entry.name, new Uint8Array(Buffer.concat(parts)));
  }
  return files;
}
