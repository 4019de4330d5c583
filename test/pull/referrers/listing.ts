import type { Digest } from "../../../src/oci/digest.ts";
import { referrersTag } from "../../../src/oci/reference.ts";
import {
  type BuiltImage,
  buildImage,
  type FakeUpstream,
  sampleBytes,
} from "../../fakes/upstream.ts";
import { weir } from "../two-upstreams.ts";

export const name = "library/app";
export const lists = "GET */referrers/*";
export const full = `virtual_registries/container/1/${name}`;
export const signature = "application/vnd.dev.cosign.artifact.sig.v1+json";
export const sbom = "application/spdx+json";
export const image = buildImage();
export const tag = referrersTag(image.digest);

/** Something that refers to the image. */
export function attachment(label: string, artifactType = signature): BuiltImage {
  const layers = [sampleBytes(100, label.length + 7)];
  return buildImage({ label, layers, subject: image, artifactType, annotations: { label } });
}

/** Puts it there, by digest alone, as whoever signs does where the registry has the API. */
export function attach(fake: FakeUpstream, label: string, artifactType = signature): BuiltImage {
  const built = attachment(label, artifactType);
  fake.image(name, "tmp", built);
  fake.remove(`/v2/${name}/manifests/tmp`);
  return built;
}

export interface Descriptor {
  digest: Digest;
  mediaType: string;
  size: number;
  artifactType?: string;
  annotations?: Record<string, string>;
}

export async function list(query = "", digest: string = image.digest) {
  const response = await weir.referrers(name, digest, query);
  const body = (await response.json()) as { manifests: Descriptor[]; errors?: unknown[] };
  return {
    status: response.status,
    body,
    digests: body.manifests?.map((one) => one.digest),
    cache: response.headers.get("x-weir-cache")?.replace(/; age=\d+/, ""),
    link: response.headers.get("link"),
    filters: response.headers.get("oci-filters-applied"),
    type: response.headers.get("content-type"),
  };
}

export const sorted = (...images: BuiltImage[]) => images.map(({ digest }) => digest).sort();
