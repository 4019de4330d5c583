import type { Outcome } from "../processes.ts";
import { containerd } from "./containerd.ts";
import { docker, dockerWith, dockerWithMirrors } from "./docker.ts";
import { crane, oras, regctl } from "./layouts.ts";
import { buildah, podman, podmanWithMirror } from "./podman.ts";
import { skopeo } from "./skopeo.ts";

export { buildah, containerd, docker, dockerWith, dockerWithMirrors };
export { crane, oras, podman, podmanWithMirror, regctl, skopeo };
export const goClients = [crane, regctl, oras];
/** Those of Debian; then those built from Go modules. */
export const allClients = [skopeo, podman, buildah, containerd, docker, ...goClients];

/** Throws, with everything the command printed, unless it succeeded. */
export function succeed({ code, output }: Outcome): void {
  if (code !== 0) throw new Error(`exit code ${code}:\n${output}`);
}
