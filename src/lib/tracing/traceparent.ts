/** Where in a trace something stands (W3C Trace Context). */
export interface TraceContext {
  /** 32 hex digits. */
  traceId: string;
  /** 16 hex digits: of the span that this one is below of. */
  spanId: string;
  /** Whether whoever began the trace records it. */
  sampled: boolean;
}

const form = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;
const longest = 256;

/** What a `traceparent` header says; undefined for none, and for one that does not count (section 3.2.2.2 and on). */
export function readTraceparent(header: string | null): TraceContext | undefined {
  if (header === null || header.length > longest) return undefined;
  const [, version, traceId = "", spanId = "", flags = "", more] = form.exec(header) ?? [];
  // Of later versions the beginning is the same, and something may follow.
  if (version === undefined || version === "ff" || (version === "00" && more !== undefined)) {
    return undefined;
  }
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function writeTraceparent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}
