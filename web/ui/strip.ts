/** Browsers draw nothing that is much longer: Firefox ends at 17.8 million pixels, Chromium at 33.5. */
const longest = 16_000_000;

/** The strip that a scroll bar goes along: as long as all rows, or as long as browsers can have it. */
export interface Strip {
  /** Pixels of all rows, one below the other. */
  whole: number;
  /** Pixels of what is scrolled. */
  drawn: number;
  /** Pixels of the part that is seen. */
  seen: number;
}

export function stripOf(list: { count: number; rowHeight: number; height: number }): Strip {
  const whole = list.count * list.rowHeight;
  return {
    whole,
    drawn: Math.min(whole, longest),
    seen: Math.min(whole, list.height),
  };
}

/** How many pixels of rows are above what is seen: none at the top, and all but the seen ones at the end. */
export function virtualTop({ whole, drawn, seen }: Strip, scrolled: number): number {
  const way = drawn - seen;
  if (way <= 0) return 0;
  return Math.min(1, Math.max(0, scrolled / way)) * (whole - seen);
}

/** By how much a key scrolls, in pixels of what is scrolled; undefined: as the browser does. */
export function keyStep(key: string, strip: Strip, rowHeight: number): number | undefined {
  if (strip.whole === strip.drawn) return undefined;
  const page = strip.seen - rowHeight;
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: rowHeight,
    ArrowUp: -rowHeight,
    PageDown: page,
    PageUp: -page,
  };
  const step = steps[key];
  return step === undefined
    ? undefined
    : (step * (strip.drawn - strip.seen)) / (strip.whole - strip.seen);
}
