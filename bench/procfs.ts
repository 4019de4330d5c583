import { readdirSync, readFileSync, writeFileSync } from "node:fs";

// Linux counts process times in ticks of 1/100 s for readers of /proc, whatever the kernel's own rate.
const ticks = 100;

/** Fields of /proc/<pid>/stat from the third on (proc(5)); undefined when the process is gone. */
function stat(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

/** A process and all that descend from it, itself first. */
export function tree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const parent = /^\d+$/.test(name) ? Number(stat(Number(name))?.[1]) : Number.NaN;
    if (parent >= 0) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const walk = (pid: number): number[] => [pid, ...(children.get(pid) ?? []).flatMap(walk)];
  return walk(root);
}

/** CPU seconds (user and system) that these processes have used themselves. */
export function cpuSeconds(pids: number[]): number {
  const used = pids.map((pid) => stat(pid)?.slice(11, 13) ?? []).flat();
  return sum(used) / ticks;
}

/** CPU seconds of a process and everything that it ever started. */
export function cpuOfTree(root: number): number {
  const used = tree(root).map((pid) => stat(pid)?.slice(11, 15) ?? []);
  return sum(used.flat()) / ticks;
}

/** CPU seconds of this program and everything it ever started. */
export function cpuOfBench(): number {
  return cpuOfTree(process.pid);
}

/** CPU seconds of the whole machine, waiting and idling left out. */
export function cpuOfMachine(): number {
  const [first = ""] = readFileSync("/proc/stat", "utf8").split("\n");
  const [, user, nice, system, , , irq, softirq, steal] = first.split(/\s+/);
  return sum([user, nice, system, irq, softirq, steal]) / ticks;
}

/** Lets the peak of each process start anew from its present size (proc(5), clear_refs). */
export function resetPeaks(pids: number[]): void {
  for (const pid of pids) writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

/** Sum of the peaks in bytes; pages that processes share are counted once for each. */
export function peakBytes(pids: number[]): number {
  const peaks = pids.map((pid) => {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return /VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? "0";
  });
  return sum(peaks) * 1024;
}

function sum(texts: (string | undefined)[]): number {
  return texts.reduce((total, text) => total + Number(text ?? 0), 0);
}
