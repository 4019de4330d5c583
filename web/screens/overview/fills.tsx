import { useEffect, useState } from "react";
import type { Events } from "../../api/events.ts";
import { type Fill, useHealth } from "../../api/live.ts";
import { bytesText, durationText } from "../../ui/format.tsx";
import { Gauge } from "../../ui/gauge.tsx";
import { Badge, Panel } from "../../ui/pieces.tsx";
import { EmptyState, Loaded } from "../../ui/states.tsx";

/** The rest is counted: whoever wants to see more has the log. */
const most = 8;
const tickMs = 1000;

/** Downloads from upstreams that are under way. */
export function Fills({ groupId, events }: { groupId: number; events: Events }) {
  const health = useHealth(groupId, events);
  const names = new Map(health.data?.upstreams.map(({ id, name }) => [id, name]));
  return (
    <Panel title="Fills under way">
      <Loaded query={health} height="9rem">
        {({ fills }) =>
          fills.length === 0 ? (
            <EmptyState title="Nothing is downloaded now">
              What an upstream has to send is seen here while it comes.
            </EmptyState>
          ) : (
            <>
              <ul className="fills">
                {fills.slice(0, most).map((fill) => (
                  <li key={`${fill.upstream_id} ${fill.repository} ${fill.digest}`}>
                    <OneFill fill={fill} upstream={names.get(fill.upstream_id) ?? ""} />
                  </li>
                ))}
              </ul>
              {fills.length > most && <p className="muted">and {fills.length - most} more</p>}
            </>
          )
        }
      </Loaded>
    </Panel>
  );
}

function OneFill({ fill, upstream }: { fill: Fill; upstream: string }) {
  const { repository, digest, size, received, followers, started_at: startedAt } = fill;
  const seconds = useSince(startedAt);
  const rate = seconds > 0 ? ` · ${bytesText(received / (seconds / 1000))}/s` : "";
  return (
    <div className="fill">
      <div className="row">
        <bdi className="fill-name">{repository}</bdi>
        {followers > 0 && (
          <Badge tone="accent">
            {followers} {followers === 1 ? "follower" : "followers"}
          </Badge>
        )}
      </div>
      <p className="small muted">
        <code title={digest}>{digest.slice(0, 19)}…</code> from <bdi>{upstream}</bdi>,{" "}
        {durationText(seconds)}
        {rate}
      </p>
      {size === null ? (
        <p className="small numbers">{bytesText(received)}, of a size that nobody has told</p>
      ) : (
        <Gauge
          isWork
          label={`Fill of ${repository}`}
          value={received}
          most={size}
          text={`${bytesText(received)} of ${bytesText(size)}`}
        />
      )}
    </div>
  );
}

function useSince(time: string): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), tickMs);
    return () => clearInterval(timer);
  }, []);
  return Math.max(0, now - new Date(time).getTime());
}
