import { useEffect, useState } from "react";

/** For so long a page that is not seen goes on, as one that is looked at again in a moment. */
const hiddenMs = 60_000;

/** False once the page has been hidden for a minute; true as soon as it is seen again. */
export function useSeen(): boolean {
  const [isSeen, setSeen] = useState(true);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const changed = () => {
      clearTimeout(timer);
      if (document.visibilityState === "visible") setSeen(true);
      else timer = setTimeout(() => setSeen(false), hiddenMs);
    };
    changed();
    document.addEventListener("visibilitychange", changed);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", changed);
    };
  }, []);
  return isSeen;
}
