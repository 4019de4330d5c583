import type { components } from "../../api/schema.ts";
import { Bytes, bytesText, countedText, countText, shareText } from "../../ui/format.tsx";
import { Stat, Stats } from "../../ui/pieces.tsx";
import { Loaded } from "../../ui/states.tsx";
import { useHistory, useSummary } from "./queries.ts";
import type { Range } from "./ranges.ts";

type Point = components["schemas"]["StatisticsPoint"];

/** The range in a few numbers. */
export function Numbers({ id, range }: { id: string; range: Range }) {
  const history = useHistory(id, range);
  const { data: holds } = useSummary(id);
  return (
    <Loaded query={history} height="6.75rem">
      {(points) => {
        const hits = total(points, ({ hits }) => hits);
        const pulls = hits + total(points, ({ misses }) => misses);
        const refused = total(points, ({ pulls: { refused } }) => refused);
        const absent = total(points, ({ pulls: { absent } }) => absent);
        const cached = total(points, (each) => each.bytes_from_cache);
        const fetched = total(points, (each) => each.bytes_from_upstream);
        return (
          <Stats>
            <Stat
              label="Hit ratio"
              value={shareText(hits, pulls)}
              detail={`${countText(hits)} of ${countText(pulls)} pulls`}
            />
            <Stat
              label="Served from the cache"
              value={<Bytes value={cached} />}
              detail={`${bytesText(fetched)} came from upstreams`}
            />
            <Stat
              label="Not given"
              value={countText(refused + absent)}
              detail={`${countText(absent)} absent, ${countText(refused)} refused`}
            />
            <Stat
              label="Cached now"
              value={holds ? <Bytes value={holds.cached_bytes} /> : "–"}
              detail={holds ? countedText(holds.cache_entries, "entry", "entries") : "…"}
            />
            <Stat
              label="Registries"
              value={holds ? countText(holds.registries) : "–"}
              detail={holds ? countedText(holds.upstreams, "upstream") : "…"}
            />
          </Stats>
        );
      }}
    </Loaded>
  );
}

const total = (points: readonly Point[], of: (point: Point) => number) =>
  points.reduce((sum, point) => sum + of(point), 0);
