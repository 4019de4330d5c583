import { samplerNames, type SamplerName } from "../lib/tracing/sampler.ts";
import { accessToken, flag, type Leaf, leaf, line, oneOf } from "./text.ts";
import type { Settings } from "./settings.ts";

/** How the server can be watched. */
export interface ObservingSettings {
  /** Opens `/metrics` and nothing else; undefined: there is none. */
  metricsToken: string | undefined;
  /** Undefined: nothing is traced. */
  tracing: TracingSettings | undefined;
}

export interface TracingSettings {
  /** Where spans are posted to. */
  endpoint: string;
  headers: Record<string, string>;
  service: string;
  sampler: SamplerName;
  /** From 0 to 1, for samplers that want one. */
  ratio: number;
  /** Whether upstreams are told of the trace that a request to them belongs to. */
  tellUpstreams: boolean;
}

export function readObserving(settings: Settings): ObservingSettings {
  const metricsToken = settings.secret("metrics_token", accessToken);
  return { metricsToken, tracing: readTracing(settings) };
}

function readTracing(settings: Settings): TracingSettings | undefined {
  const base = settings.find("otel_exporter_otlp_endpoint", collectorUrl);
  const headers = settings.secret("otel_exporter_otlp_headers", headerList);
  settings.get("otel_exporter_otlp_protocol", protocol, "http/json");
  const tracing = {
    headers: Object.fromEntries(pairsIn(headers ?? "")),
    service: settings.get("otel_service_name", line(255), "weir"),
    sampler: settings.get("otel_traces_sampler", oneOf(samplerNames), "parentbased_always_on"),
    ratio: settings.get("otel_traces_sampler_arg", ratio, "1"),
    tellUpstreams: settings.get("trace_upstreams", flag, "false"),
  };
  if (base === undefined) return undefined;
  // As the specification has it: the path of traces is added to the base.
  const endpoint = `${base.replace(/\/+$/, "")}/v1/traces`;
  return { endpoint, ...tracing };
}

const collectorUrl: Leaf<string> = leaf(
  "must be the http or https URL of a collector without user name, query and fragment, such as http://localhost:4318",
  (text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const isWeb = url?.protocol === "http:" || url?.protocol === "https:";
    if (!url || !isWeb || url.username || url.password || url.search || url.hash) return undefined;
    return text;
  },
);

/** A collector's port for `http/protobuf` takes JSON as well. */
const protocol: Leaf<string> = leaf(
  "must be http/json or http/protobuf: spans are sent as JSON to the collector's port for HTTP, usually 4318; gRPC is not spoken",
  (text) => (text === "http/json" || text === "http/protobuf" ? text : undefined),
);

const ratio: Leaf<number> = leaf("must be a number from 0 to 1", (text) => {
  const value = /^(?:0|1|0?\.\d{1,9}|[01]\.0+)$/.test(text) ? Number(text) : Number.NaN;
  return value >= 0 && value <= 1 ? value : undefined;
});

/** As in `api-key=secret,x-tenant=weir`, values percent-encoded where need be. */
const headerList: Leaf<string> = leaf(
  "must be headers as name=value with commas between, values percent-encoded",
  (text) => {
    const pairs = pairsIn(text);
    return pairs.every(([name, value]) => isHeader(name, value)) ? text : undefined;
  },
);

function pairsIn(text: string): [string, string][] {
  const parts = text.split(",").map((part) => part.trim());
  return parts
    .filter((part) => part !== "")
    .map((part) => {
      const equals = part.indexOf("=");
      return [part.slice(0, Math.max(0, equals)).trim(), decoded(part.slice(equals + 1).trim())];
    });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "\n"; // which no header may hold
  }
}

function isHeader(name: string, value: string): boolean {
  return /^[!#$%&'*+\-.^_`|~\w]+$/.test(name) && /^[\t -~]*$/.test(value);
}
