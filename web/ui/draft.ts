import { useState } from "react";
import { differing, type Fields } from "./changes.ts";

export type { Fields } from "./changes.ts";

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
    set: (field, value) =>
      setKept(({ [field]: _former, ...others }) => {
        // Who types what is there anyway has typed nothing.
        const kept = others as Partial<F>;
        return value === base[field] ? kept : { ...kept, [field]: value };
      }),
    clear: () => setKept({}),
  };
}
