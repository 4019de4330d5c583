// A process of its own that outlives the test runner: when the runner ends, in whatever way (its pipe to
// here closes even on kill -9), it ends every process group and removes every folder still announced.
import { removeTree } from "./folders.ts";

const groups = new Set<number>();
const folders = new Set<string>();

function obey(line: string): void {
  const [verb, what = ""] = line.split(" ");
  if (verb === "group") groups.add(Number(what));
  if (verb === "ended") groups.delete(Number(what));
  if (verb === "folder") folders.add(what);
  if (verb === "removed") folders.delete(what);
}

let rest = "";
for await (const chunk of Bun.stdin.stream()) {
  const lines = (rest + new TextDecoder().decode(chunk)).split("\n");
  rest = lines.pop() ?? "";
  lines.forEach(obey);
}
for (const group of groups) {
  try {
    process.kill(-group, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}
for (const folder of folders) removeTree(folder);
