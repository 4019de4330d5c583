import { api, ask } from "../../api/client.ts";
import type { components } from "../../api/schema.ts";
import { countText, durationText, RelativeTime } from "../../ui/format.tsx";
import { Panel } from "../../ui/pieces.tsx";
import { ConnectionTest } from "../registries/connection-test.tsx";
import { HealthBadge, healthSentence } from "../registries/health.tsx";
import { type UpstreamDetail, useUpstreamHealth } from "../registries/queries.ts";
import { InRegistries } from "../upstreams/in-registries.tsx";

type Seen = components["schemas"]["UpstreamHealth"];

/** How the upstream does, where it is asked, and a test that asks it now. */
export function HealthPanel({
  upstream: { id, group_id: groupId, url, health },
  mayChange,
}: {
  upstream: UpstreamDetail;
  mayChange: boolean;
}) {
  const { data, error } = useUpstreamHealth(groupId, id);
  const unknown = <span className="muted">{error ? "not known" : "…"}</span>;
  return (
    <Panel title="Health" actions={<HealthBadge health={health} />}>
      <dl className="facts">
        <dt>Address</dt>
        <dd>
          <bdi>{url}</bdi>
        </dd>
        <dt>In registries</dt>
        <dd>
          <InRegistries id={id} groupId={groupId} />
        </dd>
        <dt>State</dt>
        <dd>{healthSentence(health)}</dd>
        <dt>Requests</dt>
        <dd>{data ? <Requests seen={data.seen} minutes={data.minutes} /> : unknown}</dd>
        <dt>Last failure</dt>
        <dd>
          <LastFailure failure={health.last_failure} error={data?.seen?.last_error ?? null} />
        </dd>
        <dt>Rate limit</dt>
        <dd>
          <Budget budget={health.budget} />
        </dd>
      </dl>
      {mayChange && (
        <ConnectionTest
          run={() =>
            ask(
              api.POST("/api/v4/virtual_registries/container/upstreams/{id}/test", {
                params: { path: { id } },
                body: {},
              }),
            )
          }
        />
      )}
    </Panel>
  );
}

function Requests({ seen, minutes }: { seen: Seen | undefined; minutes: number }) {
  if (!seen || seen.requests === 0) {
    return <span className="muted">none in the last {minutes} minutes</span>;
  }
  const { p50, p95 } = seen.latency_ms;
  return (
    <>
      {countText(seen.requests)} in the last {minutes} minutes, {countText(seen.errors)} of them
      failed
      {p50 !== null && p95 !== null && (
        <>
          ; half of them answered within {durationText(p50)}, 95 % within {durationText(p95)}
        </>
      )}
    </>
  );
}

function LastFailure({ failure, error }: { failure: string | null; error: Seen["last_error"] }) {
  if (error) {
    return (
      <>
        <RelativeTime time={error.at} />: <bdi>{error.message}</bdi>. What to do:{" "}
        <bdi>{error.next}</bdi>.
      </>
    );
  }
  return failure === null ? <span className="muted">none</span> : <bdi>{failure}</bdi>;
}

function Budget({ budget }: { budget: UpstreamDetail["health"]["budget"] }) {
  if (budget === null) return <span className="muted">it has told of none</span>;
  return (
    <>
      {countText(budget.remaining)} of {countText(budget.limit)} pulls left, for{" "}
      {durationText(budget.window_seconds * 1000)}; told <RelativeTime time={budget.at} />
    </>
  );
}
