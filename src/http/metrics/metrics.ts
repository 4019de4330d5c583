import { type Family, metricsText } from "../../lib/metrics.ts";
import { freeBytes, LoopDelay, processFacts } from "../../lib/process.ts";
import type { Upstream } from "../../metadata/contract.ts";
import type { Activity } from "../../pull/contract.ts";
import type { SpaceCounts } from "../../work/contract.ts";
import type { Health } from "../../upstream/contract.ts";
import type { Readiness } from "../readiness.ts";
import { KnownUpstreams, type KnownUpstreamsOptions } from "./known-upstreams.ts";
import { PullMetrics } from "./pulls.ts";
import { spaceFamilies } from "./space.ts";
import { Sized, type SizedOptions } from "./sized.ts";
import { type RequestMetrics, upstreamFamilies } from "./upstreams.ts";

export interface MetricsOptions extends SizedOptions, KnownUpstreamsOptions {
  version: string;
  /** What the upstream client notes of its requests. */
  requests: RequestMetrics;
  health: (upstream: Upstream) => Health;
  activity: () => Promise<Activity>;
  readiness: () => Promise<Readiness>;
  /** What was evicted, swept and scrubbed. */
  space: SpaceCounts;
  /** How often each background work has failed in a row, which is known at any time. */
  workFailures: () => Promise<ReadonlyMap<string, number>>;
  /** Whose disk is watched, and below how many free bytes nothing is stored. */
  dataDir: string;
  minFreeBytes: number;
  /** Spans that were sent and dropped; undefined where no traces are recorded. */
  spans: (() => { exported: number; dropped: number }) | undefined;
}

/** Milliseconds: so long the event loop's delays are looked at together. */
const window = 60_000;

/** What the server has done and how it is, in the text format of Prometheus. Labels are bounded, whatever is configured or asked for. */
export class Metrics {
  readonly pulls = new PullMetrics();
  readonly #options: MetricsOptions;
  readonly #families: Family[];
  readonly #loop = new LoopDelay();
  readonly #started: number;
  #loopSince: number;

  constructor(options: MetricsOptions) {
    const { clock, requests, health } = options;
    const upstreams = new KnownUpstreams(options);
    this.#options = options;
    this.#started = clock.now();
    this.#loopSince = clock.elapsed();
    this.#families = [
      ...this.pulls.families(),
      ...this.#bytes(),
      ...requests.families(),
      ...upstreamFamilies(() => upstreams.all(), health),
      ...this.#activity(),
      ...new Sized(options).families(),
      ...spaceFamilies(options.space),
      ...this.#work(),
      ...this.#disk(),
      ...this.#server(),
      ...this.#process(),
      ...this.#spans(),
    ];
  }

  text(): Promise<string> {
    return metricsText(this.#families);
  }

  stop(): void {
    this.#loop.stop();
  }

  #bytes(): Family[] {
    const { requests } = this.#options;
    return [
      counter(
        "weir_bytes_total",
        "Bytes of bodies that came from upstreams (in) and of content that went to clients (out).",
        () => [
          { labels: { direction: "in" }, value: requests.bytesReceived },
          { labels: { direction: "out" }, value: this.pulls.bytesSent },
        ],
      ),
    ];
  }

  #activity(): Family[] {
    const { activity } = this.#options;
    return [
      gauge("weir_fills", "Downloads of blobs into the cache that are under way.", async () => {
        return (await activity()).fills;
      }),
      gauge("weir_fill_followers", "Clients that read a blob while it is downloaded.", async () => {
        return (await activity()).followers;
      }),
    ];
  }

  #work(): Family[] {
    const { workFailures } = this.#options;
    return [
      {
        name: "weir_work_failures",
        help: "How often background work has failed in a row, on whatever server; 0 where it went well the last time.",
        type: "gauge",
        samples: async () =>
          [...(await workFailures())].map(([work, value]) => ({ labels: { work }, value })),
      },
    ];
  }

  #disk(): Family[] {
    const { dataDir, minFreeBytes } = this.#options;
    const free = async () => freeBytes(dataDir);
    return [
      gauge("weir_data_free_bytes", "Free space on the disk of the data folder.", free),
      gauge(
        "weir_data_min_free_bytes",
        "The free space that is left to others: with less nothing more is stored (WEIR_MIN_FREE_BYTES).",
        async () => minFreeBytes,
      ),
    ];
  }

  #server(): Family[] {
    const { version, readiness } = this.#options;
    return [
      {
        name: "weir_ready",
        help: "1 where a part of the server can do its work, else 0: then /readyz is 503 and says why.",
        type: "gauge",
        samples: async () =>
          Object.entries((await readiness()).ready).map(([part, isReady]) => ({
            labels: { part },
            value: isReady ? 1 : 0,
          })),
      },
      {
        name: "weir_impaired",
        help: "1 where a part of the server can do its work, but /readyz says what is wrong with it, else 0.",
        type: "gauge",
        samples: async () => {
          const { parts, ready } = await readiness();
          return Object.entries(parts).map(([part, state]) => ({
            labels: { part },
            value: ready[part] === true && state !== "ok" ? 1 : 0,
          }));
        },
      },
      {
        name: "weir_build_info",
        help: "Always 1; the version that runs.",
        type: "gauge",
        samples: async () => [{ labels: { version }, value: 1 }],
      },
    ];
  }

  #process(): Family[] {
    const started = this.#started / 1000;
    return [
      {
        name: "weir_event_loop_delay_seconds",
        help: "How long what is due has waited for its turn within the last minute: percentiles and the worst.",
        type: "gauge",
        samples: async () => this.#loopDelays(),
      },
      counter("process_cpu_seconds_total", "CPU time of the process.", () => [
        { labels: {}, value: processFacts().cpuSeconds },
      ]),
      gauge("process_resident_memory_bytes", "Memory of the process.", async () => {
        return processFacts().residentBytes;
      }),
      gauge("process_open_fds", "Files and connections that are open.", async () => {
        return processFacts().openFiles;
      }),
      gauge("process_max_fds", "Files and connections that may be open.", async () => {
        return processFacts().mostOpenFiles;
      }),
      gauge("process_start_time_seconds", "When the server was started.", async () => started),
    ];
  }

  #loopDelays() {
    const { clock } = this.#options;
    const delays = this.#loop.measured();
    if (clock.elapsed() - this.#loopSince >= window) {
      this.#loop.forget();
      this.#loopSince = clock.elapsed();
    }
    return delays.map(([stat, value]) => ({ labels: { stat }, value }));
  }

  #spans(): Family[] {
    const { spans } = this.#options;
    if (!spans) return [];
    return [
      counter(
        "weir_trace_spans_total",
        "Spans that the collector has taken, and that were dropped.",
        () => {
          const { exported, dropped } = spans();
          return [
            { labels: { result: "exported" }, value: exported },
            { labels: { result: "dropped" }, value: dropped },
          ];
        },
      ),
    ];
  }
}

type Samples = Awaited<ReturnType<Family["samples"]>>;

function counter(name: string, help: string, read: () => Samples): Family {
  return { name, help, type: "counter", samples: async () => read() };
}

function gauge(name: string, help: string, read: () => Promise<number | undefined>): Family {
  const samples = async () => {
    const value = await read();
    return value === undefined ? [] : [{ labels: {}, value }];
  };
  return { name, help, type: "gauge", samples };
}
