import { type ReactNode, type UIEvent, useEffect, useRef, useState } from "react";

export interface VirtualRowsProps<T> {
  label: string;
  /** What the list is of: with another one it begins anew at its top. */
  of?: string;
  count: number;
  itemAt: (index: number) => T;
  row: (item: T) => ReactNode;
  rowKey: (item: T) => string | number;
  /** Pixels; the same for all, so that where a row stands is known without drawing the others. */
  rowHeight: number;
  /** Pixels of the part that is seen. */
  height: number;
  /** Whether there is more than `count`. */
  isOpen?: boolean;
  /** Which rows are seen, from one to before another. */
  onSeen?: (first: number, last: number) => void;
}

/** Rows drawn above and below what is seen. */
export const spareRows = 6;

/** Rows of one height, of which those are drawn that are seen. */
export function VirtualRows<T>({
  label,
  of = "",
  count,
  itemAt,
  row,
  rowKey,
  rowHeight,
  height,
  isOpen = false,
  onSeen,
}: VirtualRowsProps<T>) {
  const [top, setTop] = useState(0);
  const frame = useRef<number>(undefined);
  const scroller = useRef<HTMLDivElement>(null);
  // A block: newer browsers give a promise back, which is no way to clean up.
  useEffect(() => {
    scroller.current?.scrollTo(0, 0);
  }, [of]);
  const first = Math.max(0, Math.floor(top / rowHeight) - spareRows);
  const last = Math.min(count, Math.ceil((top + height) / rowHeight) + spareRows);
  const [seenFirst, seenLast] = [Math.floor(top / rowHeight), last - spareRows];
  useEffect(() => onSeen?.(seenFirst, seenLast), [onSeen, seenFirst, seenLast]);
  useEffect(() => () => cancelAnimationFrame(frame.current ?? 0), []);
  const scrolled = ({ currentTarget }: UIEvent<HTMLElement>) => {
    const { scrollTop } = currentTarget;
    cancelAnimationFrame(frame.current ?? 0);
    frame.current = requestAnimationFrame(() => setTop(scrollTop));
  };
  return (
    // Scrolled by keys too: so it takes the focus itself.
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
        style={{ blockSize: (count + (isOpen ? 1 : 0)) * rowHeight }}
        aria-label={label}
      >
        {range(first, last).map((index) => {
          const item = itemAt(index);
          return (
            <li
              key={rowKey(item)}
              className="virtual-row"
              style={{ blockSize: rowHeight, transform: `translateY(${index * rowHeight}px)` }}
              aria-setsize={isOpen ? -1 : count}
              aria-posinset={index + 1}
            >
              {row(item)}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

const range = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
