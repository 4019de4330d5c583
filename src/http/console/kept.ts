import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { deserialize, serialize } from "node:v8";
import type { CompressedFile } from "./apart.ts";

const root = path.join(import.meta.dir, "../../..");
/** Where packages keep what can be made again; `npm install` made the folder above. */
const keep = path.join(root, "node_modules/.cache/weir-console");

/**
 * What `make` gives, or what it gave here at an earlier start from the same sources, packages and runtime: it takes a second of a
 * processor. Where the sources cannot be read or the folder not be written it costs
 * that second at each start, and nothing else.
 */
export async function keptBundle(make: () => Promise<CompressedFile[]>): Promise<CompressedFile[]> {
  const key = await sourcesKey().catch(() => undefined);
  if (key === undefined) return make();
  const file = path.join(keep, key);
  const kept = await readFile(file)
    .then((bytes) => deserialize(bytes) as CompressedFile[])
    .catch(() => undefined);
  if (kept) return kept;
  const made = await make();
  await put(file, serialize(made)).catch(() => undefined);
  return made;
}

/** Changes with whatever the console is made of. */
async function sourcesKey(): Promise<string> {
  const inputs = await Promise.all([below("web"), below("src/http/console")]);
  const files = ["package-lock.json", ...inputs.flat().toSorted()];
  const hash = createHash("sha256").update(Bun.version);
  for (const [index, bytes] of (await Promise.all(files.map(read))).entries()) {
    hash.update(`\n${files[index]} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest("hex");
}

const read = (file: string) => readFile(path.join(root, file));

async function below(folder: string): Promise<string[]> {
  const entries = await readdir(path.join(root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
}

/** Takes its name when it is complete; those of former sources go. */
async function put(file: string, bytes: Uint8Array): Promise<void> {
  await mkdir(keep, { recursive: true });
  const fresh = `${file}-${process.pid}`;
  await writeFile(fresh, bytes);
  await rename(fresh, file);
  const others = (await readdir(keep)).filter(
    (name) => !path.basename(file).startsWith(name.slice(0, 64)),
  );
  for (const name of others) await rm(path.join(keep, name), { force: true });
}
