import type { Clock } from "../clock.ts";
import type { Sampler } from "./sampler.ts";
import { type EndedSpan, randomId, type Recording, runIn, Span } from "./span.ts";
import { readTraceparent } from "./traceparent.ts";

export interface TracerOptions {
  clock: Clock;
  sampler: Sampler;
  /** Whether servers that are asked are told of the trace. */
  isTold: boolean;
  wordFor: Recording["wordFor"];
  /** Takes spans that are over. Must neither block nor throw. */
  ended: (span: EndedSpan) => void;
}

/** Begins traces, or goes on with those that somebody else has begun. */
export class Tracer {
  constructor(readonly options: TracerOptions) {}

  /** Does the work in the first span here of a trace, if it is one to record; else with undefined. */
  begin<T>(
    name: string,
    traceparent: string | null,
    work: (span: Span | undefined) => Promise<T>,
  ): Promise<T> {
    const { clock, sampler, isTold, wordFor, ended } = this.options;
    const parent = readTraceparent(traceparent);
    const traceId = parent?.traceId ?? randomId(16);
    if (!sampler(traceId, parent)) return work(undefined);
    // One reading of the machine's clock for all its spans: they stay in order should somebody set it.
    const epoch = clock.now() - clock.elapsed();
    const recording = { traceId, isTold, wordFor, ended, time: () => epoch + clock.elapsed() };
    const span = new Span(recording, { name, kind: "server", parentId: parent?.spanId }, {});
    return runIn(span, () => work(span));
  }
}
