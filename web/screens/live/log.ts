import type { Pull } from "../../api/live.ts";
import { countedText } from "../../ui/format.tsx";

/** What stands in the log: a pull, how many were not told, or that what is below is of another process. */
export type Line =
  | { kind: "pull"; key: string; pull: Pull }
  | { kind: "gap"; key: string; pulls: number }
  | { kind: "restart"; key: string };

/** The newest first. */
export type Log = readonly Line[];

export const mostLines = 500;

/** The server that has told of it, from one start to the next. */
const processOf = ({ id }: Pull) => id.split("-")[0] ?? "";
/** In which order they ended there. */
const sequenceOf = ({ id }: Pull) => Number.parseInt(id.split("-")[1] ?? "", 36);

const lineOf = (pull: Pull): Line => ({ kind: "pull", key: pull.id, pull });
const restartAbove = (pull: Pull): Line => ({ kind: "restart", key: `above ${pull.id}` });
const bounded = (log: Log): Log => (log.length > mostLines ? log.slice(0, mostLines) : log);

/** The newest pull of a log; undefined where there is none. */
function newestOf(log: Log): Pull | undefined {
  for (const line of log) if (line.kind === "pull") return line.pull;
  return undefined;
}

/** A pull that has ended now. */
export function heard(log: Log, pull: Pull): Log {
  if (log.some(({ key }) => key === pull.id)) return log;
  const newest = newestOf(log);
  const isOther = newest !== undefined && processOf(newest) !== processOf(pull);
  return bounded([lineOf(pull), ...(isOther ? [restartAbove(newest)] : []), ...log]);
}

/** So many pulls more, of which the stream says nothing else. */
export function skipped(log: Log, pulls: number): Log {
  const [top] = log;
  if (top?.kind === "gap") return [{ ...top, pulls: top.pulls + pulls }, ...log.slice(1)];
  return bounded([{ kind: "gap", key: `gap above ${top?.key ?? "nothing"}`, pulls }, ...log]);
}

/** The list of the latest pulls, newest first, which lacks none in between: what the log had not got goes to its place. */
export function read(log: Log, list: readonly Pull[]): Log {
  const [first] = list;
  const newest = newestOf(log);
  if (!first) return log;
  if (!newest) return bounded(list.map(lineOf));
  if (processOf(first) !== processOf(newest)) {
    return bounded([...list.map(lineOf), restartAbove(newest), ...log]);
  }
  return bounded(merged(log, list));
}

function merged(log: Log, list: readonly Pull[]): Line[] {
  const known = new Set(log.map(({ key }) => key));
  const fresh = list.filter(({ id }) => !known.has(id));
  const lines: Line[] = [];
  for (const [i, line] of log.entries()) {
    // What belongs above the next pull is newer than it; above a restart, all the rest is.
    const next = log.slice(i).find(({ kind }) => kind !== "gap");
    const newer = next?.kind === "pull" ? newerIn(fresh, next.pull) : fresh.splice(0);
    lines.push(...newer.map(lineOf));
    if (line.kind !== "gap" || !isFilled(next, list)) lines.push(line);
  }
  return [...lines, ...fresh.map(lineOf)];
}

/** Takes those out that are newer. */
function newerIn(fresh: Pull[], pull: Pull): Pull[] {
  const sequence = sequenceOf(pull);
  const count = fresh.findIndex((each) => sequenceOf(each) < sequence);
  return fresh.splice(0, count === -1 ? fresh.length : count);
}

/** Whether the list has all that a gap has counted: it goes back to what is below it. */
function isFilled(below: Line | undefined, list: readonly Pull[]): boolean {
  const oldest = list.at(-1);
  if (below?.kind !== "pull" || !oldest) return true;
  return sequenceOf(below.pull) >= sequenceOf(oldest);
}

export interface Counted {
  pulls: number;
  failed: number;
}

/** How much of a log has come since it was as it was before. */
export function newIn(log: Log, before: Log): Counted {
  const [top] = before;
  const counted = { pulls: 0, failed: 0 };
  for (const line of log) {
    if (line.key === top?.key) break;
    if (line.kind === "gap") counted.pulls += line.pulls;
    if (line.kind === "pull") {
      counted.pulls++;
      if (line.pull.error !== null) counted.failed++;
    }
  }
  return counted;
}

/** The same in words. */
export function newText({ pulls, failed }: Counted): string {
  const some = countedText(pulls, "more pull");
  return failed === 0 ? some : `${some}, ${failed} of them failed`;
}
