import { BarChart, LineChart } from "../../charts/charts.tsx";
import { bytesText, shortCountText } from "../../ui/format.tsx";
import { Panel } from "../../ui/pieces.tsx";
import { Loaded } from "../../ui/states.tsx";
import { useHistory } from "./queries.ts";
import type { Range } from "./ranges.ts";

/** Of a plot with its legend and the table behind. */
const height = "18rem";

export function Pulls({ id, range }: { id: string; range: Range }) {
  return (
    <Panel title={`Pulls by ${range.unit}`}>
      <Loaded query={useHistory(id, range)} height={height}>
        {(points) => (
          <BarChart
            label={`Pulls in ${range.label}`}
            times={points.map(({ at }) => at)}
            time={range.time}
            value={shortCountText}
            series={[
              { name: "Hits", values: points.map(({ hits }) => hits) },
              { name: "Misses", values: points.map(({ misses }) => misses) },
              {
                name: "Not given",
                values: points.map(({ pulls: { absent, refused } }) => absent + refused),
              },
            ]}
          />
        )}
      </Loaded>
    </Panel>
  );
}

export function Traffic({ id, range }: { id: string; range: Range }) {
  return (
    <Panel title={`Bytes by ${range.unit}`}>
      <Loaded query={useHistory(id, range)} height={height}>
        {(points) => (
          <LineChart
            label={`Bytes in ${range.label}`}
            times={points.map(({ at }) => at)}
            time={range.time}
            value={bytesText}
            series={[
              { name: "From the cache", values: points.map((each) => each.bytes_from_cache) },
              { name: "From upstreams", values: points.map((each) => each.bytes_from_upstream) },
            ]}
          />
        )}
      </Loaded>
    </Panel>
  );
}
