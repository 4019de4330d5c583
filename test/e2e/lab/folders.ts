import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** A new empty folder with a short name: unix sockets in it must fit into 108 bytes. */
export function makeFolder(): string {
  return mkdtempSync(path.join(tmpdir(), "weir-e2e-"));
}

/** Removes a folder, unmounting first what container engines left mounted below it. */
export function removeTree(folder: string): void {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((mount) => mount.startsWith(`${folder}/`));
  // Deepest first. Lazily, because a process that is just ending may still hold them.
  for (const mount of mounts.toReversed()) spawnSync("umount", ["--lazy", mount]);
  // Not node's rmSync: it gives up on the unreadable work folders that overlay mounts leave behind.
  if (spawnSync("rm", ["-rf", "--", folder]).status === 0) return;
  // podman keeps layers read-only, which keeps out even their owner, unless that is root.
  spawnSync("chmod", ["-R", "u+rwX", "--", folder]);
  spawnSync("rm", ["-rf", "--", folder]);
}
