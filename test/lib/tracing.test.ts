import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createLog } from "../../src/lib/log.ts";
import { SpanExporter } from "../../src/lib/tracing/exporter.ts";
import { createSampler } from "../../src/lib/tracing/sampler.ts";
import type { EndedSpan } from "../../src/lib/tracing/span.ts";
import { readTraceparent, writeTraceparent } from "../../src/lib/tracing/traceparent.ts";
import { SteppedClock } from "../fakes/clock.ts";
import { until } from "../fakes/until.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const spanId = "00f067aa0ba902b7";
const hex = (length: number) =>
  fc
    .string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length })
    .filter((text) => !/^0+$/.test(text));

describe("traceparent", () => {
  test("what is written is read", () => {
    fc.assert(
      fc.property(hex(32), hex(16), fc.boolean(), (trace, span, sampled) => {
        const context = { traceId: trace, spanId: span, sampled };
        expect(readTraceparent(writeTraceparent(context))).toEqual(context);
      }),
    );
  });

  test("anything else is nothing, and never throws", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
        expect(readTraceparent(text)).toBeUndefined();
      }),
    );
  });

  const verdicts: [string, boolean][] = [
    [`00-${traceId}-${spanId}-01`, true],
    [`00-${traceId}-${spanId}-ff`, true],
    [`cc-${traceId}-${spanId}-01-what-comes-later`, true],
    [`cc-${traceId}-${spanId}-01.`, false],
    [`00-${traceId}-${spanId}-01-more`, false],
    [`ff-${traceId}-${spanId}-01`, false],
    [`00-${traceId.toUpperCase()}-${spanId}-01`, false],
    [`00-${"0".repeat(32)}-${spanId}-01`, false],
    [`00-${traceId}-${"0".repeat(16)}-01`, false],
    [`00-${traceId}-${spanId}`, false],
    [`00-${traceId}-${spanId}-01, 00-${traceId}-${spanId}-01`, false],
    [`cc-${traceId}-${spanId}-01-${"x".repeat(300)}`, false],
  ];
  for (const [header, counts] of verdicts) {
    test(`${header.slice(0, 80)} ${counts ? "counts" : "does not"}`, () => {
      expect(readTraceparent(header) !== undefined).toBe(counts);
    });
  }
});

describe("samplers", () => {
  const parent = (sampled: boolean) => ({ traceId, spanId, sampled });

  test("a parent decides where the sampler is based on it", () => {
    expect(createSampler("parentbased_always_off", 0)(traceId, parent(true))).toBe(true);
    expect(createSampler("parentbased_always_on", 0)(traceId, parent(false))).toBe(false);
    expect(createSampler("parentbased_always_on", 0)(traceId, undefined)).toBe(true);
    expect(createSampler("always_on", 0)(traceId, parent(false))).toBe(true);
    expect(createSampler("always_off", 1)(traceId, parent(true))).toBe(false);
  });

  test("a ratio holds, the same for everybody who sees the trace", () => {
    const ids = Array.from({ length: 20_000 }, () =>
      crypto.getRandomValues(new Uint8Array(16)).toHex(),
    );
    const sampler = createSampler("traceidratio", 0.25);
    const share = ids.filter((id) => sampler(id, undefined)).length / ids.length;
    expect(Math.abs(share - 0.25)).toBeLessThan(0.02);
    expect(ids.filter((id) => createSampler("traceidratio", 1)(id, undefined))).toEqual(ids);
    expect(ids.filter((id) => createSampler("traceidratio", 0)(id, undefined))).toEqual([]);
    const more = createSampler("parentbased_traceidratio", 0.5);
    const both = ids.filter((id) => sampler(id, undefined) && !more(id, undefined));
    expect(both).toEqual([]);
  });
});

describe("the exporter", () => {
  const span = (name: string): EndedSpan => ({
    traceId,
    spanId,
    parentId: undefined,
    name,
    kind: "server",
    start: 1_767_225_600_000.25,
    end: 1_767_225_600_001.5,
    attributes: { text: "a", whole: 3, part: 0.5, flag: true, none: undefined },
    failure: undefined,
  });

  function open() {
    const clock = new SteppedClock();
    const lines: string[] = [];
    const log = createLog(clock, "info", {
      write: (line) => void lines.push((JSON.parse(line) as { message: string }).message),
      async flush() {},
    });
    const bodies: string[] = [];
    const world = { clock, lines, bodies, status: 200, answer: "{}", isGone: false };
    const exporter = new SpanExporter({
      clock,
      log,
      resource: { service: "weir", version: "1", instance: "i" },
      post: async (body) => {
        bodies.push(body);
        if (world.isGone) throw new Error("gone");
        return { status: world.status, body: new TextEncoder().encode(world.answer) };
      },
      wordFor: () => "unreachable",
    });
    return { ...world, world, exporter };
  }

  const turns = async () => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };

  test("writes OTLP's JSON", async () => {
    const { exporter, clock, bodies } = open();
    exporter.add(span("GET manifest"));
    exporter.add({ ...span("b"), parentId: "b".repeat(16), kind: "client", failure: "timeout" });
    expect(bodies).toEqual([]);
    clock.step(5000);
    await turns();
    expect(JSON.parse(bodies[0] ?? "")).toEqual({
      resourceSpans: [
        {
          resource: {
            attributes: [
              { key: "service.name", value: { stringValue: "weir" } },
              { key: "service.version", value: { stringValue: "1" } },
              { key: "service.instance.id", value: { stringValue: "i" } },
            ],
          },
          scopeSpans: [
            {
              scope: { name: "weir", version: "1" },
              spans: [
                {
                  traceId,
                  spanId,
                  name: "GET manifest",
                  kind: 2,
                  startTimeUnixNano: "1767225600000250000",
                  endTimeUnixNano: "1767225600001500000",
                  attributes: [
                    { key: "text", value: { stringValue: "a" } },
                    { key: "whole", value: { intValue: "3" } },
                    { key: "part", value: { doubleValue: 0.5 } },
                    { key: "flag", value: { boolValue: true } },
                  ],
                },
                expect.objectContaining({
                  kind: 3,
                  parentSpanId: "b".repeat(16),
                  status: { code: 2, message: "timeout" },
                }),
              ],
            },
          ],
        },
      ],
    });
    expect([exporter.exported, exporter.dropped, clock.pending]).toEqual([2, 0, 0]);
  });

  test("a collector that is gone costs spans, which are counted, and one line", async () => {
    const { exporter, world, clock, lines } = open();
    world.isGone = true;
    for (let i = 0; i < 10_000; i++) exporter.add(span("a"));
    await turns();
    expect([exporter.exported, exporter.dropped]).toEqual([0, 10_000 - 4096]);
    for (let i = 0; i < 5; i++) {
      clock.step(60_000);
      await turns();
    }
    expect(lines).toEqual(["traces are not taken"]);
    world.isGone = false;
    for (let i = 0; i < 40; i++) {
      clock.step(60_000);
      await turns();
    }
    expect(lines).toEqual(["traces are not taken", "traces are taken again"]);
    expect(exporter.exported + exporter.dropped).toBe(10_000);
    expect(exporter.exported).toBeGreaterThanOrEqual(4096 - 256);
  });

  test("what is refused is not sent again; what is taken in part is counted", async () => {
    const { exporter, world, clock, bodies } = open();
    world.status = 400;
    exporter.add(span("a"));
    clock.step(5000);
    await turns();
    expect([exporter.dropped, exporter.exported, bodies.length]).toEqual([1, 0, 1]);
    world.status = 200;
    world.answer = '{"partialSuccess":{"rejectedSpans":"1"}}';
    exporter.add(span("a"));
    exporter.add(span("b"));
    clock.step(5000);
    await turns();
    expect([exporter.dropped, exporter.exported, bodies.length]).toEqual([2, 1, 2]);
    world.answer = "no JSON";
    exporter.add(span("a"));
    clock.step(5000);
    await turns();
    expect([exporter.dropped, exporter.exported]).toEqual([2, 2]);
  });

  test("a stop sends what there is, and does not wait for who hangs", async () => {
    const { exporter, bodies } = open();
    for (let i = 0; i < 300; i++) exporter.add(span("a"));
    await exporter.close(2000);
    expect([exporter.exported, bodies.length]).toEqual([300, 2]);
    const clock = new SteppedClock();
    const log = createLog(clock, "info", { write() {}, async flush() {} });
    const hanging = new SpanExporter({
      clock,
      log,
      resource: { service: "weir", version: "1", instance: "i" },
      post: () => new Promise(() => undefined),
      wordFor: () => "",
    });
    for (let i = 0; i < 300; i++) hanging.add(span("a"));
    let isClosed = false;
    void hanging.close(2000).then(() => (isClosed = true));
    await turns();
    expect(isClosed).toBe(false);
    clock.step(2000);
    await until(() => isClosed);
    expect(clock.pending).toBe(0);
  });
});
