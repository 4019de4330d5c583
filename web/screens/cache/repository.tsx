import { useState } from "react";
import { useParams } from "wouter";
import { useGroupOf } from "../../api/group.ts";
import { useMayChange } from "../../api/rights.ts";
import { NotFound } from "../../shell/not-found.tsx";
import { Page } from "../../shell/page.tsx";
import { SearchField } from "../../ui/fields.tsx";
import { bytesText, countText, RelativeTime } from "../../ui/format.tsx";
import { Link } from "../../ui/link.tsx";
import { LongList } from "../../ui/long-list.tsx";
import { useParam } from "../../ui/params.ts";
import { Panel, Stat, Stats } from "../../ui/pieces.tsx";
import { Segments } from "../../ui/segments.tsx";
import { useSettled } from "../../ui/settled.ts";
import { Loaded } from "../../ui/states.tsx";
import { useUpstream } from "../registries/queries.ts";
import { purgePath, upstreamPath } from "./addresses.ts";
import { EntryRow, NoEntries } from "./entries-list.tsx";
import { askEntries, type CacheEntry, entriesKey, useRepository } from "./queries.ts";
import { Count } from "./repositories-list.tsx";
import { listHeight, rowHeight } from "./sizes.ts";

const kinds = [
  { id: "tag", label: "Tags" },
  { id: "digest", label: "Digests" },
  { id: "blob", label: "Blobs" },
] as const;

/** What is cached of one repository. */
export default function RepositoryScreen() {
  const { id: text } = useParams<{ id: string }>();
  const [name] = useParam("name");
  if (!/^\d{1,15}$/.test(text) || name === "") return <NotFound />;
  return <Known key={`${text} ${name}`} upstreamId={Number(text)} name={name} />;
}

function Known({ upstreamId, name }: { upstreamId: number; name: string }) {
  const upstream = useUpstream(upstreamId);
  const detail = upstream.data?.data;
  useGroupOf(detail?.group_id);
  const mayChange = useMayChange(detail?.group_id);
  return (
    <Page
      title={name}
      crumbs={[
        { title: "Cache", to: "/cache" },
        { title: detail?.name ?? `Upstream ${upstreamId}`, to: upstreamPath(upstreamId) },
      ]}
      actions={
        mayChange && (
          <Link to={purgePath(upstreamId, name)} className="button">
            Purge
          </Link>
        )
      }
    >
      <Loaded query={upstream} height="46rem">
        {() => (
          <>
            <Numbers upstreamId={upstreamId} name={name} />
            <Entries upstreamId={upstreamId} name={name} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Numbers({ upstreamId, name }: { upstreamId: number; name: string }) {
  return (
    <Loaded query={useRepository(upstreamId, name)} height="6rem">
      {(repository) =>
        repository && (
          <Stats>
            <Stat label="Tags" value={countText(repository.tags_count)} />
            <Stat label="Digests" value={countText(repository.digests_count)} />
            <Stat
              label="Size"
              value={bytesText(repository.size)}
              detail={`${countText(repository.entries_count)} entries`}
            />
            <Stat label="Last pull" value={<RelativeTime time={repository.last_downloaded_at} />} />
          </Stats>
        )
      }
    </Loaded>
  );
}

const entryRow = (entry: CacheEntry) => <EntryRow entry={entry} isWithin />;

function Entries({ upstreamId, name }: { upstreamId: number; name: string }) {
  const [wanted, setKind] = useParam("kind");
  const [text, setText] = useParam("search");
  const search = useSettled(text.trim());
  const [count, setCount] = useState<number>();
  const kind = kinds.find(({ id }) => id === wanted) ?? kinds[0];
  const list = { upstreamId, repository: name, kind: kind.id, search };
  const many = kind.label.toLowerCase();
  return (
    <Panel
      title={kind.label}
      actions={
        <>
          <Count total={count} isSearch={search !== ""} one={kind.id} many={many} />
          <Segments label="Kind" choices={kinds} value={kind.id} onChange={setKind} />
        </>
      }
    >
      <SearchField label={`Find ${many}`} value={text} onChange={setText} />
      <LongList
        label={kind.label}
        queryKey={entriesKey(list)}
        page={askEntries(list)}
        row={entryRow}
        rowHeight={rowHeight}
        height={listHeight}
        onCount={setCount}
        empty={<NoEntries search={search} />}
      />
    </Panel>
  );
}
