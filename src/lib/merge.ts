/** One of the lists that are merged: ascending by code unit, no text twice. */
export interface Ascending {
  texts: readonly string[];
  /** Whether a text of this list counts. */
  keeps: (text: string) => boolean;
}

/**
 * The texts behind `after` of all lists as one ascending list, each text once, as far as one of its lists keeps it. A text
 * that none keeps is a step with undefined, so that whoever reads can pause.
 */
export function* mergeAscending(
  lists: readonly Ascending[],
  after: string | undefined,
): Generator<string | undefined, undefined> {
  const heads = lists.map(({ texts }) => (after === undefined ? 0 : firstBehind(texts, after)));
  for (;;) {
    let least: string | undefined;
    for (const [i, { texts }] of lists.entries()) {
      const head = texts[heads[i] ?? 0];
      if (head !== undefined && (least === undefined || head < least)) least = head;
    }
    if (least === undefined) return undefined;
    let isKept = false;
    for (const [i, { texts, keeps }] of lists.entries()) {
      const at = heads[i] ?? 0;
      if (texts[at] !== least) continue;
      heads[i] = at + 1;
      isKept ||= keeps(least);
    }
    yield isKept ? least : undefined;
  }
}

/** The index of the first text that is greater. */
function firstBehind(texts: readonly string[], after: string): number {
  let low = 0;
  let high = texts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((texts[middle] ?? "") > after) high = middle;
    else low = middle + 1;
  }
  return low;
}
