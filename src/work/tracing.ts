import type { Clock } from "../lib/clock.ts";
import { failureCode, type Log } from "../lib/log.ts";
import { SpanExporter } from "../lib/tracing/exporter.ts";
import { createSampler } from "../lib/tracing/sampler.ts";
import { Tracer } from "../lib/tracing/tracer.ts";
import { RegistryError } from "../oci/error.ts";
import { UpstreamError } from "../upstream/contract.ts";
import type { WebClient } from "../upstream/web/contract.ts";
import type { TracingSettings } from "./observing-settings.ts";

export interface TracingOptions {
  clock: Clock;
  log: Log;
  version: string;
  /** Of this process. */
  instanceId: string;
  /** By what the collector is asked. Closed at the stop. */
  web: WebClient;
}

export interface RunningTracing {
  tracer: Tracer;
  spans: () => { exported: number; dropped: number };
  /** Sends what there still is, within a moment. */
  stop(): Promise<void>;
}

/** Milliseconds that a stop waits for the collector. */
const patience = 2000;
const collector = { id: 0, name: "collector", ca: undefined };

/** Records traces from now on. Dials nothing before there is something to send. */
export function startTracing(
  { endpoint, service, sampler, ratio, tellUpstreams, headers: given }: TracingSettings,
  { clock, log, version, instanceId, web }: TracingOptions,
): RunningTracing {
  const headers = { ...given, "Content-Type": "application/json" };
  const url = new URL(endpoint);
  const exporter = new SpanExporter({
    clock,
    log,
    resource: { service, version, instance: instanceId },
    post: (body) => web.ask(collector, { method: "POST", url, headers, body }),
    wordFor,
  });
  const tracer = new Tracer({
    clock,
    sampler: createSampler(sampler, ratio),
    isTold: tellUpstreams,
    wordFor,
    ended: (span) => exporter.add(span),
  });
  return {
    tracer,
    spans: () => ({ exported: exporter.exported, dropped: exporter.dropped }),
    async stop() {
      await exporter.close(patience);
      web.close();
    },
  };
}

/** What may be told of a failure: our codes, never a text that could hold a URL. */
function wordFor(error: unknown): string {
  if (error instanceof UpstreamError) return error.reason;
  return error instanceof RegistryError ? error.code : failureCode(error);
}
