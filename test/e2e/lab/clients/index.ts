import type { Outcome } from "../processes.ts";
import { containerd } from "./containerd.ts";
import { docker, dockerWithMirrors } from "./docker.ts";
import { buildah, podman, podmanWithMirror } from "./podman.ts";
import { skopeo } from "./skopeo.ts";

export { buildah, containerd, docker, dockerWithMirrors, podman, podmanWithMirror, skopeo };
export const allClients = [skopeo, podman, buildah, containerd, docker];

/** Throws, with everything the command printed, unless it succeeded. */
export function succeed({ code, output }: Outcome): void {
  if (code !== 0) throw new Error(`exit code ${code}:\n${output}`);
}
