import { readdirSync, readFileSync } from "node:fs";

/**
 * Stops processes in the midst of what they do. When it returns none of their threads does anything more; a thread takes the
 * signal when it comes to it, and what is asked for at once could still be answered.
 */
export function stopped(pids: readonly number[]): void {
  for (const pid of pids) unlessGone(() => process.kill(pid, "SIGSTOP"));
  while (!pids.every(isStopped));
}

function isStopped(pid: number): boolean {
  const folder = `/proc/${pid}/task`;
  const threads = unlessGone(() => readdirSync(folder)) ?? [];
  return threads.every((thread) => {
    // The state stands behind the name, which can have anything in it (proc(5)).
    const stat = unlessGone(() => readFileSync(`${folder}/${thread}/stat`, "utf8")) ?? ") X";
    return /^[TXZ]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  });
}

/** Undefined where the process or thread is not there any more. */
function unlessGone<T>(body: () => T): T | undefined {
  try {
    return body();
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "ESRCH" || code === "ENOENT") return undefined;
    throw error;
  }
}
