import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef } from "react";
import type { Page } from "../api/client.ts";
import { Button } from "./button.tsx";
import { countText } from "./format.tsx";
import { ErrorNote, ErrorState, Skeleton } from "./states.tsx";

export interface EndlessProps<T> {
  /** Of `usePages`. */
  query: UseInfiniteQueryResult<InfiniteData<Page<T>>>;
  /** Of what will come. */
  height: string;
  empty: ReactNode;
  children: (items: T[]) => ReactNode;
}

/** Rows of any height, as many as one has come to; more are asked for at the end of them, by scrolling or by a button. */
export function Endless<T>({ query, height, empty, children }: EndlessProps<T>) {
  const { data, error, isError, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const end = useRef<HTMLDivElement>(null);
  const isAsked = hasNextPage && !isFetchingNextPage && !isError;
  useEffect(() => {
    if (!isAsked || !end.current) return undefined;
    const observer = new IntersectionObserver(
      ([entry]) => entry?.isIntersecting && void fetchNextPage(),
      { rootMargin: "400px" },
    );
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [isAsked, fetchNextPage]);
  if (!data) {
    if (isError) return <ErrorState error={error} onRetry={() => void query.refetch()} />;
    return <Skeleton height={height} />;
  }
  const items = data.pages.flatMap((page) => page.items);
  if (items.length === 0) return empty;
  const total = data.pages.at(-1)?.total;
  return (
    <>
      {children(items)}
      <div ref={end} className="endless-end">
        {isError && <ErrorNote title="The rest of the list did not come" error={error} />}
        {hasNextPage && (
          <Button isPending={isFetchingNextPage} onPress={() => void fetchNextPage()}>
            Show more
          </Button>
        )}
        <p className="small muted" role="status">
          {countText(items.length)} {total !== undefined && `of ${countText(total)} `}shown
        </p>
      </div>
    </>
  );
}
