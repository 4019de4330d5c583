import type { ReactNode } from "react";
import { Button } from "../../ui/button.tsx";
import { ErrorNote, ErrorState, Skeleton } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import type { Upstream, useUpstreams } from "../registries/queries.ts";

/** As many of a group's upstreams as have been asked for. `empty`: where there are none at all. */
export function UpstreamsTable({
  query,
  columns,
  isSearch,
  empty,
}: {
  query: ReturnType<typeof useUpstreams>;
  columns: readonly Column<Upstream>[];
  isSearch: boolean;
  empty: ReactNode;
}) {
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = query;
  if (!data) {
    if (error) return <ErrorState error={error} onRetry={() => void refetch()} />;
    return <Skeleton height="9rem" />;
  }
  return (
    <>
      <Table
        label="Upstreams"
        columns={columns}
        rows={data.pages.flatMap(({ items }) => items)}
        rowKey={({ id }) => id}
        empty={isSearch ? "No upstream has these words in its name." : empty}
      />
      {error && <ErrorNote title="The rest of the list did not come" error={error} />}
      {hasNextPage && (
        <div className="row">
          <Button isPending={isFetchingNextPage} onPress={() => void fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
    </>
  );
}
