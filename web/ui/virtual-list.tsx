import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import { type ReactNode, type UIEvent, useEffect, useRef, useState } from "react";
import type { Page } from "../api/client.ts";
import { EmptyState, ErrorNote, ErrorState, Skeleton } from "./states.tsx";

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

/** Rows drawn above and below what is seen. */
const spare = 6;

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
  const [top, setTop] = useState(0);
  const frame = useRef<number>(undefined);
  const scroller = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // In newer browsers it gives a promise, which is nothing for React to call.
    scroller.current?.scrollTo(0, 0);
  }, [of]);
  const pages = data?.pages ?? [];
  const pageSize = pages[0]?.items.length ?? 0;
  const count = countOf(pages, pageSize);
  const first = Math.max(0, Math.floor(top / rowHeight) - spare);
  const last = Math.min(count, Math.ceil((top + height) / rowHeight) + spare);
  const isNearEnd = last >= count - spare;
  useEffect(() => {
    if (isNearEnd && hasNextPage && !isFetchingNextPage && !isError) void fetchNextPage();
  }, [isNearEnd, hasNextPage, isFetchingNextPage, isError, fetchNextPage]);
  useEffect(() => () => cancelAnimationFrame(frame.current ?? 0), []);
  if (!data) {
    if (isError) return <ErrorState error={error} onRetry={() => void query.refetch()} />;
    return <Skeleton height={`${height}px`} />;
  }
  if (count === 0) return empty;
  const scrolled = ({ currentTarget }: UIEvent<HTMLElement>) => {
    const { scrollTop } = currentTarget;
    cancelAnimationFrame(frame.current ?? 0);
    frame.current = requestAnimationFrame(() => setTop(scrollTop));
  };
  const isWhole = !hasNextPage;
  return (
    <>
      {/* Scrolled by keys too: so it takes the focus itself. */}
      <div
        ref={scroller}
        className="virtual"
        style={{ blockSize: height }}
        onScroll={scrolled}
        tabIndex={0}
        role="region"
        aria-label={label}
      >
        <ul
          className="virtual-rows"
          style={{ blockSize: (count + (isWhole ? 0 : 1)) * rowHeight }}
          aria-label={label}
        >
          {range(first, last).map((index) => {
            const item = itemAt(pages, pageSize, index);
            return (
              <li
                key={rowKey(item)}
                className="virtual-row"
                style={{ blockSize: rowHeight, transform: `translateY(${index * rowHeight}px)` }}
                aria-setsize={isWhole ? count : -1}
                aria-posinset={index + 1}
              >
                {row(item)}
              </li>
            );
          })}
        </ul>
      </div>
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

const range = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
