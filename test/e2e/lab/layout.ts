import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { sha256OfFile } from "./registry.ts";

interface Manifest {
  config: { digest: string };
  layers: { digest: string; size: number }[];
}
interface Index {
  manifests: {
    digest: string;
    platform?: { architecture: string };
    annotations?: Record<string, string>;
  }[];
}
const tagged = "org.opencontainers.image.ref.name";

/**
 * Throws unless an OCI image layout holds one image (OCI image-spec, image-layout.md) whose manifests and layers are all
 * there and hash to their names; the digest of the configuration of its amd64 part.
 */
export async function verifyLayout(folder: string): Promise<string> {
  for (const blob of globSync("blobs/sha256/*", { cwd: folder })) {
    const found = await sha256OfFile(path.join(folder, blob));
    if (found !== path.basename(blob)) throw new Error(`${blob} holds ${found}`);
  }
  const { manifests } = read(path.join(folder, "index.json")) as Index;
  // oras enters the platforms of an index beside it, without the name under which it was pulled.
  const tops =
    manifests.length === 1 ? manifests : manifests.filter((m) => m.annotations?.[tagged]);
  const [top, ...others] = tops;
  if (!top || others.length > 0) throw new Error(`the layout has ${tops.length} images`);
  const image = read(pathOf(folder, top)) as Manifest | Index;
  if (!("manifests" in image)) return configurationOf(folder, top);
  const configurations = image.manifests.map((part) => configurationOf(folder, part));
  const amd64 = image.manifests.findIndex(({ platform }) => platform?.architecture === "amd64");
  return configurations[amd64] ?? "";
}

/** Of one platform, all of whose content must be there. */
function configurationOf(folder: string, part: { digest: string }): string {
  const { config, layers } = read(pathOf(folder, part)) as Manifest;
  read(pathOf(folder, config));
  for (const layer of layers) {
    const { size } = Bun.file(pathOf(folder, layer));
    if (size !== layer.size) throw new Error(`${layer.digest} has ${size} bytes`);
  }
  return config.digest;
}

const pathOf = (folder: string, { digest }: { digest: string }) =>
  path.join(folder, "blobs", digest.replace(":", "/"));

const read = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));
