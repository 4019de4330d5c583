import { useEffect, useState } from "react";

/** One language for all of the console, whatever the browser's is: numbers stand in sentences. */
const locale = "en-GB";
const units = ["B", "kB", "MB", "GB", "TB", "PB"];

/** As people read sizes: 1.3 GB. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  // Rounded before the unit is chosen: 999,999 bytes are 1.0 MB.
  const rounded = Number(bytes.toPrecision(3));
  const power = Math.min(Math.floor(Math.log10(rounded) / 3 + 1e-9), units.length - 1);
  const value = rounded / 1000 ** power;
  return `${value.toFixed(value >= 100 ? 0 : 1)} ${units[power]}`;
}

const countFormat = new Intl.NumberFormat(locale);
export const countText = (count: number): string => countFormat.format(count);

const shortFormat = new Intl.NumberFormat(locale, {
  notation: "compact",
  maximumFractionDigits: 1,
});
export const shortCountText = (count: number): string => shortFormat.format(count);

/** Undefined, where there is nothing to have a share of, is a dash. */
export function shareText(part: number, whole: number): string {
  if (whole === 0) return "–";
  return `${((part / whole) * 100).toFixed(1)} %`;
}

export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.round(hours / 24)} d`;
}

const timeFormat = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });
export const timeText = (time: string | number): string => timeFormat.format(new Date(time));

const dayFormat = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });
export const dayText = (time: string | number): string => dayFormat.format(new Date(time));

const hourFormat = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
export const hourText = (time: string | number): string => hourFormat.format(new Date(time));

const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
const steps: readonly [unit: Intl.RelativeTimeFormatUnit, ms: number][] = [
  ["year", 31_536_000_000],
  ["month", 2_592_000_000],
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

/** What is as little ahead has happened: clocks are never quite the same. */
const soonMs = 3000;

export function relativeText(time: string | number, now: number): string {
  const ms = new Date(time).getTime() - now;
  const [unit, size] = steps.find(([, size]) => Math.abs(ms) >= size) ?? ["second", 1000];
  // Of the last seconds nobody wants the count.
  if (unit === "second") return ms > soonMs ? "in a moment" : "just now";
  return relative.format(Math.round(ms / size), unit);
}

const tickMs = 30_000;

/** How long ago, kept right while it is shown; the exact time is its title. Null: `never`. */
export function RelativeTime({ time, never = "never" }: { time: string | null; never?: string }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), tickMs);
    return () => clearInterval(timer);
  }, []);
  if (time === null) return <span className="muted">{never}</span>;
  return (
    <time dateTime={time} title={timeText(time)}>
      {relativeText(time, now)}
    </time>
  );
}

/** A size, with all its digits as its title. */
export function Bytes({ value }: { value: number }) {
  return (
    <span className="numbers" title={`${countText(value)} bytes`}>
      {bytesText(value)}
    </span>
  );
}

export function Duration({ ms }: { ms: number }) {
  return <span className="numbers">{durationText(ms)}</span>;
}

/** A name that somebody has given: text, whatever is in it, in its own direction. */
export function Name({ children }: { children: string }) {
  return <bdi>{children}</bdi>;
}
