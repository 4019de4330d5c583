import { Badge, type Tone } from "./pieces.tsx";

interface Words {
  tone: Tone;
  name: string;
  /** What it means for a pull. */
  sentence: string;
}

const statuses: Readonly<Record<string, Words>> = {
  hit: { tone: "good", name: "Hit", sentence: "from the cache, without asking the upstream" },
  revalidated: {
    tone: "good",
    name: "Revalidated",
    sentence: "from the cache, after the upstream has confirmed it",
  },
  stale: {
    tone: "warn",
    name: "Stale",
    sentence: "from the cache, though the upstream has not confirmed it of late",
  },
  miss: { tone: "accent", name: "Miss", sentence: "from the upstream, and stored" },
  collapsed: {
    tone: "accent",
    name: "Collapsed",
    sentence: "from a download that was under way for somebody else",
  },
  window: {
    tone: "accent",
    name: "Window",
    sentence: "a part, passed on from the upstream",
  },
  bypass: { tone: "accent", name: "Bypass", sentence: "from the upstream, and not stored" },
  absent: { tone: "neutral", name: "Absent", sentence: "not there, as the upstreams say" },
  // As well where no upstream could be asked.
  refused: { tone: "bad", name: "Failed", sentence: "not given" },
};

const unknown = (status: string): Words => ({ tone: "neutral", name: status, sentence: "" });

export const statusWords = (status: string): Words => statuses[status] ?? unknown(status);

/** How a pull was answered, in the word of `X-Weir-Cache`. */
export function CacheStatus({ status }: { status: string }) {
  const { tone, name } = statusWords(status);
  return <Badge tone={tone}>{name}</Badge>;
}
