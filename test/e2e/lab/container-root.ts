import { chownSync, cpSync, mkdirSync, realpathSync, writeFileSync } from "node:fs";
import path from "node:path";
import { environment, output, run } from "./processes.ts";
import type { Need } from "./tools.ts";

/** The user of the image, who is nobody on this machine. */
export const nobody = 65532;
const certificates = "/etc/ssl/certs/ca-certificates.crt";

/** A mount namespace of one's own, and leave to change the root. */
export const ownRoot: Need = {
  name: "a root of one's own",
  async lacking() {
    const { code } = await run(["unshare", "--mount", "chroot", "/", "true"], environment("/"));
    return code === 0 ? undefined : "unshare and chroot need root here";
  },
};

/** The files that an executable needs beside itself: glibc's loader and what that loads. */
async function librariesOf(file: string): Promise<string[]> {
  const text = await output(["ldd", file], environment("/"));
  return [...text.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, library = ""]) => library);
}

/** Makes a root folder with certificates and `/tmp`, and nothing else. */
export function makeEmptyRoot(root: string): void {
  put(root, certificates);
  mkdirSync(path.join(root, "tmp"), { mode: 0o1777 });
  writeFileSync(path.join(root, "etc/passwd"), `nonroot:x:${nobody}:${nobody}::/:/none\n`);
}

/** The same with glibc, as the executable wants it. */
export async function makeRoot(root: string, executable: string): Promise<void> {
  makeEmptyRoot(root);
  for (const library of await librariesOf(executable)) put(root, library);
}

function put(root: string, file: string): void {
  const target = path.join(root, file);
  mkdirSync(path.dirname(target), { recursive: true });
  cpSync(realpathSync(file), target);
}

/** Puts the executable into such a root, with a data folder that is nobody's; gives what runs it there. */
export function inRoot(root: string, executable: string): (...args: string[]) => string[] {
  cpSync(executable, path.join(root, "weir"));
  for (const folder of ["proc", "data"]) mkdirSync(path.join(root, folder));
  chownSync(path.join(root, "data"), nobody, nobody);
  // `/proc` is there in every container.
  const script =
    'mount -t proc proc "$0/proc" && exec chroot --userspec="$1" "$0" /weir "$2" ${3+"$3"}';
  const start = ["unshare", "--mount", "sh", "-c", script, root, `${nobody}:${nobody}`];
  return (...args) => [...start, ...args];
}
