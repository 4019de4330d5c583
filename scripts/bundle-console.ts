// Writes the console, compressed, into a folder: what an executable carries.
//   node bin/bun.mjs scripts/bundle-console.ts FOLDER
import path from "node:path";
import { filesToEmbed } from "../src/http/console/files.ts";

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("in which folder?");
for (const { path: name, bytes } of await filesToEmbed())
  await Bun.write(path.join(folder, name), bytes);
