import type { Clock } from "../lib/clock.ts";
import { clip } from "../lib/log.ts";
import { inSpan, type Span } from "../lib/tracing/span.ts";
import { writeTraceparent } from "../lib/tracing/traceparent.ts";
import type { Answer } from "./answer.ts";
import { type RequestOutcome, type RequestWatch, UpstreamError } from "./contract.ts";
import type { Call, Sender } from "./transport.ts";

/** Tells of each request how it went: to the watch, and to the trace that it belongs to. */
export class Watched implements Sender {
  constructor(
    readonly sender: Sender,
    readonly clock: Clock,
    readonly watch: RequestWatch | undefined,
  ) {}

  send(call: Call): Promise<Answer> {
    return inSpan(
      call.method,
      "client",
      () => factsOf(call),
      async (span) => {
        const started = this.clock.elapsed();
        const note = (outcome: RequestOutcome) => {
          const ms = this.clock.elapsed() - started;
          this.watch?.answered(call.upstream, call.method, outcome, ms);
        };
        try {
          const answer = await this.sender.send(told(call, span));
          note(answer.status);
          span?.set({ "http.response.status_code": answer.status });
          return answer;
        } catch (error) {
          note(error instanceof UpstreamError ? error.reason : "left");
          throw error;
        }
      },
    );
  }
}

/** Without the query, which can carry signed addresses. */
function factsOf({ upstream, method, url }: Call) {
  return {
    "http.request.method": method,
    "server.address": url.hostname,
    "server.port": Number(url.port || (url.protocol === "https:" ? 443 : 80)),
    "url.path": clip(url.pathname),
    "weir.upstream": upstream.name,
  };
}

/** Ids of ours and nothing else; only where the operator wants it. */
function told(call: Call, span: Span | undefined): Call {
  if (!span?.recording.isTold) return call;
  return { ...call, headers: { ...call.headers, traceparent: writeTraceparent(span.context) } };
}

/** All of them as one; undefined: nobody wants to know. */
export function watchOf(watches: readonly RequestWatch[]): RequestWatch | undefined {
  if (watches.length === 0) return undefined;
  return {
    answered(...told) {
      for (const watch of watches) watch.answered(...told);
    },
    received(...told) {
      for (const watch of watches) watch.received(...told);
    },
  };
}
