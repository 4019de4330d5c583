import { SearchField } from "../../ui/fields.tsx";
import { Bytes, countText, RelativeTime } from "../../ui/format.tsx";
import { Link } from "../../ui/link.tsx";
import { useParam } from "../../ui/params.ts";
import { Panel } from "../../ui/pieces.tsx";
import { useSettled } from "../../ui/settled.ts";
import { EmptyState } from "../../ui/states.tsx";
import { VirtualList } from "../../ui/virtual-list.tsx";
import { repositoryPath } from "./addresses.ts";
import { type CachedRepository, useRepositories } from "./queries.ts";
import { listHeight, rowHeight } from "./sizes.ts";

/** The repositories of which something is cached, found as one types. */
export function RepositoriesList({ upstreamId }: { upstreamId: number }) {
  const [text, setText] = useParam("search");
  const search = useSettled(text.trim());
  const query = useRepositories(upstreamId, search);
  const total = query.data?.pages[0]?.total;
  return (
    <Panel
      title="Repositories"
      actions={
        <Count total={total} isSearch={search !== ""} one="repository" many="repositories" />
      }
    >
      <SearchField label="Find a repository" value={text} onChange={setText} />
      <VirtualList
        label="Repositories"
        of={search}
        query={query}
        row={(repository) => <Row upstreamId={upstreamId} repository={repository} />}
        rowKey={({ repository }) => repository}
        rowHeight={rowHeight}
        height={listHeight}
        empty={
          search === "" ? (
            <EmptyState title="Nothing is cached yet">
              Pull an image through a registry that has this upstream, and it is here.
            </EmptyState>
          ) : (
            <EmptyState title="No repository has these words in its name">
              Each word must stand in it, in whatever case.
            </EmptyState>
          )
        }
      />
    </Panel>
  );
}

function Row({ upstreamId, repository }: { upstreamId: number; repository: CachedRepository }) {
  const { repository: name, tags_count: tags, digests_count: digests, size } = repository;
  return (
    <>
      <div className="list-main">
        <Link to={repositoryPath(upstreamId, name)}>
          <bdi title={name}>{name}</bdi>
        </Link>
        <span className="small muted">
          {counted(tags, "tag")}, {counted(digests, "digest")}
        </span>
      </div>
      <div className="list-end">
        <Bytes value={size} />
        <span className="column">
          <RelativeTime time={repository.last_downloaded_at} />
        </span>
      </div>
    </>
  );
}

const counted = (count: number, word: string) =>
  `${countText(count)} ${word}${count === 1 ? "" : "s"}`;

/** How many are listed, where the server counts them. */
export function Count({
  total,
  isSearch,
  one,
  many,
}: {
  total: number | undefined;
  isSearch: boolean;
  one: string;
  many: string;
}) {
  return (
    <span className="muted numbers" role="status">
      {total !== undefined && `${countText(total)} ${total === 1 ? one : many}`}
      {total !== undefined && isSearch && " found"}
    </span>
  );
}
