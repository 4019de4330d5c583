/** Seconds that a server's wish for rest is held to. */
const rest = { least: 1, most: 3600 };

/** `Date.parse` alone finds a date in almost anything. */
const httpDate = /^\w{3}, \d{2} \w{3} \d{4} [\d:]{8} GMT$/;

/** Seconds from `Retry-After`, a number or a date (RFC 9110, section 10.2.3); undefined when it says nothing. */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const isNumber = /^\d{1,12}$/.test(header);
  if (!isNumber && !httpDate.test(header)) return undefined;
  const seconds = isNumber ? Number(header) : (Date.parse(header) - now) / 1000;
  if (Number.isNaN(seconds)) return undefined;
  return Math.min(Math.max(Math.ceil(seconds), rest.least), rest.most);
}
