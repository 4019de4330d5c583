import { useSearchParams } from "wouter";
import { useGroup } from "../../api/group.ts";
import { refreshPulls, useLive } from "../../api/live.ts";
import { queries } from "../../api/queries.ts";
import { Page } from "../../shell/page.tsx";
import { timeText } from "../../ui/format.tsx";
import { LiveState } from "../../ui/live-state.tsx";
import { Segments } from "../../ui/segments.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../ui/states.tsx";
import { WelcomeOffer } from "../welcome/offer.tsx";
import { failedOnly, Failures, keepFailure } from "./failures.tsx";
import { Fills } from "./fills.tsx";
import { Health } from "./health.tsx";
import { Numbers } from "./numbers.tsx";
import { Pulls, Traffic } from "./plots.tsx";
import { refreshSeconds, useHistory, useSummary } from "./queries.ts";
import { type Range, rangeOf, ranges } from "./ranges.ts";
import { Space } from "./space.tsx";
import { Top } from "./top.tsx";

/** What is pulled, what the cache saves, how the upstreams do. */
export default function Overview() {
  const { group, isLoading, error } = useGroup();
  const [search, setSearch] = useSearchParams();
  const range = rangeOf(search.get("range"));
  const choose = (id: string) =>
    setSearch((before) => {
      before.set("range", id);
      return before;
    });
  return (
    <Page
      title="Overview"
      actions={<Segments label="Range" choices={ranges} value={range.id} onChange={choose} />}
    >
      {isLoading && <Skeleton height="60vh" />}
      {error !== null && <ErrorState error={error} />}
      {!isLoading && !error && !group && (
        <EmptyState title="No group yet">
          Registries belong to groups, and you are in none.
        </EmptyState>
      )}
      {group && <OfGroup key={group.id} id={group.id} range={range} />}
    </Page>
  );
}

function OfGroup({ id, range }: { id: number; range: Range }) {
  const path = String(id);
  const summary = useSummary(path);
  const events = useLive(id, failedOnly, {
    pull: (pull) => keepFailure(id, pull),
    skipped: () => refresh(id),
    opened: (isAgain) => void (isAgain ? refresh(id) : refreshPulls(id)),
  });
  return (
    <>
      <div className="row live-head">
        <LiveState events={events} />
        <AsOf id={path} range={range} />
      </div>
      <WelcomeOffer groupId={id} summary={summary.data} />
      <Numbers id={path} range={range} />
      <div className="plots">
        <Pulls id={path} range={range} />
        <Traffic id={path} range={range} />
      </div>
      <Health groupId={id} events={events} />
      <div className="plots">
        <Fills groupId={id} events={events} />
        <Space groupId={id} />
      </div>
      <Failures groupId={id} events={events} />
      <Top id={path} range={range} />
    </>
  );
}

/** What the stream does not tell, or has not told. */
function refresh(id: number): void {
  for (const kind of ["pulls", "health"]) void queries.invalidateQueries({ queryKey: [kind, id] });
  void queries.invalidateQueries({ queryKey: ["statistics", String(id)] });
}

function AsOf({ id, range }: { id: string; range: Range }) {
  const { dataUpdatedAt, isError } = useHistory(id, range);
  if (dataUpdatedAt === 0) return null;
  return (
    <span className="small muted numbers">
      Figures as of {timeText(dataUpdatedAt)}, read every {refreshSeconds} seconds
      {isError && "; the last time that failed"}
    </span>
  );
}
