import type { Pull } from "../../api/live.ts";
import { explainPath, imageText, livePath } from "../../api/paths.ts";
import { CacheStatus, statusWords } from "../../ui/cache-status.tsx";
import { bytesText, countText, durationText, timeText } from "../../ui/format.tsx";
import { Icon } from "../../ui/icons.tsx";
import { Link } from "../../ui/link.tsx";
import { Copyable } from "../../ui/pieces.tsx";
import { kindText, nameOf } from "./row.tsx";

const outcomes: Record<Pull["outcome"], string> = {
  sent: "sent to its end",
  refused: "refused",
  left: "the client left before its end",
  cut: "cut by this server before its end",
};

/** All that is known of one pull. */
export function PullDetails({ pull, maySeeWho }: { pull: Pull; maySeeWho: boolean }) {
  return (
    <>
      <p className="live-full">
        <bdi>{nameOf(pull)}</bdi>
      </p>
      {pull.error !== null && <Why error={pull.error} />}
      <Facts pull={pull} maySeeWho={maySeeWho} />
      <div className="row">
        <ExplainLink pull={pull} />
        <Link className="button" to={livePath({ repository: pull.repository })}>
          Pulls of this repository
        </Link>
      </div>
    </>
  );
}

function Why({ error }: { error: NonNullable<Pull["error"]> }) {
  return (
    <div className="note bad">
      <Icon name="warn" size={18} />
      <div>
        <p className="note-title">
          <bdi>{error.message}</bdi>
        </p>
        <p>What to do: {error.next}.</p>
        <p className="small muted">
          <code>{error.code}</code>
        </p>
      </div>
    </div>
  );
}

function Facts({ pull, maySeeWho }: { pull: Pull; maySeeWho: boolean }) {
  const { at, status, cache_status: cache, reason, bytes, duration_ms: ms, outcome } = pull;
  return (
    <dl className="facts">
      <dt>Ended</dt>
      <dd>
        <time dateTime={at}>{timeText(at)}</time>, after {durationText(ms)}
      </dd>
      <dt>Answer</dt>
      <dd>
        {status}, {kindText(pull)}, {outcomes[outcome]}
      </dd>
      <dt>Cache</dt>
      <dd>
        <CacheStatus status={cache} /> {statusWords(cache).sentence}
        {reason !== null && (
          <>
            {" "}
            (<bdi>{reason}</bdi>)
          </>
        )}
      </dd>
      <dt>Bytes</dt>
      <dd title={`${countText(bytes)} bytes`}>{bytesText(bytes)} to the client</dd>
      <dt>Registry</dt>
      <dd>
        <Link to={`/registries/${pull.registry_id}`}>
          <bdi>{pull.registry}</bdi>
        </Link>
      </dd>
      <dt>Upstream</dt>
      <dd>
        <Upstream pull={pull} />
      </dd>
      <dt>Who</dt>
      <dd>
        {pull.actor !== null && <bdi>{pull.actor}</bdi>}
        {pull.actor === null && (
          <span className="muted">
            {maySeeWho ? "nobody that is known: without a login" : "for maintainers to see"}
          </span>
        )}
      </dd>
      <dt>Request</dt>
      <dd>
        <Copyable text={pull.request_id} />
      </dd>
    </dl>
  );
}

function Upstream({ pull: { upstream, upstream_id: id } }: { pull: Pull }) {
  if (upstream === null) return <span className="muted">none</span>;
  if (id === null) return <bdi>{upstream}</bdi>;
  return (
    <Link to={`/upstreams/${id}`}>
      <bdi>{upstream}</bdi>
    </Link>
  );
}

/** Of a manifest alone is it decided by which way it comes: its blobs go the same. */
function ExplainLink({ pull }: { pull: Pull }) {
  const { registry_id: registry, repository, reference, kind } = pull;
  if (reference === null || kind === "blob") return null;
  return (
    <Link className="button primary" to={explainPath(registry, imageText(repository, reference))}>
      Explain this pull
    </Link>
  );
}
