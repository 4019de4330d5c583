import { type ReactNode, useState } from "react";
import { Button } from "./button.tsx";

export type Tone = "neutral" | "good" | "warn" | "bad" | "accent";

/** A state in a word; the word says it, the colour repeats it. */
export function Badge({ tone = "neutral", children }: { tone?: Tone; children: ReactNode }) {
  return <span className={`badge ${tone}`}>{children}</span>;
}

export interface StatProps {
  label: string;
  value: ReactNode;
  /** What the number is of. */
  detail?: ReactNode;
}

/** Numbers that stand side by side; `Stat`s are in it. */
export function Stats({ children }: { children: ReactNode }) {
  return <dl className="stats">{children}</dl>;
}

export function Stat({ label, value, detail }: StatProps) {
  return (
    <div className="stat">
      <dt>{label}</dt>
      <dd className="stat-value numbers">{value}</dd>
      {detail !== undefined && <dd className="small muted">{detail}</dd>}
    </div>
  );
}

/** A part of a page, with its heading and what can be done with it. */
export function Panel({
  title,
  actions,
  children,
}: {
  title: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{title}</h2>
        {actions !== undefined && <div className="row">{actions}</div>}
      </div>
      {children}
    </section>
  );
}

const saidMs = 2000;

/** Copies a text, and says so. Where the browser has no clipboard (plain http), the text beside it is to be marked by hand. */
export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }) {
  const [said, setSaid] = useState<string>();
  const say = (word: string) => {
    setSaid(word);
    setTimeout(() => setSaid(undefined), saidMs);
  };
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      say("Copied");
    } catch {
      say("Not copied: mark it and copy by hand");
    }
  };
  return (
    <>
      <Button
        variant="quiet"
        icon={said === "Copied" ? "check" : "copy"}
        onPress={() => void copy()}
      >
        {said ?? label}
      </Button>
      <span className="visually-hidden" role="status">
        {said}
      </span>
    </>
  );
}

/** A line to be copied: an address, a command, a secret. */
export function Copyable({ text, label }: { text: string; label?: string }) {
  return (
    <div className="copyable">
      <code>{text}</code>
      <CopyButton text={text} {...(label !== undefined && { label })} />
    </div>
  );
}
