import { useEffect, useState } from "react";

const settleMs = 250;

/** The value once it has not changed for a moment: what is typed becomes the key of a query when one pauses. */
export function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), settleMs);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
