const dayMs = 86_400_000;

/** The day so many days from now, as the API and fields of dates have it. */
export const dayAfter = (days: number, now: number): string =>
  new Date(now + days * dayMs).toISOString().slice(0, 10);

/** The day of an end that the API gives as a day or a time; "" where there is none. */
export const dayOf = (end: string | null): string => end?.slice(0, 10) ?? "";
