import { api, ask } from "../../api/client.ts";
import { countText, durationText, RelativeTime } from "../../ui/format.tsx";
import { Panel } from "../../ui/pieces.tsx";
import { ConnectionTest } from "../registries/connection-test.tsx";
import { HealthBadge, healthSentence } from "../registries/health.tsx";
import type { UpstreamDetail } from "../registries/queries.ts";
import { InRegistries } from "../upstreams/in-registries.tsx";

/** How the upstream does, where it is asked, and a test that asks it now. */
export function HealthPanel({
  upstream: { id, group_id: groupId, url, health },
  mayChange,
}: {
  upstream: UpstreamDetail;
  mayChange: boolean;
}) {
  const { last_failure: failure, budget } = health;
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
        <dt>Last failure</dt>
        <dd>{failure === null ? <span className="muted">none</span> : <bdi>{failure}</bdi>}</dd>
        <dt>Rate limit</dt>
        <dd>
          {budget === null ? (
            <span className="muted">it has told of none</span>
          ) : (
            <>
              {countText(budget.remaining)} of {countText(budget.limit)} pulls left, for{" "}
              {durationText(budget.window_seconds * 1000)}; told <RelativeTime time={budget.at} />
            </>
          )}
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
