import type { Registry, Upstream } from "../../metadata/contract.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Reference } from "../../oci/reference.ts";
import type { ByteSource } from "../contract.ts";

/** Images in archives: brought into the cache by hand, and taken out of it. */
export interface Images {
  /**
   * Reads an OCI layout or a `docker save` archive, as a tar that may be compressed with gzip or zstd, and verifies it as a pull
   * would be. Its images become entries of the upstream, *shown*, and its tags are fresh as of now: only once the whole archive
   * has been read and is right. Throws `ImportError`, or what the archive's source throws.
   */
  import(
    upstream: Upstream,
    archive: AsyncIterable<Uint8Array>,
    options: ImportOptions,
  ): Promise<Imported>;
  /**
   * An archive of images as they are pulled through a registry, what is not cached yet being fetched. Resolves when all
   * manifests are there, which is when it is known what the archive will hold. Throws `RegistryError`.
   */
  export(
    registry: Registry,
    images: readonly ExportedImage[],
    options: ExportOptions,
  ): Promise<ByteSource>;
}

export interface ImportOptions {
  /** What the images' repository is called at the upstream; undefined: as the archive says. */
  repository: string | undefined;
  /** For an archive with one image; undefined: as the archive says. */
  tag: string | undefined;
  /** Called when all is verified, before the first entry is made: what is going to be there. */
  vouched: (imported: Imported) => Promise<void>;
}

export interface Imported {
  images: ImportedImage[];
  /** Blobs of these images, each once, and how many bytes they have. */
  blobs: number;
  bytes: number;
  /** Manifests and blobs that the archive names and has not got: images for other platforms, layers that are fetched elsewhere. */
  absent: number;
}

export interface ImportedImage {
  repository: string;
  /** Undefined: it can be pulled by digest alone. */
  tag: string | undefined;
  digest: Digest;
}

/** Why an archive cannot be imported; the message says what is wrong with it, or with how it is wanted. */
export type ImportProblem = "archive" | "wanted" | "full" | "changed";

export class ImportError extends Error {
  override readonly name = "ImportError";

  constructor(
    readonly problem: ImportProblem,
    message: string,
    { cause, field }: { cause?: unknown; field?: "repository" | "tag" } = {},
  ) {
    super(message, { cause });
    this.field = field;
  }

  /** Of what was wanted, this is to blame. */
  readonly field: "repository" | "tag" | undefined;
}

export type ArchiveFormat = "oci" | "docker";

export interface ExportedImage {
  repository: string;
  reference: Reference;
}

export interface ExportOptions {
  format: ArchiveFormat;
  /** `os/architecture[/variant]`; undefined: all that an index names, or of a `docker` archive `linux/amd64`. */
  platform: string | undefined;
  /** What stands before a repository's name in the names that clients pull by: `weir.example.com/virtual_registries/container/1`. */
  prefix: string;
}
