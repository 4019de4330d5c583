import { useEffect, useRef, useState } from "react";
import { lost } from "./connection.ts";

/** `refused`: the server answers, and gives no stream; `off`: none is wanted. */
export type EventsState = "off" | "connecting" | "open" | "waiting" | "refused";

export interface Events {
  state: EventsState;
  /** When it was opened anew after it had ended, the last time. */
  againAt: number | undefined;
}

const firstWaitMs = 3000;
const longestWaitMs = 60_000;

/**
 * Server-sent events for as long as the component is there: handlers by the event's name get what it carries, parsed. A
 * stream that ends is opened anew, by the browser where it was cut, by us where it was refused. Undefined: nothing is opened.
 */
export function useEvents(
  url: string | undefined,
  handlers: Readonly<Record<string, (data: unknown) => void>>,
  /** Whenever it is opened: what was before has to be asked for. */
  opened?: (isAgain: boolean) => void,
): Events {
  const [events, setEvents] = useState<Events>({ state: "connecting", againAt: undefined });
  const current = useRef({ handlers, opened });
  useEffect(() => {
    current.current = { handlers, opened };
  });
  const names = Object.keys(handlers).join(" ");
  useEffect(() => {
    if (url === undefined) return undefined;
    const hear = (name: string, data: string) =>
      current.current.handlers[name]?.(JSON.parse(data) as unknown);
    return follow(url, names.split(" "), {
      hear,
      is: (state, isAgain) => {
        setEvents(({ againAt }) => ({ state, againAt: isAgain ? Date.now() : againAt }));
        if (state === "open") current.current.opened?.(isAgain);
      },
    });
  }, [url, names]);
  return url === undefined ? { ...events, state: "off" } : events;
}

interface Follower {
  hear: (name: string, data: string) => void;
  is: (state: EventsState, isAgain: boolean) => void;
}

/** Until what is returned is called. */
function follow(url: string, names: readonly string[], { hear, is }: Follower): () => void {
  let source: EventSource;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wasOpen = false;
  let isCut = false;
  let waitMs = firstWaitMs;
  const failed = () => {
    if (source.readyState === EventSource.CLOSED) {
      is("refused", false);
      timer = setTimeout(open, waitMs);
      waitMs = Math.min(waitMs * 2, longestWaitMs);
      return;
    }
    // Each stream has its end, and is begun anew: only where that fails the server is away.
    is(isCut ? "waiting" : "connecting", false);
    if (isCut) lost();
    isCut = true;
  };
  const open = () => {
    source = new EventSource(url);
    source.addEventListener("open", () => {
      is("open", wasOpen);
      wasOpen = true;
      isCut = false;
      waitMs = firstWaitMs;
    });
    source.addEventListener("error", failed);
    for (const name of names) {
      source.addEventListener(name, ({ data }: MessageEvent<string>) => hear(name, data));
    }
  };
  is("connecting", false);
  open();
  return () => {
    source.close();
    clearTimeout(timer);
  };
}
