/** What a form holds: texts, and what is ticked. */
export type Fields = Readonly<Record<string, string | boolean>>;

/** Those fields of the second that are not so in the first. */
export function differing<F extends Fields>(base: F, other: Partial<F>): Partial<F> {
  const entries = Object.entries(other).filter(([field, value]) => value !== base[field]);
  return Object.fromEntries(entries) as Partial<F>;
}

/** What somebody else made of a field while it was edited here. */
export interface Change {
  field: string;
  before: string | boolean;
  now: string | boolean;
  /** Undefined where it was left alone here. */
  typed: string | boolean | undefined;
}

/** What is other now than it was, beside what was typed. */
export function changed<F extends Fields>(before: F, now: F, typed: Partial<F>): Change[] {
  return Object.entries(differing(before, now as Partial<F>)).map(([field, value]) => ({
    field,
    before: before[field] ?? "",
    now: value as string | boolean,
    typed: typed[field],
  }));
}
