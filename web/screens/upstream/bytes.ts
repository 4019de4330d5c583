/** Texts by the name of the field that they are about. */
export type Problems = Record<string, string[]>;

const units: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/** `50 GiB`, `500MB` or a number of bytes; null for an empty text, which is no limit; undefined for what is none of these. */
export function readBytes(text: string): number | null | undefined {
  if (text.trim() === "") return null;
  const [, digits, unit = ""] = /^\s*(\d{1,16}(?:\.\d{1,3})?)\s*([a-z]{0,3})\s*$/i.exec(text) ?? [];
  const factor = units[unit.toLowerCase()];
  if (digits === undefined || factor === undefined) return undefined;
  const bytes = Math.round(Number(digits) * factor);
  return bytes >= 1 && Number.isSafeInteger(bytes) ? bytes : undefined;
}

const written = ["TiB", "TB", "GiB", "GB", "MiB", "MB", "KiB", "kB"];

/** So that `readBytes` reads the same of it: in the largest unit of which it is a whole number. */
export function writeBytes(bytes: number | null): string {
  if (bytes === null) return "";
  const fits = (unit: string) => bytes % (units[unit.toLowerCase()] ?? 1) === 0;
  const unit = written.find(fits);
  return unit === undefined ? String(bytes) : `${bytes / (units[unit.toLowerCase()] ?? 1)} ${unit}`;
}
