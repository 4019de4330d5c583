import path from "node:path";
import type { ConsoleFile } from "./bundle.ts";

/** A file of the console, compressed with brotli. */
export type CompressedFile = Pick<ConsoleFile, "path" | "bytes">;

type Told = { files: CompressedFile[] } | { problems: string };

/**
 * Bundles the console in a process of its own: it takes a hundred megabytes, which a server would not give back, and
 * holds up what else its process does. Throws what is wrong with the sources.
 */
export async function bundleApart(): Promise<CompressedFile[]> {
  let told: Told | undefined;
  const child = Bun.spawn([process.execPath, path.join(import.meta.dir, "bundling.ts")], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
    env: {},
    // It takes a second; one that hangs is ended, and the page says that there is no console.
    timeout: 60_000,
    serialization: "advanced",
    ipc: (message: Told) => {
      told = message;
    },
  });
  // A server that is told to stop does not wait for its console.
  child.unref();
  const code = await child.exited;
  if (told === undefined) throw new Error(`the process that bundles it ended with ${code}`);
  if ("problems" in told) throw new Error(told.problems);
  return told.files;
}
