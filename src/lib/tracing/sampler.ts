import type { TraceContext } from "./traceparent.ts";

/** The names of OpenTelemetry's `OTEL_TRACES_SAMPLER` that are known here. */
export const samplerNames = [
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
  "always_on",
  "always_off",
  "traceidratio",
] as const;
export type SamplerName = (typeof samplerNames)[number];

/** Whether a trace is recorded, by its id and by what its parent says. */
export type Sampler = (traceId: string, parent: TraceContext | undefined) => boolean;

/** `ratio`, from 0 to 1, is of use to `…traceidratio` alone. */
export function createSampler(name: SamplerName, ratio: number): Sampler {
  const isBased = name.startsWith("parentbased_");
  const own = ownSampler(name.replace("parentbased_", ""), ratio);
  if (!isBased) return own;
  return (traceId, parent) => (parent ? parent.sampled : own(traceId, parent));
}

function ownSampler(name: string, ratio: number): Sampler {
  if (name === "always_on") return () => true;
  if (name === "always_off") return () => false;
  // By the end of the id, so that all servers of a trace come to the same verdict.
  const bound = Math.floor(ratio * 2 ** 32);
  return (traceId) => Number.parseInt(traceId.slice(-8), 16) < bound;
}
