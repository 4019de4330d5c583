import { useEffect, useRef, useState } from "react";
import type { Events } from "../../api/events.ts";
import { type PullsWanted, refreshPulls, useLive, usePulls } from "../../api/live.ts";
import { heard, type Log, newIn, newText, read, skipped } from "./log.ts";

/** Of the list that the log begins with. */
const firstPulls = 200;
/** What comes within it is drawn together. */
const gatherMs = 100;

export interface LiveLog {
  /** What has come, also while the log is held. */
  log: Log;
  events: Events;
  list: ReturnType<typeof usePulls>;
}

/** The log of the pulls that somebody wants to see: what is remembered, then what happens. */
export function useLog(groupId: number, wanted: PullsWanted): LiveLog {
  const [log, setLog] = useState<Log>([]);
  const [gather] = useState(() => new Gathered(setLog));
  useEffect(() => () => gather.end(), [gather]);
  const events = useLive(groupId, wanted, {
    pull: (pull) => gather.do((log) => heard(log, pull)),
    skipped: (pulls) => {
      if (pulls === undefined) void refreshPulls(groupId);
      else gather.do((log) => skipped(log, pulls));
    },
    // Between the list and the stream something may have ended.
    opened: () => void refreshPulls(groupId),
  });
  const list = usePulls(groupId, wanted, firstPulls, events);
  const { data } = list;
  useEffect(() => {
    if (data) gather.do((log) => read(log, data));
  }, [data, gather]);
  return { log, events, list };
}

type Change = (log: Log) => Log;

/** Changes to the log, done together. */
class Gathered {
  #changes: Change[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly set: (change: Change) => void) {}

  do(change: Change): void {
    this.#changes.push(change);
    this.#timer ??= setTimeout(() => this.#all(), gatherMs);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #all(): void {
    const changes = this.#changes;
    this.#changes = [];
    this.#timer = undefined;
    this.set((log) => changes.reduce((before, change) => change(before), log));
  }
}

/** So often somebody who listens is told how much has come: each pull would be a flood. */
const toldMs = 15_000;

/** What is said of a log: how much has come, now and then, and nothing where there is nothing new. */
export function useTold(log: Log): string {
  const [told, setTold] = useState("");
  const now = useRef(log);
  const before = useRef<Log>(undefined);
  useEffect(() => {
    now.current = log;
  });
  useEffect(() => {
    const timer = setInterval(() => {
      const counted = newIn(now.current, before.current ?? now.current);
      before.current = now.current;
      setTold(counted.pulls === 0 ? "" : newText(counted));
    }, toldMs);
    return () => clearInterval(timer);
  }, []);
  return told;
}
