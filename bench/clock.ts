/** Milliseconds since 1970 with a fraction: comparable between processes of one machine. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
