import type { Events, EventsState } from "../api/events.ts";
import { timeText } from "./format.tsx";
import { Badge, type Tone } from "./pieces.tsx";

const states: Record<EventsState, { tone: Tone; word: string; more?: string }> = {
  open: { tone: "good", word: "Live" },
  connecting: { tone: "neutral", word: "Connecting…" },
  waiting: { tone: "warn", word: "Not live", more: "The server does not answer. Trying again…" },
  refused: {
    tone: "warn",
    word: "Not live",
    more: "The server gives this page no stream now, and is asked every 10 seconds instead. Ten pages of one user can listen at a time.",
  },
  off: { tone: "neutral", word: "At rest", more: "It goes on when the page is seen." },
};

/** Whether what is shown is kept new as it happens, and since when anew. */
export function LiveState({ events: { state, againAt } }: { events: Events }) {
  const { tone, word, more } = states[state];
  const isAgain = state === "open" && againAt !== undefined;
  return (
    <span className="row live-state" role="status">
      <Badge tone={tone}>{word}</Badge>
      <span className="small muted">
        {more}
        {isAgain && `The connection had ended; connected again at ${timeText(againAt)}.`}
      </span>
    </span>
  );
}
