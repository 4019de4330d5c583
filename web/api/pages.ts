import { useInfiniteQuery } from "@tanstack/react-query";
import type { Page } from "./client.ts";

export type { Page } from "./client.ts";

/** As many as the server gives at once. */
export const mostAtOnce = 100;
/** Of lists in which one goes anywhere, by the number of the page. */
export const pageSize = mostAtOnce;

/** All of a list that is known to be short, page by page; `isWhole` where it was not longer than `most`. */
export async function askAll<T>(
  page: (page: number) => Promise<Page<T>>,
  most = 1000,
): Promise<{ items: T[]; isWhole: boolean }> {
  const items: T[] = [];
  let next: number | undefined = 1;
  while (next !== undefined && items.length < most) {
    const got: Page<T> = await page(next);
    items.push(...got.items);
    next = got.next;
  }
  return { items, isWhole: next === undefined };
}

/** A list as far as somebody looks: `Endless` shows it. */
export function usePages<T>(
  queryKey: readonly unknown[],
  page: (page: number, signal: AbortSignal) => Promise<Page<T>>,
  /** Where what is shown is asked for anew so often. */
  refreshMs?: number,
) {
  return useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => page(pageParam, signal),
    initialPageParam: 1,
    getNextPageParam: ({ next }) => next,
    ...(refreshMs !== undefined && { refetchInterval: refreshMs }),
  });
}
