import { dayText, hourText } from "../../ui/format.tsx";

const fiveMinutesMs = 300_000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const byFiveMinutes = {
  interval: "five_minutes",
  stepMs: fiveMinutesMs,
  unit: "five minutes",
  time: hourText,
} as const;
const byHour = { interval: "hour", stepMs: hourMs, unit: "hour", time: hourText } as const;
const byDay = { interval: "day", stepMs: dayMs, unit: "day", time: dayText } as const;

/** As far back as one looks, and in what steps. */
export const ranges = [
  { id: "1h", label: "1 hour", ms: hourMs, ...byFiveMinutes },
  { id: "6h", label: "6 hours", ms: 6 * hourMs, ...byFiveMinutes },
  { id: "24h", label: "24 hours", ms: dayMs, ...byHour },
  { id: "7d", label: "7 days", ms: 7 * dayMs, ...byDay },
  { id: "30d", label: "30 days", ms: 30 * dayMs, ...byDay },
] as const;

export type Range = (typeof ranges)[number];

/** The range of an address; a day where it names none. */
export const rangeOf = (id: string | null): Range =>
  ranges.find((each) => each.id === id) ?? ranges[2];

/** From the beginning of a step, which is not over yet, so that who asks twice asks the same. */
export function beginOf({ ms, stepMs }: Range, now: number): string {
  return new Date(Math.floor(now / stepMs) * stepMs + stepMs - ms).toISOString();
}
