import { useEffect, useRef, useState } from "react";
import { lost } from "./connection.ts";

export type EventsState = "connecting" | "open" | "waiting";

const waitMs = 3000;

/**
 * Server-sent events for as long as the component is there: handlers by the event's name get what it carries, parsed. A
 * stream that ends is opened anew, by the browser where it was cut, by us where it was refused. Undefined: nothing is opened.
 */
export function useEvents(
  url: string | undefined,
  handlers: Readonly<Record<string, (data: unknown) => void>>,
): EventsState {
  const [state, setState] = useState<EventsState>("connecting");
  const current = useRef(handlers);
  useEffect(() => {
    current.current = handlers;
  });
  const names = Object.keys(handlers).join(" ");
  useEffect(() => {
    if (url === undefined) return undefined;
    let source: EventSource;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const open = () => {
      setState("connecting");
      source = new EventSource(url);
      source.addEventListener("open", () => setState("open"));
      source.addEventListener("error", () => {
        setState("waiting");
        if (source.readyState !== EventSource.CLOSED) return lost();
        timer = setTimeout(open, waitMs);
      });
      for (const name of names.split(" ")) {
        source.addEventListener(name, ({ data }: MessageEvent<string>) =>
          current.current[name]?.(JSON.parse(data) as unknown),
        );
      }
    };
    open();
    return () => {
      source.close();
      clearTimeout(timer);
    };
  }, [url, names]);
  return state;
}
