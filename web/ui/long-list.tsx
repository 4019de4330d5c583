import { keepPreviousData, type QueryKey, useQueries, useQuery } from "@tanstack/react-query";
import {
  type KeyboardEvent,
  type ReactNode,
  type UIEvent,
  memo,
  useEffect,
  useRef,
  useState,
} from "react";
import { type Page, pageSize } from "../api/pages.ts";
import { ErrorNote, ErrorState, Skeleton } from "./states.tsx";
import { keyStep, type Strip, stripOf, virtualTop } from "./strip.ts";

export interface LongListProps<T> {
  label: string;
  /** What the list is of: with another key it begins anew at its top, once the first page of that is there. */
  queryKey: QueryKey;
  /** A page of `pageSize` items by its number, from 1. */
  page: (page: number, signal: AbortSignal) => Promise<Page<T>>;
  /** The same function each time: a row is drawn anew only with another item. */
  row: (item: T) => ReactNode;
  /** Pixels; the same for all, so that where a row stands is known without drawing the others. */
  rowHeight: number;
  /** Pixels of the part that is seen, at most. */
  height: number;
  empty: ReactNode;
  /** Above the list: how many there are. Undefined while that is not known. */
  onCount?: (count: number | undefined) => void;
}

/** Pages that were passed are not kept for long: of a million rows there are ten thousand. */
const keptMs = 60_000;
/** What one scrolls past is not asked for: only where one stays for so long. */
const restMs = 90;
const spare = 4;

/**
 * A list of any length in which one can go anywhere at once: of the pages by number only those are asked for that are seen.
 * Where the server does not count, it grows as one comes to its end.
 */
export function LongList<T>({ queryKey, page, ...props }: LongListProps<T>) {
  const first = useQuery({
    queryKey: [...queryKey, 1],
    queryFn: ({ signal }) => page(1, signal),
    placeholderData: keepPreviousData,
  });
  const { data, error, isError, isPlaceholderData } = first;
  if (!data) {
    if (isError) return <ErrorState error={error} onRetry={() => void first.refetch()} />;
    return <Skeleton height={`${props.height}px`} />;
  }
  // While the former list stands there for the one to come, nothing more of either is asked for.
  if (isPlaceholderData) {
    const shown = { ...data, next: undefined, total: data.items.length };
    return <Rows {...props} key="former" queryKey={queryKey} page={undefined} first={shown} />;
  }
  if (data.items.length === 0) return props.empty;
  return <Rows {...props} key={JSON.stringify(queryKey)} {...{ queryKey, page }} first={data} />;
}

interface RowsProps<T> extends Omit<LongListProps<T>, "page"> {
  page: LongListProps<T>["page"] | undefined;
  first: Page<T>;
}

function Rows<T>({ label, queryKey, page, first, row, rowHeight, height, onCount }: RowsProps<T>) {
  const [scrolled, setScrolled] = useState(0);
  const frame = useRef<number>(undefined);
  const scroller = useRef<HTMLDivElement>(null);
  useEffect(() => () => cancelAnimationFrame(frame.current ?? 0), []);
  const { count, isOpen, grow } = useCount(first);
  useEffect(() => onCount?.(first.total), [onCount, first.total]);
  const strip = stripOf({ count, rowHeight, height });
  const top = virtualTop(strip, scrolled);
  const from = Math.max(0, Math.floor(top / rowHeight) - spare);
  const to = Math.min(count, Math.ceil((top + strip.seen) / rowHeight) + spare);
  const { itemAt, error } = usePagesAt({ queryKey, page, first, from, to, grow });
  const onScroll = ({ currentTarget }: UIEvent<HTMLElement>) => {
    const { scrollTop } = currentTarget;
    cancelAnimationFrame(frame.current ?? 0);
    frame.current = requestAnimationFrame(() => setScrolled(scrollTop));
  };
  return (
    <>
      {/* Scrolled by keys too: so it takes the focus itself. */}
      <div
        ref={scroller}
        className="virtual"
        style={{ blockSize: strip.seen + 2 }}
        onScroll={onScroll}
        onKeyDown={(event) => scrollByKey(event, strip, rowHeight)}
        tabIndex={0}
        role="region"
        aria-label={label}
        aria-busy={page === undefined}
      >
        <div style={{ blockSize: strip.drawn }}>
          <ul className="long-rows" style={{ blockSize: strip.seen }} aria-label={label}>
            {Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i).map((index) => {
              const item = itemAt(index);
              return (
                <li
                  key={index}
                  className="virtual-row"
                  style={{
                    blockSize: rowHeight,
                    transform: `translateY(${index * rowHeight - top}px)`,
                  }}
                  aria-setsize={isOpen ? -1 : count}
                  aria-posinset={index + 1}
                >
                  {item === undefined ? (
                    <span className="row-to-come" />
                  ) : (
                    <Item item={item} row={row} />
                  )}
                </li>
              );
            })}
          </ul>
        </div>
      </div>
      {error !== null && <ErrorNote title="A part of the list did not come" error={error} />}
    </>
  );
}

/** Drawn once for as long as it is seen: scrolling moves what is there. */
const Item = memo(function Item<T>({ item, row }: { item: T; row: (item: T) => ReactNode }) {
  return row(item);
}) as <T>(props: { item: T; row: (item: T) => ReactNode }) => ReactNode;

/** How many rows there are; of a list that nobody counts, as far as is known, and whether there are more. */
function useCount<T>({ items, next, total }: Page<T>) {
  const [known, setKnown] = useState({ count: items.length, isOpen: next !== undefined });
  const grow = (number: number, { items, next }: Page<T>) => {
    const count = (number - 1) * pageSize + items.length;
    if (count > known.count || (count === known.count && known.isOpen && next === undefined)) {
      setKnown({ count, isOpen: next !== undefined });
    }
  };
  if (total !== undefined) return { count: total, isOpen: false, grow: undefined };
  // One page more than is there has its place: who comes to it asks for it.
  const more = known.isOpen ? pageSize : 0;
  return { count: known.count + more, isOpen: known.isOpen, grow };
}

/** What is there of the rows that are seen; the rest is asked for. */
function usePagesAt<T>({
  queryKey,
  page,
  first,
  from,
  to,
  grow,
}: Pick<RowsProps<T>, "queryKey" | "page" | "first"> & {
  from: number;
  to: number;
  grow: ((number: number, page: Page<T>) => void) | undefined;
}) {
  const pageOf = (index: number) => Math.floor(index / pageSize) + 1;
  const numbers: number[] = [];
  for (let number = pageOf(from); number <= pageOf(Math.max(from, to - 1)); number++) {
    if (number > 1) numbers.push(number);
  }
  const isAtRest = useAtRest(numbers.join(" "));
  const pages = useQueries({
    queries: numbers.map((number) => ({
      queryKey: [...queryKey, number],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        page ? page(number, signal) : Promise.reject(new Error("nothing is asked for")),
      enabled: isAtRest && page !== undefined,
      gcTime: keptMs,
    })),
  });
  useEffect(() => {
    pages.forEach(({ data }, i) => data && grow?.(numbers[i] ?? 1, data));
  });
  const itemAt = (index: number): T | undefined => {
    const number = pageOf(index);
    const data = number === 1 ? first : pages[numbers.indexOf(number)]?.data;
    return data?.items[index % pageSize];
  };
  return { itemAt, error: pages.find(({ isError }) => isError)?.error ?? null };
}

function useAtRest(where: string): boolean {
  const [rested, setRested] = useState(where);
  useEffect(() => {
    const timer = setTimeout(() => setRested(where), restMs);
    return () => clearTimeout(timer);
  }, [where]);
  return rested === where;
}

/** Where the strip is shorter than its rows, a key goes as far as it would there. */
function scrollByKey(event: KeyboardEvent<HTMLElement>, strip: Strip, rowHeight: number): void {
  const step = keyStep(event.key, strip, rowHeight);
  if (step === undefined || event.target !== event.currentTarget) return;
  event.preventDefault();
  event.currentTarget.scrollBy({ top: step });
}
