import { dayText, hourText } from "../../ui/format.tsx";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** As far back as one looks, and in what steps. */
export const ranges = [
  { id: "24h", label: "24 hours", ms: dayMs, interval: "hour", time: hourText },
  { id: "7d", label: "7 days", ms: 7 * dayMs, interval: "day", time: dayText },
  { id: "30d", label: "30 days", ms: 30 * dayMs, interval: "day", time: dayText },
] as const;

export type Range = (typeof ranges)[number];

/** The range of an address; the first where it names none. */
export const rangeOf = (id: string | null): Range =>
  ranges.find((each) => each.id === id) ?? ranges[0];

/** From the beginning of the hour, so that who asks twice asks the same. */
export function beginOf({ ms }: Range, now: number): string {
  return new Date(Math.floor((now - ms) / hourMs) * hourMs).toISOString();
}
