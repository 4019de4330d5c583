import type { Family } from "../../lib/metrics.ts";
import type { SpaceCounts } from "../../work/contract.ts";

/** What was given up to get space back, and what was found to be damaged. */
export function spaceFamilies(counts: SpaceCounts): Family[] {
  const counter = (name: string, help: string, read: () => number): Family => {
    const samples = async () => [{ labels: {}, value: read() }];
    return { name, help, type: "counter", samples };
  };
  const gauge = (name: string, help: string, read: () => number | undefined): Family => {
    const samples = async () => {
      const value = read();
      return value === undefined ? [] : [{ labels: {}, value }];
    };
    return { name, help, type: "gauge", samples };
  };
  return [
    counter(
      "weir_evicted_entries_total",
      "Cache entries that were given up for a limit or for free space.",
      () => counts.evictedEntries,
    ),
    counter(
      "weir_evicted_bytes_total",
      "Bytes of these entries; what others need as well stays stored.",
      () => counts.evictedBytes,
    ),
    counter(
      "weir_swept_objects_total",
      "Blobs and manifests that were deleted since nothing needed them.",
      () => counts.sweptBlobs + counts.sweptManifests,
    ),
    counter("weir_swept_bytes_total", "Bytes of these.", () => counts.sweptBytes),
    counter(
      "weir_scrubbed_bytes_total",
      "Stored bytes that were looked at again.",
      () => counts.scrubbedBytes,
    ),
    {
      name: "weir_damaged_objects_total",
      help: "Stored objects that were found to be wrong or missing, or could not be read.",
      type: "counter",
      samples: async () => [
        { labels: { outcome: "repaired" }, value: counts.repaired },
        { labels: { outcome: "lost" }, value: counts.damaged - counts.repaired },
        { labels: { outcome: "kept" }, value: counts.kept },
      ],
    },
    gauge("weir_quarantine_objects", "Wrong objects that are put aside.", () => {
      return counts.quarantine?.objects;
    }),
    gauge("weir_quarantine_bytes", "Bytes of these.", () => counts.quarantine?.bytes),
  ];
}
