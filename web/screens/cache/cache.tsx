import { type Group, useGroup } from "../../api/group.ts";
import { Page } from "../../shell/page.tsx";
import { SearchField } from "../../ui/fields.tsx";
import { bytesText, countText } from "../../ui/format.tsx";
import { Link } from "../../ui/link.tsx";
import { useParam } from "../../ui/params.ts";
import { Panel, Stat, Stats } from "../../ui/pieces.tsx";
import { useSettled } from "../../ui/settled.ts";
import { EmptyState, ErrorState, Loaded, Skeleton } from "../../ui/states.tsx";
import type { Column } from "../../ui/table.tsx";
import { type Upstream, useUpstreams } from "../registries/queries.ts";
import { UpstreamsTable } from "../upstreams/upstreams-table.tsx";
import { upstreamPath } from "./addresses.ts";
import { useGroupSummary } from "./queries.ts";

/** What is cached, by the upstream that it is of. */
export default function Cache() {
  const { group, isLoading, error } = useGroup();
  return (
    <Page title="Cache" description="What is cached, by the upstream that it came from.">
      {isLoading && <Skeleton height="20rem" />}
      {error !== null && <ErrorState error={error} />}
      {!isLoading && !error && !group && (
        <EmptyState title="No group yet">
          What is cached belongs to groups, and you are in none.
        </EmptyState>
      )}
      {group && (
        <>
          <Numbers groupId={group.id} />
          <UpstreamsPanel group={group} />
        </>
      )}
    </Page>
  );
}

function Numbers({ groupId }: { groupId: number }) {
  return (
    <Loaded query={useGroupSummary(groupId)} height="6rem">
      {({ cache_entries: entries, cached_bytes: bytes, cache_max_bytes: most }) => (
        <Stats>
          <Stat label="Entries" value={countText(entries)} detail="tags, digests and blobs" />
          <Stat
            label="Takes"
            value={bytesText(bytes)}
            detail={most === null ? "without a limit" : `of at most ${bytesText(most)}`}
          />
        </Stats>
      )}
    </Loaded>
  );
}

function UpstreamsPanel({ group }: { group: Group }) {
  const [text, setText] = useParam("search");
  const search = useSettled(text.trim());
  const query = useUpstreams(group.id, search);
  return (
    <Panel title="Upstreams">
      <SearchField label="Find an upstream by its name" value={text} onChange={setText} />
      <UpstreamsTable
        query={query}
        columns={columns}
        isSearch={search !== ""}
        empty={
          <EmptyState
            title="No upstream yet"
            action={<Link to="/registries">To the registries</Link>}
          >
            What is pulled through a registry comes from its upstreams, and is cached here.
          </EmptyState>
        }
      />
    </Panel>
  );
}

const columns: readonly Column<Upstream>[] = [
  {
    id: "name",
    name: "Upstream",
    isName: true,
    cell: ({ id, name, url }) => (
      <div>
        <Link to={upstreamPath(id)}>
          <bdi>{name}</bdi>
        </Link>
        <p className="small muted">
          <bdi>{url}</bdi>
        </p>
      </div>
    ),
  },
  {
    id: "validity",
    name: "Tags are fresh for",
    cell: ({ cache_validity_hours: hours }) =>
      hours === 0 ? "a moment: checked at each pull" : `${countText(hours)} h`,
  },
  {
    id: "limit",
    name: "At most",
    isNumber: true,
    cell: ({ cache_max_bytes: most }) =>
      most === null ? <span className="muted unbroken">no limit</span> : bytesText(most),
  },
];
