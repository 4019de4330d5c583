import { Meter, ProgressBar } from "react-aria-components";

const full = 100;

/** How much of a limit is taken; the text beside it says the numbers. `isWork`: how far something has come. */
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
  text: string;
  isWork?: boolean;
}) {
  const percent = most <= 0 ? full : Math.min(full, (value / most) * full);
  const Bar = isWork ? ProgressBar : Meter;
  return (
    <Bar className="gauge" aria-label={label} value={percent} valueLabel={text}>
      <span className={`gauge-track ${!isWork && percent >= 95 ? "is-full" : ""}`}>
        <span className="gauge-fill" style={{ inlineSize: `${percent}%` }} />
      </span>
      <span className="small numbers">{text}</span>
    </Bar>
  );
}
