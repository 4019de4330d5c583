import { expect, test } from "bun:test";
import path from "node:path";

test("a commit is safe in each of its steps, and one that cannot be made safe is none", async () => {
  const file = path.join(import.meta.dir, "../fakes/synced-commits.ts");
  const child = Bun.spawn([process.execPath, "test", file], { stdout: "ignore", stderr: "pipe" });
  const text = await new Response(child.stderr).text();
  expect([await child.exited, text]).toEqual([0, expect.stringContaining("\n 3 pass\n")]);
});
