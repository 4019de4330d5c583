import { timeText } from "../../ui/format.tsx";
import { Badge, type Tone } from "../../ui/pieces.tsx";
import type { Health } from "./queries.ts";

const states: Record<Health["breaker"], { tone: Tone; text: string }> = {
  closed: { tone: "good", text: "Ready" },
  half_open: { tone: "warn", text: "Tried again" },
  open: { tone: "bad", text: "Not asked" },
};

/** Whether an upstream is asked, in a word. */
export function HealthBadge({ health }: { health: Pick<Health, "breaker"> }) {
  const { tone, text } = states[health.breaker];
  return <Badge tone={tone}>{text}</Badge>;
}

/** The same in a sentence, with until when. */
export function healthSentence({ breaker, retry_at: retryAt }: Health): string {
  if (breaker === "closed") return "It is asked as usual.";
  if (breaker === "half_open") return "One request is on its way; it decides.";
  return retryAt === null
    ? "It has failed too often."
    : `It has failed too often, and is asked again at ${timeText(retryAt)}.`;
}
