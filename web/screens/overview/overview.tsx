import { useSearchParams } from "wouter";
import { useGroup } from "../../api/group.ts";
import type { components } from "../../api/schema.ts";
import { BarChart, LineChart } from "../../charts/charts.tsx";
import { Page } from "../../shell/page.tsx";
import { Bytes, bytesText, countText, shareText, shortCountText } from "../../ui/format.tsx";
import { Panel, Stat, Stats } from "../../ui/pieces.tsx";
import { Segments } from "../../ui/segments.tsx";
import { EmptyState, ErrorState, Loaded, Skeleton } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { WelcomeOffer } from "../welcome/offer.tsx";
import { useHistory, useSummary, useTopRepositories } from "./queries.ts";
import { type Range, rangeOf, ranges } from "./ranges.ts";

type Point = components["schemas"]["StatisticsPoint"];
type Repository = components["schemas"]["RepositoryStatistics"];

const chartHeight = "18rem";

/** What is pulled, and what the cache saves. */
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
      {group && <Statistics id={String(group.id)} range={range} />}
    </Page>
  );
}

function Statistics({ id, range }: { id: string; range: Range }) {
  return (
    <>
      <WelcomeOffer groupId={Number(id)} summary={useSummary(id).data} />
      <Numbers id={id} range={range} />
      <div className="plots">
        <Pulls id={id} range={range} />
        <Traffic id={id} range={range} />
      </div>
      <Top id={id} range={range} />
    </>
  );
}

function Numbers({ id, range }: { id: string; range: Range }) {
  const history = useHistory(id, range);
  const summary = useSummary(id);
  return (
    <Loaded query={history} height="6rem">
      {(points) => {
        const hits = total(points, ({ hits }) => hits);
        const pulls = hits + total(points, ({ misses }) => misses);
        const cached = total(points, ({ bytes_from_cache: bytes }) => bytes);
        const fetched = total(points, ({ bytes_from_upstream: bytes }) => bytes);
        const holds = summary.data;
        return (
          <Stats>
            <Stat
              label="Hit ratio"
              value={shareText(hits, pulls)}
              detail={`${countText(hits)} of ${countText(pulls)} pulls`}
            />
            <Stat
              label="Served from the cache"
              value={<Bytes value={cached} />}
              detail={`${bytesText(fetched)} from upstreams`}
            />
            <Stat
              label="Cached now"
              value={holds ? <Bytes value={holds.cache_size} /> : "–"}
              detail={holds ? `${countText(holds.cache_entries)} entries` : "…"}
            />
            <Stat
              label="Registries"
              value={holds ? countText(holds.registries) : "–"}
              detail={holds ? `${countText(holds.upstreams)} upstreams` : "…"}
            />
          </Stats>
        );
      }}
    </Loaded>
  );
}

function Pulls({ id, range }: { id: string; range: Range }) {
  return (
    <Panel title="Pulls">
      <Loaded query={useHistory(id, range)} height={chartHeight}>
        {(points) => (
          <BarChart
            label={`Pulls in ${range.label}`}
            times={points.map(({ at }) => at)}
            time={range.time}
            value={shortCountText}
            series={[
              { name: "Hits", values: points.map(({ hits }) => hits) },
              { name: "Misses", values: points.map(({ misses }) => misses) },
            ]}
          />
        )}
      </Loaded>
    </Panel>
  );
}

function Traffic({ id, range }: { id: string; range: Range }) {
  return (
    <Panel title="Bytes">
      <Loaded query={useHistory(id, range)} height={chartHeight}>
        {(points) => (
          <LineChart
            label={`Bytes in ${range.label}`}
            times={points.map(({ at }) => at)}
            time={range.time}
            value={bytesText}
            series={[
              { name: "From the cache", values: points.map((each) => each.bytes_from_cache) },
              { name: "From upstreams", values: points.map((each) => each.bytes_from_upstream) },
            ]}
          />
        )}
      </Loaded>
    </Panel>
  );
}

const columns: readonly Column<Repository>[] = [
  {
    id: "repository",
    name: "Repository",
    cell: ({ repository }) => <bdi>{repository}</bdi>,
    sortBy: ({ repository }) => repository,
    isName: true,
  },
  {
    id: "pulls",
    name: "Pulls",
    cell: ({ hits, misses }) => countText(hits + misses),
    sortBy: ({ hits, misses }) => hits + misses,
    isNumber: true,
  },
  {
    id: "ratio",
    name: "Hit ratio",
    cell: ({ hits, misses }) => shareText(hits, hits + misses),
    sortBy: ({ hits, misses }) => hits / Math.max(1, hits + misses),
    isNumber: true,
  },
  {
    id: "bytes",
    name: "From the cache",
    cell: ({ bytes_from_cache: bytes }) => <Bytes value={bytes} />,
    sortBy: ({ bytes_from_cache: bytes }) => bytes,
    isNumber: true,
  },
];

function Top({ id, range }: { id: string; range: Range }) {
  return (
    <Panel title="Top repositories">
      <Loaded query={useTopRepositories(id, range)} height="14rem">
        {(repositories) => (
          <Table
            label={`Repositories with the most pulls in ${range.label}`}
            columns={columns}
            rows={repositories}
            rowKey={({ upstream_id: upstream, repository }) => `${upstream} ${repository}`}
            sort={{ column: "pulls", direction: "descending" }}
            empty={
              <EmptyState title="No pulls yet">
                Pull an image through a registry, and it is counted here.
              </EmptyState>
            }
          />
        )}
      </Loaded>
    </Panel>
  );
}

const total = (points: readonly Point[], of: (point: Point) => number) =>
  points.reduce((sum, point) => sum + of(point), 0);
