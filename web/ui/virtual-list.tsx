import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import { type ReactNode, useCallback, useEffect, useState } from "react";
import type { Page } from "../api/client.ts";
import { EmptyState, ErrorNote, ErrorState, Skeleton } from "./states.tsx";
import { spareRows, VirtualRows } from "./virtual-rows.tsx";

export interface VirtualListProps<T> {
  label: string;
  /** What the list is of: a search, filters. With another one it begins anew at its top. */
  of?: string;
  /** Of `useInfiniteQuery`; every page but the last has the same number of items. */
  query: UseInfiniteQueryResult<InfiniteData<Page<T>>>;
  row: (item: T) => ReactNode;
  rowKey: (item: T) => string | number;
  /** Pixels; the same for all, so that where a row stands is known without drawing the others. */
  rowHeight: number;
  /** Pixels of the part that is seen. */
  height: number;
  empty?: ReactNode;
}

/**
 * A list of any length: what is drawn is what is seen, and pages are asked for as one comes near their end. With a key for
 * the query that holds the search, what is found stays until the new is there (`placeholderData: keepPreviousData`).
 */
export function VirtualList<T>({
  label,
  of = "",
  query,
  row,
  rowKey,
  rowHeight,
  height,
  empty = <EmptyState title="Nothing here" />,
}: VirtualListProps<T>) {
  const { data, hasNextPage, isFetchingNextPage, isError, error, fetchNextPage } = query;
  const [isNearEnd, setNearEnd] = useState(false);
  const pages = data?.pages ?? [];
  const pageSize = pages[0]?.items.length ?? 0;
  const count = countOf(pages, pageSize);
  const seen = useCallback(
    (_first: number, last: number) => setNearEnd(last >= count - 2 * spareRows),
    [count],
  );
  useEffect(() => {
    if (isNearEnd && hasNextPage && !isFetchingNextPage && !isError) void fetchNextPage();
  }, [isNearEnd, hasNextPage, isFetchingNextPage, isError, fetchNextPage]);
  if (!data) {
    if (isError) return <ErrorState error={error} onRetry={() => void query.refetch()} />;
    return <Skeleton height={`${height}px`} />;
  }
  if (count === 0) return empty;
  return (
    <>
      <VirtualRows
        label={label}
        of={of}
        count={count}
        itemAt={(index) => itemAt(pages, pageSize, index)}
        row={row}
        rowKey={rowKey}
        rowHeight={rowHeight}
        height={height}
        isOpen={hasNextPage}
        onSeen={seen}
      />
      {isError && <ErrorNote title="The rest of the list did not come" error={error} />}
    </>
  );
}

function countOf<T>(pages: readonly Page<T>[], pageSize: number): number {
  const lastPage = pages.at(-1);
  return lastPage ? (pages.length - 1) * pageSize + lastPage.items.length : 0;
}

function itemAt<T>(pages: readonly Page<T>[], pageSize: number, index: number): T {
  return pages[Math.floor(index / pageSize)]?.items[index % pageSize] as T;
}
