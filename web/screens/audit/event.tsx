import { memo } from "react";
import { timeText } from "../../ui/format.tsx";
import { Link } from "../../ui/link.tsx";
import { Badge } from "../../ui/pieces.tsx";
import { useSearch } from "wouter";
import { type AuditEvent, deedText, detailsOf } from "./words.ts";

const tones = { success: "good", failure: "bad", refused: "warn" } as const;
const words = { success: "Done", failure: "Failed", refused: "Refused" };

/** One entry: a sentence, and below it what it was in particular. */
export const Event = memo(function Event({ event }: { event: AuditEvent }) {
  const { actor, subject, result, address, request_id: requestId } = event;
  const details = detailsOf(event);
  return (
    <article className="event">
      <div className="event-head">
        <time className="small muted numbers" dateTime={event.created_at}>
          {timeText(event.created_at)}
        </time>
        <Badge tone={tones[result]}>{words[result]}</Badge>
      </div>
      <p>
        <Actor actor={actor} /> {deedText(event)} <Subject subject={subject} />
      </p>
      {details.length > 0 && (
        <ul className="small event-details">
          {details.map(({ field, text }) => (
            <li key={field}>
              <span className="muted">{field}:</span> <bdi>{text}</bdi>
            </li>
          ))}
        </ul>
      )}
      <p className="small muted">
        {address !== null && <>from {address} </>}
        {requestId !== null && (
          <>
            request <code>{requestId}</code>
          </>
        )}
      </p>
    </article>
  );
});

/** To the same list, of this alone. */
function useFiltered(name: string, value: string): string {
  const search = new URLSearchParams(useSearch());
  search.set(name, value);
  return `/audit?${search}`;
}

function Actor({ actor: { kind, name } }: { actor: AuditEvent["actor"] }) {
  const to = useFiltered("actor", name ?? "");
  if (kind === "system") return <strong>The server</strong>;
  if (kind === "unknown" || !name) return <strong>Somebody unknown</strong>;
  return (
    <strong>
      <Link to={to}>
        <bdi>{name}</bdi>
      </Link>
    </strong>
  );
}

function Subject({ subject: { kind, id, name } }: { subject: AuditEvent["subject"] }) {
  const to = useFiltered("subject", `${kind}:${id}`);
  if (id === null) return name === null ? null : <bdi>{name}</bdi>;
  return (
    <Link to={to}>
      <bdi>{name ?? `no. ${id}`}</bdi>
    </Link>
  );
}
