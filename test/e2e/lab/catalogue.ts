import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { findTool } from "./tools.ts";
import { type Entry, file, noise, tar } from "./tar.ts";

/** What an image is made of. Everything is made in code, offline, with the same digests on every run. */
export interface Recipe {
  repository: string;
  tag: string;
  /** Docker's media types instead of the OCI ones. */
  docker?: boolean;
  /** One image each; more than one makes an index. */
  platforms: { architecture: string; layers: LayerRecipe[] }[];
}

export interface LayerRecipe {
  /** Small layers are compressed; noise would only cost time. */
  compressed: boolean;
  bytes: () => Iterable<Uint8Array>;
}

const MiB = 1 << 20;

function busybox(): Uint8Array {
  const path = findTool("busybox");
  return path
    ? readFileSync(path)
    : Buffer.from("There was no busybox where this image was made.\n");
}

/** A small root file system that can greet, where a static busybox was at hand. */
function greeting(text: string): LayerRecipe {
  const entries: Entry[] = [
    { name: "bin/", kind: "folder" },
    file("bin/busybox", busybox(), true),
    { name: "bin/sh", kind: "link", target: "busybox" },
    { name: "etc/", kind: "folder" },
    file("etc/greeting", text),
  ];
  return { compressed: true, bytes: () => tar(entries) };
}

function noisy(name: string, size: number): LayerRecipe {
  return { compressed: false, bytes: () => tar([noise(name, size, name)]) };
}

const amd64 = (...layers: LayerRecipe[]) => ({ architecture: "amd64", layers });
const arm64 = (...layers: LayerRecipe[]) => ({ architecture: "arm64", layers });
const hello = [amd64(greeting("hello"))];
const multi = [amd64(greeting("multi")), arm64(noisy("arm64", 4096))];

export const recipes = {
  hello: { repository: "library/hello", tag: "latest", platforms: hello },
  schema2: { repository: "library/hello", tag: "schema2", docker: true, platforms: hello },
  multi: { repository: "library/multi", tag: "latest", platforms: multi },
  list: { repository: "library/multi", tag: "list", docker: true, platforms: multi },
  /** Five layers of 8 MiB, for many clients at a time. */
  herd: {
    repository: "library/herd",
    tag: "latest",
    platforms: [amd64(...[1, 2, 3, 4, 5].map((n) => noisy(`herd${n}`, 8 * MiB)))],
  },
  /** One layer of 64 MiB, for what happens in the middle of a download. */
  single: {
    repository: "library/single",
    tag: "latest",
    platforms: [amd64(noisy("single", 64 * MiB))],
  },
  /** 200 MB in eight layers. */
  medium: {
    repository: "library/medium",
    tag: "latest",
    platforms: [
      amd64(greeting("medium"), ...[1, 2, 3, 4, 5, 6, 7].map((n) => noisy(`medium${n}`, 2.85e7))),
    ],
  },
  /** One layer of 1 GiB. */
  big: {
    repository: "library/big",
    tag: "latest",
    platforms: [amd64(greeting("big"), noisy("big", 1024 * MiB))],
  },
} satisfies Record<string, Recipe>;

export type ImageName = keyof typeof recipes;

/** Changes with whatever the images are made from. */
export function recipeKey(): string {
  const hash = createHash("sha256").update(busybox());
  for (const source of ["catalogue.ts", "tar.ts", "images.ts"]) {
    hash.update(readFileSync(new URL(source, import.meta.url)));
  }
  return hash.digest("hex").slice(0, 16);
}
