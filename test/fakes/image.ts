import { type Digest, digestOf } from "../../src/oci/digest.ts";
import { type ManifestMediaType, mediaTypes } from "../../src/oci/manifest.ts";

/** A manifest or index together with everything below it. */
export interface BuiltImage {
  mediaType: ManifestMediaType;
  payload: Uint8Array;
  digest: Digest;
  /** The config's digest; undefined for an index. */
  config: Digest | undefined;
  layers: Digest[];
  /** Config and layers, with those of an index's members. */
  blobs: Map<Digest, Uint8Array>;
  /** Members of an index. */
  members: BuiltImage[];
}

const types = {
  oci: {
    manifest: mediaTypes.ociManifest,
    index: mediaTypes.ociIndex,
    config: "application/vnd.oci.image.config.v1+json",
    layer: "application/vnd.oci.image.layer.v1.tar+gzip",
  },
  docker: {
    manifest: mediaTypes.dockerManifest,
    index: mediaTypes.dockerList,
    config: "application/vnd.docker.container.image.v1+json",
    layer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  },
} as const;

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** Bytes that look random and are the same for the same seed (xorshift32). */
export function sampleBytes(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(size / 4));
  let state = (seed * 2654435761) >>> 0 || 1;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return new Uint8Array(words.buffer, 0, size);
}

/** An image of one platform. Layers are opaque bytes: enough for everything but unpacking. */
export function buildImage(
  options: {
    type?: "oci" | "docker";
    layers?: Uint8Array[];
    architecture?: string;
    /** Makes images differ that are otherwise the same. */
    label?: string;
    /** What the manifest refers to. */
    subject?: BuiltImage;
    artifactType?: string;
    annotations?: Record<string, string>;
  } = {},
): BuiltImage {
  const {
    type = "oci",
    layers = [sampleBytes(1000)],
    architecture = "amd64",
    label = "",
    subject,
    ...rest
  } = options;
  const names = types[type];
  const config = encode({
    architecture,
    os: "linux",
    config: { Labels: { label } },
    rootfs: { type: "layers", diff_ids: layers.map((layer) => digestOf(layer)) },
  });
  const describe = (mediaType: string, bytes: Uint8Array) => {
    return { mediaType, digest: digestOf(bytes), size: bytes.length };
  };
  const configDescriptor = describe(names.config, config);
  const layerDescriptors = layers.map((layer) => describe(names.layer, layer));
  const payload = encode({
    schemaVersion: 2,
    mediaType: names.manifest,
    config: configDescriptor,
    layers: layerDescriptors,
    ...(subject && {
      subject: {
        mediaType: subject.mediaType,
        digest: subject.digest,
        size: subject.payload.length,
      },
    }),
    ...rest,
  });
  return {
    mediaType: names.manifest,
    payload,
    digest: digestOf(payload),
    config: configDescriptor.digest,
    layers: layerDescriptors.map(({ digest }) => digest),
    blobs: new Map([config, ...layers].map((bytes) => [digestOf(bytes), bytes])),
    members: [],
  };
}

/** An index (`docker`: a manifest list) of images, one an architecture. */
export function buildIndex(
  members: Record<string, BuiltImage>,
  type: "oci" | "docker" = "oci",
): BuiltImage {
  const images = Object.values(members);
  const mediaType = types[type].index;
  const manifests = Object.entries(members).map(([architecture, image]) => ({
    mediaType: image.mediaType,
    digest: image.digest,
    size: image.payload.length,
    platform: { os: "linux", architecture },
  }));
  const payload = encode({ schemaVersion: 2, mediaType, manifests });
  return {
    mediaType,
    payload,
    digest: digestOf(payload),
    config: undefined,
    layers: [],
    blobs: new Map(images.flatMap((image) => [...image.blobs])),
    members: images,
  };
}
