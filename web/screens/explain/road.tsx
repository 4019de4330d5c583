import { pullAddress, usePullHost } from "../../api/address.ts";
import { livePath } from "../../api/paths.ts";
import { CacheStatus } from "../../ui/cache-status.tsx";
import { RelativeTime, timeText } from "../../ui/format.tsx";
import { Icon } from "../../ui/icons.tsx";
import { Link } from "../../ui/link.tsx";
import { Badge, Copyable, Panel } from "../../ui/pieces.tsx";
import { decisionText, type Plan, type Planned, reasonText, saidOf } from "./words.ts";

/** What it comes to. */
export function Decision({
  plan: { decision },
  registry,
  image,
  at,
}: {
  plan: Plan;
  registry: number;
  image: string;
  /** When that was so. */
  at: number;
}) {
  const { status, upstream, digest, next } = decision;
  const reason = reasonText(decision);
  const address = pullAddress(usePullHost(), registry);
  return (
    <Panel title="What a pull would do" actions={<CacheStatus status={status} />}>
      <p className="explain-decision">{decisionText(decision)}</p>
      <dl className="facts">
        {upstream !== null && (
          <>
            <dt>Upstream</dt>
            <dd>
              <bdi>{upstream}</bdi>
            </dd>
          </>
        )}
        {digest !== null && (
          <>
            <dt>Digest</dt>
            <dd>
              <code>{digest}</code>
            </dd>
          </>
        )}
        {reason !== undefined && (
          <>
            <dt>Why</dt>
            <dd>
              <bdi>{reason}</bdi>
            </dd>
          </>
        )}
        <dt>As of</dt>
        <dd className="numbers">{timeText(at)}</dd>
        <dt>Pulled as</dt>
        <dd>
          <Copyable text={`${address}/${image}`} />
        </dd>
      </dl>
      {next !== null && (
        <div className={`note ${status === "refused" ? "bad" : "warn"}`}>
          <Icon name="warn" size={18} />
          <p>What to do: {next}.</p>
        </div>
      )}
      <Link to={livePath({ registry_id: registry, repository: repositoryOf(image) })}>
        Latest pulls of this repository
      </Link>
    </Panel>
  );
}

/** The upstreams in their order, and what each has to do with it. */
export function Road({ plan: { upstreams, decision } }: { plan: Plan }) {
  return (
    <Panel title="The road through the upstreams">
      {upstreams.length === 0 && <p className="muted">There is none to ask.</p>}
      <ol className="road">
        {upstreams.map((planned) => (
          <li
            key={planned.upstream_id}
            className={planned.upstream === decision.upstream ? "road-chosen" : ""}
          >
            <Stop planned={planned} decision={decision} />
          </li>
        ))}
      </ol>
    </Panel>
  );
}

function Stop({ planned, decision }: { planned: Planned; decision: Plan["decision"] }) {
  const { upstream_id: id, upstream, position, repository, cached, next } = planned;
  const { tone, word, sentence } = saidOf(planned, decision);
  const isChosen = upstream === decision.upstream;
  return (
    <div className="road-stop">
      <span className="road-mark" aria-hidden="true">
        {position}
      </span>
      <div className="road-body">
        <h3 className="row">
          <Link to={`/upstreams/${id}`}>
            <bdi>{upstream}</bdi>
          </Link>
          <Badge tone={tone}>{word}</Badge>
          {isChosen && <Badge tone="accent">Gives it</Badge>}
        </h3>
        <p>
          <bdi>{sentence}</bdi>
        </p>
        {next !== null && <p>What to do: {next}.</p>}
        <p className="small muted">
          There it is called <bdi>{repository}</bdi>.
        </p>
        <Held cached={cached} />
      </div>
    </div>
  );
}

/** What is cached of it, and how fresh that is. */
function Held({ cached }: { cached: Planned["cached"] }) {
  if (cached === null) return <p className="small muted">Nothing of it is cached.</p>;
  const { digest, checked_at: checkedAt, fresh_until: freshUntil } = cached;
  return (
    <p className="small">
      Cached: <code title={digest}>{digest.slice(0, 19)}…</code>, checked{" "}
      <RelativeTime time={checkedAt} />, {freshText(freshUntil)}
    </p>
  );
}

/** Null: what a digest names does not change. */
function freshText(freshUntil: string | null): string {
  if (freshUntil === null) return "which stays as it is";
  const isFresh = new Date(freshUntil).getTime() > Date.now();
  return `${isFresh ? "fresh until" : "stale since"} ${timeText(freshUntil)}`;
}

const repositoryOf = (image: string): string => image.replace(/@.*$/, "").replace(/:[^/]*$/, "");
