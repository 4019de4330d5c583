import { type ChartProps, ChartFrame, type Plot } from "./frame.tsx";

/** Each series a line, from zero. */
export function LineChart(props: ChartProps) {
  const highest = Math.max(0, ...props.series.flatMap(({ values }) => values));
  return (
    <ChartFrame {...props} highest={highest}>
      {(plot) =>
        props.series.map(({ name, values }, i) => (
          <g key={name} className={`series-${i + 1}`}>
            {i === 0 && <path className="chart-area" d={area(values, plot)} />}
            <path className="chart-curve" d={line(values, plot)} />
          </g>
        ))
      }
    </ChartFrame>
  );
}

/** Series piled upon each other, a bar a time. */
export function BarChart(props: ChartProps) {
  const { series, times } = props;
  const sums = times.map((_, i) => sum(series.map(({ values }) => values[i] ?? 0)));
  return (
    <ChartFrame {...props} highest={Math.max(0, ...sums)}>
      {(plot) =>
        series.map(({ name, values }, s) => (
          <g key={name} className={`series-${s + 1}`}>
            {values.map((value, i) => {
              const below = sum(series.slice(0, s).map((other) => other.values[i] ?? 0));
              const [from, to] = [plot.y(below), plot.y(below + value)];
              const width = Math.max(1, plot.step * 0.72);
              return (
                <rect
                  key={times[i]}
                  className="chart-bar"
                  x={plot.x(i) - width / 2}
                  y={to}
                  width={width}
                  height={Math.max(0, from - to)}
                />
              );
            })}
          </g>
        ))
      }
    </ChartFrame>
  );
}

const sum = (all: readonly number[]) => all.reduce((a, b) => a + b, 0);

const line = (values: readonly number[], { x, y }: Plot) =>
  values.map((value, i) => `${i === 0 ? "M" : "L"}${x(i)} ${y(value)}`).join("");

function area(values: readonly number[], plot: Plot): string {
  if (values.length === 0) return "";
  const { x, bottom } = plot;
  return `${line(values, plot)}L${x(values.length - 1)} ${bottom}L${x(0)} ${bottom}Z`;
}
