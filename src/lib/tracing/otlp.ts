import type { Attributes, EndedSpan, SpanKind } from "./span.ts";

/** Who the spans are of. */
export interface Resource {
  service: string;
  version: string;
  instance: string;
}

const kinds: Record<SpanKind, number> = { internal: 1, server: 2, client: 3 };

/** Spans as OTLP's JSON (opentelemetry-proto, `ExportTraceServiceRequest`): ids in hex, times as text. */
export function otlpRequest(
  { service, version, instance }: Resource,
  spans: readonly EndedSpan[],
): string {
  const attributes = {
    "service.name": service,
    "service.version": version,
    "service.instance.id": instance,
  };
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: pairs(attributes) },
        scopeSpans: [{ scope: { name: "weir", version }, spans: spans.map(otlpSpan) }],
      },
    ],
  });
}

function otlpSpan({ traceId, spanId, parentId, name, kind, ...span }: EndedSpan) {
  return {
    traceId,
    spanId,
    ...(parentId !== undefined && { parentSpanId: parentId }),
    name,
    kind: kinds[kind],
    startTimeUnixNano: nanoseconds(span.start),
    endTimeUnixNano: nanoseconds(span.end),
    attributes: pairs(span.attributes),
    ...(span.failure !== undefined && { status: { code: 2, message: span.failure } }),
  };
}

/** Milliseconds as the text of nanoseconds, which are too many for a number; right to the microsecond. */
function nanoseconds(ms: number): string {
  return `${Math.round(ms * 1000)}000`;
}

function pairs(attributes: Attributes) {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: valueOf(value) }],
  );
}

function valueOf(value: string | number | boolean) {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

/** How many spans the collector says that it did not take (`partialSuccess`); 0 where it says nothing of the kind. */
export function rejectedIn(body: Uint8Array): number {
  try {
    const said = JSON.parse(new TextDecoder().decode(body)) as Said | null;
    const count = Number(said?.partialSuccess?.rejectedSpans ?? 0);
    return Number.isSafeInteger(count) && count > 0 ? count : 0;
  } catch {
    return 0; // an answer that is no JSON says nothing
  }
}

interface Said {
  partialSuccess?: { rejectedSpans?: unknown };
}
