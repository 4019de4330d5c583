import type { Events } from "../../api/events.ts";
import { livePath } from "../../api/paths.ts";
import { type UpstreamHealth, useHealth } from "../../api/live.ts";
import { countText, durationText, RelativeTime, timeText } from "../../ui/format.tsx";
import { Link } from "../../ui/link.tsx";
import { Gauge } from "../../ui/gauge.tsx";
import { Panel } from "../../ui/pieces.tsx";
import { EmptyState, Loaded } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { HealthBadge } from "../registries/health.tsx";

const maybeDuration = (ms: number | null) =>
  ms === null ? <span className="muted">–</span> : <span>{durationText(ms)}</span>;

const columns: readonly Column<UpstreamHealth>[] = [
  {
    id: "name",
    name: "Upstream",
    isName: true,
    cell: ({ id, name }) => (
      <Link to={`/upstreams/${id}`}>
        <bdi>{name}</bdi>
      </Link>
    ),
    sortBy: ({ name }) => name,
  },
  {
    id: "breaker",
    name: "State",
    cell: ({ breaker, retry_at: retryAt }) => (
      <span className="row">
        <HealthBadge health={{ breaker }} />
        {retryAt !== null && (
          <span className="small">
            again at <time dateTime={retryAt}>{timeText(retryAt)}</time>
          </span>
        )}
      </span>
    ),
    sortBy: ({ breaker }) => breaker,
  },
  {
    id: "p50",
    name: "p50",
    isNumber: true,
    cell: ({ latency_ms: { p50 } }) => maybeDuration(p50),
    sortBy: ({ latency_ms: { p50 } }) => p50 ?? -1,
  },
  {
    id: "p95",
    name: "p95",
    isNumber: true,
    cell: ({ latency_ms: { p95 } }) => maybeDuration(p95),
    sortBy: ({ latency_ms: { p95 } }) => p95 ?? -1,
  },
  {
    id: "errors",
    name: "Errors",
    isNumber: true,
    cell: ({ errors, requests }) => `${countText(errors)} of ${countText(requests)}`,
    sortBy: ({ errors }) => errors,
  },
  { id: "budget", name: "Rate limit", cell: (row) => <Budget upstream={row} /> },
  { id: "last", name: "Last error", cell: (row) => <LastError upstream={row} /> },
];

/** How each upstream does: latency, errors, whether it is asked, and what has been wrong last. */
export function Health({ groupId, events }: { groupId: number; events: Events }) {
  const health = useHealth(groupId, events);
  return (
    <Panel title="Upstreams">
      <p className="small muted">
        Requests of the last {health.data?.window_minutes ?? 5} minutes, as this server has sent
        them; latency until the head of the answer.
      </p>
      <Loaded query={health} height="8rem">
        {({ upstreams }) => (
          <Table
            label="Health of the upstreams"
            columns={columns}
            rows={upstreams}
            rowKey={({ id }) => id}
            sort={{ column: "errors", direction: "descending" }}
            empty={
              <EmptyState title="No upstream yet">
                An upstream is where images come from that are not cached.
              </EmptyState>
            }
          />
        )}
      </Loaded>
    </Panel>
  );
}

function Budget({ upstream: { name, budget } }: { upstream: UpstreamHealth }) {
  if (budget === null) return <span className="muted">none told</span>;
  const { limit, remaining, resets_at: resetsAt } = budget;
  return (
    <Gauge
      label={`Pulls that ${name} still allows`}
      value={limit - remaining}
      most={limit}
      text={`${countText(remaining)} of ${countText(limit)} left, until ${timeText(resetsAt)}`}
    />
  );
}

function LastError({ upstream: { id, last_error: error } }: { upstream: UpstreamHealth }) {
  if (error === null) return <span className="muted">none since the start</span>;
  return (
    <div className="last-error">
      <span>
        <bdi>{error.message}</bdi>{" "}
        <span className="small muted">
          <RelativeTime time={error.at} />
        </span>
      </span>
      <span className="small">
        What to do: {error.next}.{" "}
        <Link to={livePath({ upstream_id: id, failed: "true" })}>Its failed pulls</Link>
      </span>
    </div>
  );
}
