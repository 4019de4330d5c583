import { useSearchParams } from "wouter";
import type { Pull } from "../../api/live.ts";
import { imageText } from "../../api/paths.ts";
import { CacheStatus } from "../../ui/cache-status.tsx";
import { bytesText, clockText, countedText, durationText, timeText } from "../../ui/format.tsx";
import { Icon } from "../../ui/icons.tsx";
import { Link } from "../../ui/link.tsx";
import { Badge } from "../../ui/pieces.tsx";
import type { Line } from "./log.ts";

export function LogLine({ line }: { line: Line }) {
  switch (line.kind) {
    case "pull":
      return <PullLine pull={line.pull} />;
    case "gap":
      return (
        <p className="live-note muted">
          {countedText(line.pulls, "more pull")}, too many to tell one by one; the overview counts
          all
        </p>
      );
    case "restart":
      return (
        <p className="live-note muted">
          <Icon name="refresh" size={16} /> The server was started anew here, or another one answers
          since; what is above is of that one
        </p>
      );
  }
}

/** What was asked for, as a name. */
export function nameOf({ repository, reference, kind }: Pull): string {
  return reference === null ? repository : imageText(repository, reference) + partOf(kind);
}

/** Of a digest as much as tells it from others. */
const shortened = (name: string) => name.replace(/(:[0-9a-f]{12})[0-9a-f]{52,}/, "$1…");

const partOf = (kind: Pull["kind"]) => (kind === "referrers" ? " (referrers)" : "");

const kinds: Record<Pull["kind"], string> = {
  manifest: "manifest",
  blob: "blob",
  tags: "list of tags",
  referrers: "list of referrers",
};

export const kindText = ({ method, kind }: Pick<Pull, "method" | "kind">): string =>
  `${method} of a ${kinds[kind]}`;

const outcomes = { left: "client left", cut: "cut" } as const;

/** Two lines: what and how, then whence, or why not and what to do. */
function PullLine({ pull }: { pull: Pull }) {
  const [search] = useSearchParams();
  const to = new URLSearchParams(search);
  to.set("pull", pull.id);
  const { at, outcome, cache_status: status, upstream, bytes, duration_ms: ms, error } = pull;
  return (
    <Link to={`/live?${to}`} className="live-row">
      <time className="live-time small numbers muted" dateTime={at} title={timeText(at)}>
        {clockText(at)}
      </time>
      <span className="live-status">
        <CacheStatus status={status} />
      </span>
      <span className="live-what">
        <bdi className="clipped live-name" title={nameOf(pull)}>
          {shortened(nameOf(pull))}
        </bdi>
        {error === null ? (
          <span className="clipped small muted">
            {kindText(pull)}
            {upstream !== null && (
              <>
                {" "}
                · <bdi>{upstream}</bdi>
              </>
            )}
          </span>
        ) : (
          <span className="clipped small live-error">
            <bdi>{error.message}</bdi>: {error.next}
          </span>
        )}
      </span>
      <span className="live-much small numbers muted">
        {outcome !== "sent" && outcome !== "refused" && (
          <Badge tone="warn">{outcomes[outcome]}</Badge>
        )}
        <span>{bytesText(bytes)}</span>
        <span>{durationText(ms)}</span>
      </span>
    </Link>
  );
}
