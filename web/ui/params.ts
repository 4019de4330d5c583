import { useCallback } from "react";
import { useSearchParams } from "wouter";

/** A part of the address, so that a link and the back button lead to the same. Empty: it is not there. */
export function useParam(name: string): [value: string, set: (value: string) => void] {
  const [search, setSearch] = useSearchParams();
  const set = useCallback(
    (value: string) =>
      setSearch(
        (before) => {
          if (value === "") before.delete(name);
          else before.set(name, value);
          return before;
        },
        { replace: true },
      ),
    [name, setSearch],
  );
  return [search.get(name) ?? "", set];
}
