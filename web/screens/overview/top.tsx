import type { components } from "../../api/schema.ts";
import { livePath } from "../../api/paths.ts";
import { Bytes, countText, shareText } from "../../ui/format.tsx";
import { Link } from "../../ui/link.tsx";
import { Panel } from "../../ui/pieces.tsx";
import { EmptyState, Loaded } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { useTopRepositories } from "./queries.ts";
import type { Range } from "./ranges.ts";

type Repository = components["schemas"]["RepositoryStatistics"];

const columns: readonly Column<Repository>[] = [
  {
    id: "repository",
    name: "Repository",
    cell: ({ repository, upstream_id: upstream }) =>
      // Beyond the first of a day they are counted together.
      repository === "" ? (
        <span className="muted">others</span>
      ) : (
        <Link to={livePath({ upstream_id: upstream, repository })}>
          <bdi>{repository}</bdi>
        </Link>
      ),
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
  {
    id: "fetched",
    name: "From upstreams",
    cell: ({ bytes_from_upstream: bytes }) => <Bytes value={bytes} />,
    sortBy: ({ bytes_from_upstream: bytes }) => bytes,
    isNumber: true,
  },
];

/** Where most is pulled. */
export function Top({ id, range }: { id: string; range: Range }) {
  return (
    <Panel title="Top repositories">
      {range.ms <= dayMs && (
        <p className="small muted">Repositories are counted by whole days, in UTC.</p>
      )}
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

const dayMs = 86_400_000;
