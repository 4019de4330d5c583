/** A time in milliseconds since 1970 as RFC 3339 writes it, in UTC. */
export const timeText = (time: number): string => new Date(time).toISOString();

/** The same; null where there is none, as JSON has it. */
export const maybeTime = (time: number | undefined): string | null =>
  time === undefined ? null : timeText(time);
