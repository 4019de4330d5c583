/**
 * The same values, the last of them so often that there are 1, 2, 4, 8 …: each length of a list is a statement of its own,
 * which every connection prepares and keeps.
 */
export function filledUp<T>(values: readonly T[]): readonly T[] {
  const [last] = values.slice(-1);
  if (last === undefined) return values;
  const more = 2 ** Math.ceil(Math.log2(values.length)) - values.length;
  return [...values, ...Array.from({ length: more }, () => last)];
}
