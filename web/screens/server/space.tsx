import { Bytes, bytesText, shareText } from "../../ui/format.tsx";
import { Link } from "../../ui/link.tsx";
import { Gauge } from "../../ui/gauge.tsx";
import { Panel, Stat, Stats } from "../../ui/pieces.tsx";
import { EmptyState, Loaded } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { Evictions } from "./evictions.tsx";
import { type Space, useSpace } from "./queries.ts";

/** How much is stored, and what its limits are. */
export function SpacePanels({ mayEvict }: { mayEvict: boolean }) {
  return (
    <Panel title="Space" actions={mayEvict && <Evictions />}>
      <Loaded query={useSpace()} height="20rem">
        {(space) => (
          <>
            <Numbers space={space} />
            <Table
              label="Limits of groups and upstreams"
              columns={columns}
              rows={space.limits}
              rowKey={({ scope, id }) => `${scope} ${id}`}
              empty={
                <EmptyState title="No limits of groups or upstreams">
                  A group has one on its page, an upstream among its settings.
                </EmptyState>
              }
            />
          </>
        )}
      </Loaded>
    </Panel>
  );
}

function Numbers({ space }: { space: Space }) {
  const { stored_bytes: stored, leaving_bytes: leaving, cache_max_bytes: most } = space;
  const left = space.storable_bytes;
  return (
    <>
      <Stats>
        <Stat
          label="Stored"
          value={<Bytes value={stored} />}
          detail={most === null ? "no limit is set" : `${shareText(stored, most)} of the limit`}
        />
        <Stat
          label="Limit"
          value={most === null ? "None" : bytesText(most)}
          detail="WEIR_CACHE_MAX_BYTES"
        />
        <Stat label="Leaving" value={<Bytes value={leaving} />} detail="not needed any more" />
        <Stat
          label="Free for more"
          value={left === null ? "–" : bytesText(Math.max(0, left))}
          detail={left === null ? "this store does not say" : "before the disk is too full"}
        />
      </Stats>
      {most !== null && <Gauge label="Stored, of the limit" value={stored} most={most} />}
    </>
  );
}

type Limit = Space["limits"][number];

const columns: readonly Column<Limit>[] = [
  {
    id: "name",
    name: "Limit of",
    isName: true,
    cell: ({ scope, id, name }) =>
      scope === "group" ? (
        <Link to={`/groups/${id}`}>
          Group <bdi>{name}</bdi>
        </Link>
      ) : (
        <span>
          Upstream <bdi>{name}</bdi>
        </span>
      ),
    sortBy: ({ name }) => name,
  },
  {
    id: "cached",
    name: "Cached",
    isNumber: true,
    cell: ({ cached_bytes: bytes }) => <Bytes value={bytes} />,
    sortBy: ({ cached_bytes: bytes }) => bytes,
  },
  {
    id: "most",
    name: "At most",
    isNumber: true,
    cell: ({ cache_max_bytes: most }) => <Bytes value={most} />,
    sortBy: ({ cache_max_bytes: most }) => most,
  },
  {
    id: "share",
    name: "Taken",
    cell: ({ name, cached_bytes: bytes, cache_max_bytes: most }) => (
      <Gauge label={`Taken of the limit of ${name}`} value={bytes} most={most} />
    ),
  },
];
