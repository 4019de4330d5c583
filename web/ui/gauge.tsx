import { Meter, ProgressBar } from "react-aria-components";
import { shareText } from "./format.tsx";

const full = 100;
const nearlyFull = 95;

/** How much of a limit is taken; the text below it says the numbers, where nothing else does. `isWork`: how far something has come. */
export function Gauge({
  label,
  value,
  most,
  text,
  isWork = false,
}: {
  label: string;
  value: number;
  most: number;
  text?: string;
  isWork?: boolean;
}) {
  const percent = most <= 0 ? full : Math.min(full, (value / most) * full);
  const Bar = isWork ? ProgressBar : Meter;
  return (
    <Bar
      className="gauge"
      aria-label={label}
      value={percent}
      valueLabel={text ?? shareText(value, most)}
    >
      <span className={`gauge-track ${!isWork && percent >= nearlyFull ? "is-full" : ""}`}>
        <span className="gauge-fill" style={{ inlineSize: `${percent}%` }} />
      </span>
      {text !== undefined && <span className="small numbers">{text}</span>}
    </Bar>
  );
}
