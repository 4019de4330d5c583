import { useState } from "react";
import { SearchField } from "../../ui/fields.tsx";
import { Bytes, RelativeTime } from "../../ui/format.tsx";
import { Link } from "../../ui/link.tsx";
import { LongList } from "../../ui/long-list.tsx";
import { useParam } from "../../ui/params.ts";
import { Badge, Panel } from "../../ui/pieces.tsx";
import { useSettled } from "../../ui/settled.ts";
import { EmptyState } from "../../ui/states.tsx";
import { entryPath } from "./addresses.ts";
import { partsOf, shortReference, typeWords } from "./parts.ts";
import { askEntries, type CacheEntry, entriesKey } from "./queries.ts";
import { Count } from "./repositories-list.tsx";
import { listHeight, rowHeight } from "./sizes.ts";

/** All that is cached of an upstream, the newest first; searched by the server as one types. */
export function EntriesList({ upstreamId }: { upstreamId: number }) {
  const [text, setText] = useParam("search");
  const search = useSettled(text.trim());
  const [count, setCount] = useState<number>();
  const list = { upstreamId, search };
  return (
    <Panel
      title="All entries"
      actions={<Count total={count} isSearch={search !== ""} one="entry" many="entries" />}
    >
      <SearchField
        label="Find entries"
        placeholder="Words of a repository, tag or digest"
        value={text}
        onChange={setText}
      />
      <LongList
        label="All entries"
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

const entryRow = (entry: CacheEntry) => <EntryRow entry={entry} isWithin={false} />;

export function NoEntries({ search }: { search: string }) {
  if (search === "") {
    return (
      <EmptyState title="Nothing is cached yet">
        What is pulled through a registry is here from then on.
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No entry has these words">
      Each word must stand in its repository, tag or digest, in whatever case.
    </EmptyState>
  );
}

/** An entry in a line or two. `isWithin`: in the list of its repository, where that need not be told. */
export function EntryRow({ entry, isWithin }: { entry: CacheEntry; isWithin: boolean }) {
  const { id, upstream_id: upstreamId, relative_path: path, content_type: type } = entry;
  const { repository, kind, reference } = partsOf(path);
  const short = shortReference(reference);
  return (
    <>
      <div className="list-main">
        <Link to={entryPath(upstreamId, id)}>
          <bdi title={reference}>
            {isWithin ? short : `${repository}${kind === "tag" ? ":" : "@"}${short}`}
          </bdi>
        </Link>
        <span className="small muted">{kind === "blob" ? "Blob" : typeWords(type)}</span>
      </div>
      <div className="list-end">
        {entry.pinned && <Badge tone="accent">Pinned</Badge>}
        <Bytes value={entry.size} />
        <span className="column">
          <RelativeTime time={entry.downloaded_at} />
        </span>
      </div>
    </>
  );
}
