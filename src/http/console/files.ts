import { createHash } from "node:crypto";
import { bundleApart, type CompressedFile } from "./apart.ts";
import { bundleConsole, type ConsoleFile } from "./bundle.ts";
import { keptBundle } from "./kept.ts";
import { compress, decompress, type Encoding, gzipped } from "./compression.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A file of the console, ready to be sent. */
export interface ReadyFile {
  type: string;
  /** Of its content, whatever it is encoded as. */
  hash: string;
  /** The bytes in an encoding; made once. */
  as(encoding: Encoding | undefined): Promise<Bytes>;
}

export type ReadyFiles = ReadonlyMap<string, ReadyFile>;

/** What the executable carries is made once for all. */
export const bestQuality = 11;
/** How a file of the console is called in the executable: its path, and that it is compressed. */
export const embeddedSuffix = ".br";
const types: Record<string, string> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/** Of this process: servers in one process, as tests have them, share it. */
let loading: Promise<ReadyFiles> | undefined;

/** The console: what the executable carries, or bundled from `web/` where this is a clone. */
export function loadConsole(): Promise<ReadyFiles> {
  loading ??= Bun.embeddedFiles.length > 0 ? embedded() : bundled();
  return loading;
}

async function bundled(): Promise<ReadyFiles> {
  return ready(await keptBundle(bundleApart));
}

async function embedded(): Promise<ReadyFiles> {
  const carried = Bun.embeddedFiles as readonly (Blob & { name: string })[];
  const files = carried
    .filter(({ name }) => name.endsWith(embeddedSuffix))
    .map(async (file) => ({
      path: pathOfEmbedded(file.name),
      bytes: new Uint8Array(await file.arrayBuffer()),
    }));
  return ready(await Promise.all(files));
}

async function ready(files: readonly CompressedFile[]): Promise<ReadyFiles> {
  const all = files.map(async ({ path, bytes }) => {
    return [path, readyFile(path, bytes, await decompress(bytes))] as const;
  });
  return new Map(await Promise.all(all));
}

/** Folders do not come along into the executable: all but the page itself are assets. */
function pathOfEmbedded(name: string): string {
  const file = name.slice(name.lastIndexOf("/") + 1, -embeddedSuffix.length);
  return file === "index.html" ? file : `assets/${file}`;
}

function readyFile(path: string, compressed: Bytes, bytes: Bytes): ReadyFile {
  const type = types[path.slice(path.lastIndexOf(".") + 1)];
  if (type === undefined) throw new Error(`the console has a file of no known type: ${path}`);
  let zip: Promise<Bytes> | undefined;
  return {
    type,
    hash: createHash("sha256").update(bytes).digest("base64url").slice(0, 22),
    async as(encoding) {
      if (encoding === "br") return compressed;
      return encoding === "gzip" ? (zip ??= gzipped(bytes)) : bytes;
    },
  };
}

/** For who builds an executable: its files, compressed as well as can be. */
export async function filesToEmbed(): Promise<ConsoleFile[]> {
  const files = await bundleConsole();
  return Promise.all(
    files.map(async ({ path, type, bytes }) => ({
      path: `${path.replace(/^assets\//, "")}${embeddedSuffix}`,
      type,
      bytes: await compress(bytes, bestQuality),
    })),
  );
}
