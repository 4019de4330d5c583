import { useState } from "react";

/** What a form holds: texts, and what is ticked. */
export type Fields = Readonly<Record<string, string | boolean>>;

export interface Draft<F extends Fields> {
  /** To be shown: what was typed, and the rest as it is. */
  values: F;
  /** What differs from what is, by what was typed. */
  typed: Partial<F>;
  isDirty: boolean;
  set: <K extends keyof F>(field: K, value: F[K]) => void;
  clear: () => void;
}

/** Keeps what is typed over what is, whatever becomes of the latter. */
export function useDraft<F extends Fields>(base: F): Draft<F> {
  const [kept, setKept] = useState<Partial<F>>({});
  const typed = differing(base, kept);
  return {
    values: { ...base, ...typed },
    typed,
    isDirty: Object.keys(typed).length > 0,
    set: (field, value) => setKept((before) => ({ ...before, [field]: value })),
    clear: () => setKept({}),
  };
}

/** Those fields of the second that are not so in the first. */
export function differing<F extends Fields>(base: F, other: Partial<F>): Partial<F> {
  const entries = Object.entries(other).filter(([field, value]) => value !== base[field]);
  return Object.fromEntries(entries) as Partial<F>;
}
