const units: Readonly<Record<string, number>> = {
  "": 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

/** The bytes of a size as people write it: `100 GB`, `1.5 TiB`, `1048576`; undefined where it is none. */
export function sizeOf(text: string): number | undefined {
  const [, digits = "", unit = ""] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  const factor = units[unit.toUpperCase()];
  if (digits === "" || factor === undefined) return undefined;
  const bytes = Math.round(Number(digits) * factor);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** The shortest text that means exactly so many bytes. */
export function sizeText(bytes: number): string {
  const names = ["TiB", "TB", "GiB", "GB", "MiB", "MB", "KiB", "kB"];
  const name = names.find((each) => bytes > 0 && bytes % (units[each.toUpperCase()] ?? 1) === 0);
  return name ? `${bytes / (units[name.toUpperCase()] ?? 1)} ${name}` : String(bytes);
}
