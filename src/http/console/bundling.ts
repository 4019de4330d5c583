// The process that bundles the console, for `apart.ts`: sends its files, or what is wrong with the sources, and ends by itself
// once they are sent: to disconnect would cut off what is not in the pipe yet.
import { bundleConsole } from "./bundle.ts";
import { compress, quickQuality } from "./compression.ts";

try {
  const files = await bundleConsole();
  const compressed = files.map(async ({ path, bytes }) => ({
    path,
    bytes: await compress(bytes, quickQuality),
  }));
  process.send?.({ files: await Promise.all(compressed) });
} catch (error) {
  // What Bun finds wrong with sources is in the single errors.
  const errors: unknown[] = error instanceof AggregateError ? error.errors : [error];
  process.send?.({ problems: errors.map(String).join("; ") });
}
