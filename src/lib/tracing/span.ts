import { AsyncLocalStorage } from "node:async_hooks";
import type { TraceContext } from "./traceparent.ts";

export type Attributes = Record<string, string | number | boolean | undefined>;
export type SpanKind = "server" | "client" | "internal";

/** A span that is over. Times in milliseconds since the epoch, with fractions. */
export interface EndedSpan {
  traceId: string;
  spanId: string;
  parentId: string | undefined;
  name: string;
  kind: SpanKind;
  start: number;
  end: number;
  attributes: Attributes;
  /** Why it failed, in our words or by a code; undefined where it did not. */
  failure: string | undefined;
}

/** The trace that a span belongs to. */
export interface Recording {
  traceId: string;
  /** Milliseconds since the epoch, with fractions, never going back. */
  time(): number;
  ended(span: EndedSpan): void;
  /** Whether servers that are asked meanwhile are told of the trace. */
  isTold: boolean;
  /** The word for a failure: nothing that could hold a URL or a secret. */
  wordFor(error: unknown): string;
}

/** Something that takes time, under way. */
export class Span {
  readonly #recording: Recording;
  readonly #ended: EndedSpan;

  constructor(
    recording: Recording,
    { name, kind, parentId }: Pick<EndedSpan, "name" | "kind" | "parentId">,
    attributes: Attributes,
  ) {
    const start = recording.time();
    const spanId = randomId(8);
    this.#recording = recording;
    const { traceId } = recording;
    const ended = { traceId, spanId, parentId, name, kind, start, end: start };
    this.#ended = { ...ended, attributes: { ...attributes }, failure: undefined };
  }

  get recording(): Recording {
    return this.#recording;
  }

  get context(): TraceContext {
    const { traceId, spanId } = this.#ended;
    return { traceId, spanId, sampled: true };
  }

  set(attributes: Attributes): void {
    Object.assign(this.#ended.attributes, attributes);
  }

  rename(name: string): void {
    this.#ended.name = name;
  }

  fail(word: string): void {
    this.#ended.failure = word;
  }

  end(): void {
    this.#ended.end = this.#recording.time();
    this.#recording.ended(this.#ended);
  }
}

export function randomId(bytes: number): string {
  return crypto.getRandomValues(new Uint8Array(bytes)).toHex();
}

/** Which span the code that runs belongs to. Whatever awaits, streams or waits for a timer keeps its own. */
const current = new AsyncLocalStorage<Span>();

/** The span that is under way; undefined where nothing is recorded. */
export function currentSpan(): Span | undefined {
  return current.getStore();
}

/** Does the work within a span that was made for it, and ends it with the work. */
export async function runIn<T>(span: Span, work: () => Promise<T>): Promise<T> {
  try {
    return await current.run(span, work);
  } catch (error) {
    span.fail(span.recording.wordFor(error));
    throw error;
  } finally {
    span.end();
  }
}

/** Does the work in a span below the current one. Where nothing is recorded it only does the work. */
export function inSpan<T>(
  name: string,
  kind: SpanKind,
  attributes: () => Attributes,
  work: (span: Span | undefined) => Promise<T>,
): Promise<T> {
  const parent = current.getStore();
  if (!parent) return work(undefined);
  const { recording, context } = parent;
  const span = new Span(recording, { name, kind, parentId: context.spanId }, attributes());
  return runIn(span, () => work(span));
}
