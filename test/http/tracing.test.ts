import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { buildImage, FakeUpstream, sampleBytes } from "../fakes/upstream.ts";
import { until } from "../fakes/until.ts";
import { TestWeir } from "../fakes/weir.ts";

const name = "library/app";
const MiB = 2 ** 20;
const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const parentId = "00f067aa0ba902b7";
const traceparent = `00-${traceId}-${parentId}-01`;

interface SeenSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  attributes: Record<string, unknown>;
}

/** A collector on a real port. */
class FakeCollector {
  readonly spans: SeenSpan[] = [];
  readonly headers: Headers[] = [];
  status = 200;
  hangs = false;
  readonly server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      if (new URL(request.url).pathname !== "/base/v1/traces")
        return new Response(null, { status: 404 });
      this.headers.push(request.headers);
      this.#take((await request.json()) as Body);
      if (this.hangs) await new Promise(() => undefined);
      return Response.json({}, { status: this.status });
    },
  });

  #take({ resourceSpans }: Body): void {
    for (const span of resourceSpans.flatMap(({ scopeSpans }) =>
      scopeSpans.flatMap((s) => s.spans),
    )) {
      const attributes = Object.fromEntries(
        span.attributes.map(({ key, value }) => [key, Object.values(value)[0]]),
      );
      this.spans.push({ ...span, attributes });
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.server.port}/base/`;
  }
}

interface Body {
  resourceSpans: {
    scopeSpans: {
      spans: (Omit<SeenSpan, "attributes"> & {
        attributes: { key: string; value: Record<string, unknown> }[];
      })[];
    }[];
  }[];
}

let upstream: FakeUpstream;
let weir: TestWeir;
let collector: FakeCollector;
beforeEach(async () => {
  upstream = await FakeUpstream.start({ auth: { kind: "bearer" } });
  collector = new FakeCollector();
});
afterEach(async () => {
  await weir.stop();
  await upstream.stop();
  await collector.server.stop(true);
});

async function start(env: Record<string, string> = {}): Promise<void> {
  weir = await TestWeir.start({
    upstreams: [{ fake: upstream }],
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: "x-api-key=some%20secret",
      // The collector is no upstream: it needs no leave to be on this machine.
      WEIR_ALLOWED_UPSTREAM_ADDRESSES: `127.0.0.1:${new URL(upstream.url).port}`,
      ...env,
    },
  });
}

/** Spans of the trace, sent now. */
async function traced(count: number): Promise<SeenSpan[]> {
  const own = () => collector.spans.filter((span) => span.traceId === traceId);
  await until(() => {
    if (own().length < count) weir.clock.step(5000);
    return own().length >= count;
  });
  return own();
}

/** A tree by names, as `GET blob(choose(GET, token(GET)))`. */
function tree(spans: SeenSpan[], parent: string): string {
  const below = spans.filter(({ parentSpanId }) => parentSpanId === parent);
  const texts = below.map((span) => {
    const inside = tree(spans, span.spanId);
    return inside ? `${span.name}(${inside})` : span.name;
  });
  return texts.sort().join(", ");
}

describe("traces", () => {
  test("lead from the request to the upstream, its token service and the store", async () => {
    await start();
    const image = upstream.image(name, "latest", buildImage({ layers: [sampleBytes(2 * MiB, 1)] }));
    const response = await weir.manifest(name, "latest", { headers: { traceparent } });
    expect(response.status).toBe(200);
    const spans = await traced(7);
    expect(tree(spans, parentId)).toBe("GET manifest(choose(GET, GET, store, token(GET)))");
    const root = spans.find((span) => span.parentSpanId === parentId);
    expect(root?.attributes).toMatchObject({
      "http.request.method": "GET",
      "http.response.status_code": "200",
      "weir.cache_status": "miss",
      "weir.upstream": "up1",
      "weir.request_id": response.headers.get("x-request-id"),
      "http.response.body.size": String(image.payload.length),
    });
    const line = weir.logLines.find((one) => one["trace"] === traceId);
    expect(line?.["id"]).toBe(response.headers.get("x-request-id"));
    expect(collector.headers[0]?.get("x-api-key")).toBe("some secret");
    expect(collector.headers[0]?.get("content-type")).toBe("application/json");
  });

  test("go on in a fill after the answer has begun", async () => {
    await start();
    const image = upstream.image(name, "latest", buildImage({ layers: [sampleBytes(2 * MiB, 1)] }));
    await weir.manifest(name, "latest");
    const [layer = ""] = image.layers;
    const response = await weir.blob(name, layer, { headers: { traceparent } });
    await response.bytes();
    await weir.settled(name, layer);
    const spans = await traced(5);
    expect(tree(spans, parentId)).toBe("GET blob(choose(GET, fill(store)))");
    const fill = spans.find((span) => span.name === "fill");
    expect(fill?.attributes).toMatchObject({ "weir.bytes": String(2 * MiB), "weir.digest": layer });
  });

  test("tell nothing that is secret, and nothing of a query", async () => {
    await start();
    upstream.image(name, "latest");
    await weir.manifest(name, "latest", { headers: { traceparent } });
    const text = JSON.stringify(await traced(7));
    expect(text).not.toContain("Bearer");
    expect(text).not.toContain("scope=");
    expect(text).not.toContain("?");
  });

  for (const [told, env] of [
    [false, {}],
    [true, { WEIR_TRACE_UPSTREAMS: "true" }],
  ] as const) {
    test(`upstreams are ${told ? "told" : "not told"} of them`, async () => {
      await start(env);
      upstream.image(name, "latest");
      await weir.manifest(name, "latest", { headers: { traceparent } });
      await traced(7);
      const headers = upstream.seen().map((request) => request.headers.get("traceparent"));
      expect(headers.map((header) => header?.includes(traceId) ?? false)).toEqual(
        headers.map(() => told),
      );
      const ids = collector.spans.map(({ spanId }) => spanId);
      for (const header of headers) if (header) expect(ids).toContain(header.split("-")[2] ?? "");
    });
  }

  test("a parent that is not recorded is not recorded here", async () => {
    await start();
    upstream.image(name, "latest");
    const unsampled = `00-${traceId}-${parentId}-00`;
    await weir.manifest(name, "latest", { headers: { traceparent: unsampled } });
    await weir.manifest(name, "latest", { headers: { traceparent: "nonsense" } });
    weir.clock.step(5000);
    await until(() => collector.spans.some((span) => span.name === "GET manifest"));
    expect(collector.spans.filter((span) => span.traceId === traceId)).toEqual([]);
  });

  test("a collector that hangs or is gone delays no pull, and what is dropped is counted", async () => {
    await start();
    collector.hangs = true;
    upstream.image(name, "latest");
    const pulls = async (count: number) => {
      for (let i = 0; i < count; i++)
        expect((await weir.manifest(name, "latest")).status).toBe(200);
    };
    await pulls(300);
    await until(() => collector.headers.length === 1);
    await pulls(300);
    let isStopped = false;
    void weir.halt().then(() => (isStopped = true));
    await until(() => {
      weir.clock.step(500);
      return isStopped;
    });
    collector.hangs = false;
    collector.status = 400;
    await weir.run();
    await pulls(300);
    const counted = async (result: string) => {
      const text = await (await fetch(`${weir.url}/metrics`)).text();
      const line = text.split("\n").find((one) => one.includes(`{result="${result}"}`));
      return Number(line?.split(" ")[1]);
    };
    await until(async () => (await counted("dropped")) >= 256);
    expect(await counted("exported")).toBe(0);
    expect(weir.logLines.some((line) => line["message"] === "traces are refused")).toBe(true);
  });
});

test("without a collector nothing is traced", async () => {
  weir = await TestWeir.start({
    upstreams: [{ fake: upstream }],
    env: { WEIR_TRACE_UPSTREAMS: "true" },
  });
  upstream.image(name, "latest");
  await weir.manifest(name, "latest", { headers: { traceparent } });
  expect(upstream.seen().filter(({ headers }) => headers.has("traceparent"))).toEqual([]);
  expect(weir.logLines.filter((line) => "trace" in line && line["message"] === "request")).toEqual(
    [],
  );
  expect(await (await fetch(`${weir.url}/metrics`)).text()).not.toContain("weir_trace");
});
