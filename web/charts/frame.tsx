import {
  type PointerEvent,
  type ReactNode,
  type RefObject,
  useEffect,
  useRef,
  useState,
} from "react";
import { labelled, ticks } from "./scale.ts";

export interface Series {
  name: string;
  values: readonly number[];
}

export interface ChartProps {
  /** What is shown, for who cannot see it, and over the table behind it. */
  label: string;
  /** One for each value: when it was. */
  times: readonly string[];
  /** In the axis and the table: `dayText`, `hourText`. */
  time: (time: string) => string;
  /** A value with its unit: `bytesText`. */
  value: (value: number) => string;
  series: readonly Series[];
}

/** Where what is drawn stands, in pixels. */
export interface Plot {
  x: (index: number) => number;
  y: (value: number) => number;
  /** The room of one value. */
  step: number;
  bottom: number;
}

const height = 220;
const margin = { top: 10, right: 16, bottom: 26 };
const labelWidth = 84;
/** Of a character of the axis, at most. */
const characterWidth = 7;

/** Axes, legend, a reading at the pointer and the table behind; `children` draws the values themselves. */
export function ChartFrame({
  highest,
  children,
  ...chart
}: ChartProps & { highest: number; children: (plot: Plot) => ReactNode }) {
  const { label, times, time, value } = chart;
  const [box, width] = useWidth();
  const [at, setAt] = useState<number>();
  const bottom = height - margin.bottom;
  const marks = ticks(highest);
  const left = 12 + characterWidth * Math.max(...marks.map((mark) => value(mark).length));
  const inner = Math.max(1, width - left - margin.right);
  const top = marks.at(-1) ?? 1;
  const step = inner / Math.max(1, times.length);
  const plot: Plot = {
    x: (index) => left + (index + 0.5) * step,
    y: (each) => bottom - (each / top) * (bottom - margin.top),
    step,
    bottom,
  };
  const point = ({ nativeEvent }: PointerEvent<SVGSVGElement>) => {
    const index = Math.floor((nativeEvent.offsetX - left) / step);
    setAt(index >= 0 && index < times.length ? index : undefined);
  };
  return (
    <figure className="chart">
      <Legend chart={chart} at={at} />
      <div ref={box} className="chart-box" style={{ blockSize: height }}>
        {width > 0 && (
          <svg
            width={width}
            height={height}
            role="img"
            aria-label={label}
            onPointerMove={point}
            onPointerLeave={() => setAt(undefined)}
          >
            {marks.map((mark) => (
              <g key={mark}>
                <line
                  className="chart-line"
                  x1={left}
                  x2={width - margin.right}
                  y1={plot.y(mark)}
                  y2={plot.y(mark)}
                />
                <text className="chart-mark" x={left - 8} y={plot.y(mark)} dy="0.32em">
                  {value(mark)}
                </text>
              </g>
            ))}
            {labelled(times.length, Math.floor(inner / labelWidth)).map((index) => (
              <text key={index} className="chart-time" x={plot.x(index)} y={height - 6}>
                {time(times[index] ?? "")}
              </text>
            ))}
            {at !== undefined && (
              <line
                className="chart-pointer"
                x1={plot.x(at)}
                x2={plot.x(at)}
                y1={margin.top}
                y2={bottom}
              />
            )}
            {children(plot)}
          </svg>
        )}
      </div>
      <ChartTable {...chart} />
    </figure>
  );
}

function Legend({
  chart: { series, times, time, value },
  at,
}: {
  chart: ChartProps;
  at: number | undefined;
}) {
  return (
    <figcaption className="chart-legend small">
      {series.map(({ name, values }, i) => (
        <span key={name}>
          <span className={`swatch series-${i + 1}`} aria-hidden="true" />
          {name}
          {at !== undefined && <b className="numbers"> {value(values[at] ?? 0)}</b>}
        </span>
      ))}
      <span className="muted">{at === undefined ? "" : time(times[at] ?? "")}</span>
    </figcaption>
  );
}

function ChartTable({ label, times, time, value, series }: ChartProps) {
  return (
    <details className="chart-table small">
      <summary>As a table</summary>
      <div className="scroll" tabIndex={0} role="region" aria-label={label}>
        <table>
          <thead>
            <tr>
              <th scope="col">Time</th>
              {series.map(({ name }) => (
                <th key={name} scope="col" className="number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {times.map((each, i) => (
              <tr key={each}>
                <th scope="row">{time(each)}</th>
                {series.map(({ name, values }) => (
                  <td key={name} className="number numbers">
                    {value(values[i] ?? 0)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

/** The width that there is; the height is always the same, so nothing moves when values come. */
function useWidth(): [RefObject<HTMLDivElement | null>, number] {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [box, width];
}
