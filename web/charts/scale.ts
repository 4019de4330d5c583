/** Round numbers from zero to at least `most`, some four of them. */
export function ticks(most: number, wanted = 4): number[] {
  if (most <= 0) return [0, 1];
  const rough = most / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const count = Math.ceil(most / step);
  return Array.from({ length: count + 1 }, (_, i) => i * step);
}

/** Indices of at most `most` labels of `count`, evenly far from each other, the last one among them. */
export function labelled(count: number, most: number): number[] {
  const step = Math.max(1, Math.ceil(count / Math.max(1, most)));
  const first = (count - 1) % step;
  return Array.from({ length: Math.ceil((count - first) / step) }, (_, i) => first + i * step);
}
