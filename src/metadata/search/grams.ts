/** Words are found by the three letters in a row, grams, that they have in them: the paths of entries are ASCII. */
const gramLength = 3;
/** More of them than this make a look-up dearer and hardly find less. */
const maxGrams = 5;
const gramBits = 21;

/** Where it is noted which entries of a run have a gram. */
export const keyOf = (bucket: number, gram: number) => bucket * 2 ** gramBits + gram;
export const bucketOfKey = (key: number) => Math.floor(key / 2 ** gramBits);
export const gramOfKey = (key: number) => key % 2 ** gramBits;

/** Stands behind the end of a text, so that its last letters begin a gram too. */
const end = "\0\0";

/** All of a text, in lower case, each once. */
export function gramsOf(text: string): Set<number> {
  const grams = new Set<number>();
  const lower = text.toLowerCase() + end;
  for (let i = 0; i + gramLength <= lower.length; i++) grams.add(gramAt(lower, i));
  return grams;
}

function gramAt(text: string, i: number): number {
  const [a, b, c] = [text.charCodeAt(i), text.charCodeAt(i + 1), text.charCodeAt(i + 2)];
  return ((a & 0x7f) << 14) | ((b & 0x7f) << 7) | (c & 0x7f);
}

/** What a text must have, one of each of them: a gram, or any of those that begin with the letters of a short word. */
export interface GramRange {
  from: number;
  to: number;
}

/** What every text has in which all these words, in lower case, stand. */
export function gramsOfWords(words: readonly string[]): GramRange[] {
  const short = words.filter((word) => word.length < gramLength);
  const grams = new Set<number>();
  for (const word of words) {
    for (let i = 0; i + gramLength <= word.length; i++) grams.add(gramAt(word, i));
  }
  const step = Math.max(1, grams.size / maxGrams);
  const some = [...grams].filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step));
  return [
    ...some.map((gram) => ({ from: gram, to: gram })),
    ...short.map((word) => ({
      from: gramAt(word.padEnd(3, "\0"), 0),
      to: gramAt(word.padEnd(3, "\x7f"), 0),
    })),
  ];
}

/** Whether a path can have this word in it at all. */
export const isAscii = (word: string) => /^[\0-\x7f]*$/.test(word);

/** Ascending numbers below 2^14, each as what it is beyond the one before: one byte, or two. */
export function packOffsets(offsets: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  let before = 0;
  for (const offset of offsets) {
    const step = offset - before;
    if (step < 0x80) bytes.push(step);
    else bytes.push((step & 0x7f) | 0x80, step >> 7);
    before = offset;
  }
  return Uint8Array.from(bytes);
}

export function unpackOffsets(bytes: Uint8Array): number[] {
  const offsets: number[] = [];
  let at = 0;
  for (let i = 0; i < bytes.length; i++) {
    const low = bytes[i] ?? 0;
    at += low < 0x80 ? low : (low & 0x7f) | ((bytes[++i] ?? 0) << 7);
    offsets.push(at);
  }
  return offsets;
}
