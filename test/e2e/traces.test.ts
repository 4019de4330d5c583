import { expect } from "bun:test";
import { skopeo, succeed } from "./lab/clients/index.ts";
import { e2e, type Lab } from "./lab/lab.ts";
import { environment, run, waitFor } from "./lab/processes.ts";
import { openssl } from "./lab/token-server.ts";
import { tool } from "./lab/tools.ts";

/** What the official reader has understood of a span. */
interface Span {
  resource: Record<string, unknown>;
  scope: string;
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  kind: string;
  start: string;
  end: string;
  attributes: Record<string, unknown>;
  status: string;
  message: string;
}

/** Keeps what a collector would be sent, and answers as one does. */
function receiver(lab: Lab) {
  const seen: { what: string; text: string }[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      const type = request.headers.get("content-type");
      const what = `${request.method} ${new URL(request.url).pathname} ${type}`;
      seen.push({ what, text: await request.text() });
      return Response.json({ partialSuccess: {} });
    },
  });
  lab.atEnd(() => server.stop(true));
  return { seen, url: `http://127.0.0.1:${server.port}` };
}

const otlpread = (text: string) => run(["otlpread"], environment("/"), { input: text });

async function spansIn(text: string): Promise<Span[]> {
  const { code, output, stdout } = await otlpread(text);
  expect([code, output]).toEqual([0, stdout]);
  const lines = stdout.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as Span);
}

/** A trace of a client's own. */
function traceOf(letter: string) {
  const [traceId, spanId] = [letter.repeat(32), letter.repeat(16)];
  return { traceId, spanId, header: { traceparent: `00-${traceId}-${spanId}-01` } };
}

/** A tree by names, as `GET blob(choose(GET))`. */
function tree(spans: Span[], parent: string): string {
  const below = spans.filter(({ parentSpanId }) => parentSpanId === parent);
  const texts = below.map(({ name, spanId }) => {
    const inside = tree(spans, spanId);
    return inside ? `${name}(${inside})` : name;
  });
  return texts.toSorted().join(", ");
}

/** What is wrong with a span beside all others, whatever it is of. */
function faultsOf(span: Span, spans: Span[], clients: string[]): string[] {
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
  const isFirst = span.parentSpanId === "" || clients.includes(span.parentSpanId);
  const nanoseconds = [parent?.start ?? "0", span.start, span.end].map(BigInt);
  const checks = {
    "the trace's id": /^(?!0+$)[\da-f]{32}$/.test(span.traceId),
    "its id": /^(?!0+$)[\da-f]{16}$/.test(span.spanId),
    "an id that another has": spans.filter(({ spanId }) => spanId === span.spanId).length === 1,
    "its parent": isFirst ? parent === undefined : parent?.traceId === span.traceId,
    "its kind": isFirst === (span.kind === "Server"),
    "its times":
      nanoseconds.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)).join() === nanoseconds.join(),
    "whose it is": span.resource["service.name"] === "weir-lab" && span.scope === "weir",
  };
  return Object.entries(checks).flatMap(([what, isRight]) =>
    isRight ? [] : [`${what}: ${JSON.stringify(span)}`],
  );
}

/** A request with one span that has these fields. */
const requestWith = (fields: Record<string, unknown>) =>
  JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [fields] }] }] });

await e2e("the reader of traces passes over nothing", { needs: [tool("otlpread")] }, async () => {
  const { traceId, spanId } = traceOf("a");
  const ids = { traceId, spanId };
  const [read] = await spansIn(requestWith({ ...ids, name: "GET", kind: 3 }));
  expect(read).toMatchObject({ ...ids, name: "GET", kind: "Client", status: "Unset" });
  const faults: [Record<string, unknown>, string][] = [
    [{ ...ids, traceid: traceId }, ".traceid is not read"],
    [{ ...ids, traceId: btoa(traceId) }, "length mismatch"],
    [{ ...ids, status: { code: 2, reason: "timeout" } }, ".status.reason is not read"],
    [{ ...ids, attributes: [{ key: "a", value: { intValue: "1.5" } }] }, "1.5"],
    [{ ...ids, startTimeUnixNano: 1.5 }, "1.5"],
  ];
  for (const [fields, told] of faults) {
    const { code, stdout, output } = await otlpread(requestWith(fields));
    expect([code, stdout, output]).toEqual([1, "", expect.stringContaining(told)]);
  }
});

await e2e(
  "a collector's own types read the traces of pulls, all of them and nothing else",
  { needs: [skopeo, openssl, tool("otlpread")] },
  async (lab) => {
    const { seen, url } = receiver(lab);
    const account = { username: "reader", password: "a secret of the upstream" };
    const tokens = await lab.tokenServer({ ...account, anonymous: true });
    const registry = await lab.registry({ auth: tokens.auth });
    const env = {
      WEIR_FIRST_UPSTREAM_TOKEN_REALM: tokens.auth.realm,
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_SERVICE_NAME: "weir-lab",
    };
    const begun = BigInt(Date.now()) * 1_000_000n;
    const weir = await lab.weir({ upstream: registry.url, env });
    const { hello: image, single: other } = lab.images;
    const [layer] = image.platforms[0]?.layers ?? [];
    const authorization = `Bearer ${await weir.bearer(image)}`;
    const ask = (path: string, trace = {}, of = image) =>
      fetch(`${weir.apiUrl(of)}/${path}`, { headers: { authorization, ...trace } });

    const [manifest, blob, refused] = [traceOf("a"), traceOf("b"), traceOf("c")];
    expect((await ask(`manifests/${image.tag}`, manifest.header)).status).toBe(200);
    const blobPath = `blobs/${layer?.digest}`;
    const body = await ask(blobPath, blob.header).then((answer) => answer.bytes());
    expect(body.length).toBe(layer?.size ?? Number.NaN);
    await waitFor("a stored layer", async () => {
      const answer = await ask(blobPath);
      await answer.bytes();
      return answer.headers.get("x-weir-cache")?.startsWith("hit");
    });
    const client = await lab.client(skopeo);
    succeed(await client.login(weir.host, "admin", weir.token));
    succeed(await client.pull(weir.names(lab.images.multi).byTag));
    await registry.stop();
    const headers = { authorization: `Bearer ${await weir.bearer(other)}`, ...refused.header };
    expect((await ask(`manifests/${other.tag}`, headers, other)).status).toBe(503);
    // What was not sent yet is sent at the end.
    expect(await weir.stop()).toBe(0);

    expect([...new Set(seen.map(({ what }) => what))]).toEqual([
      "POST /v1/traces application/json",
    ]);
    const spans = await spansIn(seen.map(({ text }) => text).join("\n"));
    const clients = [manifest, blob, refused].map(({ spanId }) => spanId);
    expect(spans.flatMap((span) => faultsOf(span, spans, clients))).toEqual([]);
    const ended = BigInt(Date.now()) * 1_000_000n;
    const isThen = (time: string) => begun <= BigInt(time) && BigInt(time) <= ended;
    expect(spans.filter(({ start, end }) => !isThen(start) || !isThen(end))).toEqual([]);
    expect(spans.filter(({ name }) => name === "GET blob").length).toBeGreaterThan(3);

    const of = (trace: { traceId: string }) =>
      spans.filter(({ traceId }) => traceId === trace.traceId);
    expect(tree(of(manifest), manifest.spanId)).toBe(
      "GET manifest(choose(GET, GET, store, token(GET)))",
    );
    expect(tree(of(blob), blob.spanId)).toBe("GET blob(choose(GET, fill(store)))");
    expect(tree(of(refused), refused.spanId)).toMatch(/^GET manifest\(choose\(GET, .*\)\)$/);

    const named = (trace: { traceId: string }, name: string) =>
      of(trace).find((span) => span.name === name);
    expect(named(manifest, "GET manifest")).toMatchObject({
      status: "Unset",
      attributes: {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "url.path": `${new URL(weir.apiUrl(image)).pathname}/manifests/${image.tag}`,
        "weir.cache_status": "miss",
        "weir.request_id": expect.any(String),
      },
    });
    expect(named(blob, "fill")?.attributes).toMatchObject({
      "weir.digest": layer?.digest,
      "weir.bytes": layer?.size,
    });
    expect(named(blob, "GET")).toMatchObject({
      kind: "Client",
      attributes: { "http.response.status_code": 200, "server.address": "127.0.0.1" },
    });
    expect(named(refused, "GET manifest")).toMatchObject({
      status: "Error",
      attributes: { "http.response.status_code": 503 },
    });
    const failed = of(refused).filter(
      ({ kind, status }) => kind === "Client" && status === "Error",
    );
    expect(new Set(failed.map(({ message }) => message))).toEqual(new Set(["unreachable"]));
  },
);
