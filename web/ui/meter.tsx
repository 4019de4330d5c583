import { Meter as AriaMeter } from "react-aria-components";
import { shareText } from "./format.tsx";

/** How much of what there may be is taken. */
export function Meter({ label, value, most }: { label: string; value: number; most: number }) {
  const share = most === 0 ? 1 : Math.min(1, value / most);
  return (
    <AriaMeter
      aria-label={label}
      value={share}
      maxValue={1}
      valueLabel={shareText(value, most)}
      className={`meter ${value > most ? "bad" : ""}`}
    >
      <span style={{ inlineSize: `${share * 100}%` }} />
    </AriaMeter>
  );
}
