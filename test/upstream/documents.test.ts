import { describe, expect, test } from "bun:test";
import { yieldTurn } from "../../src/lib/clock.ts";
import type { DocumentClient } from "../../src/upstream/contract.ts";
import { createDocumentClient } from "../../src/upstream/documents.ts";
import { testCertificate } from "../fakes/certificate.ts";
import { SteppedClock } from "../fakes/clock.ts";
import { until } from "../fakes/until.ts";
import { type Fault, FakeUpstream } from "../fakes/upstream.ts";
import { failureOf } from "./world.ts";

class World implements AsyncDisposable {
  readonly clock = new SteppedClock();
  readonly documents: DocumentClient;

  private constructor(readonly fake: FakeUpstream) {
    const quiet = () => undefined;
    this.documents = createDocumentClient({
      clock: this.clock,
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet, flush: async () => {} },
      version: "1.2.3",
      instanceId: "test-instance",
      allowedAddresses: [{ range: "127.0.0.1/32", port: undefined }],
      random: () => 0,
      resolve: async (host) => (host === "registry.test" ? ["127.0.0.1"] : ["10.0.0.1"]),
    });
  }

  static async start(secure = false): Promise<World> {
    const tls = secure && { secure: testCertificate, host: "registry.test" };
    const fake = await FakeUpstream.start({ ...tls });
    fake.file("/keys", '{"keys":[]}', "application/json");
    return new World(fake);
  }

  get(url = `${this.fake.url}/keys`, { id = 1, ca }: { id?: number; ca?: string } = {}) {
    return this.documents.document({ id, name: "House", ca }, new URL(url));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.documents.close();
    await this.fake.stop();
    expect(this.clock.pending).toBe(0);
  }
}

describe("a document", () => {
  test("is asked for with nothing but what a request needs", async () => {
    await using world = await World.start();
    expect(await world.get()).toEqual({ keys: [] });
    const [request] = world.fake.seen("GET /keys");
    const names = [...(request?.headers.keys() ?? [])].sort();
    expect(names).toEqual(["accept", "accept-encoding", "connection", "host", "user-agent", "via"]);
    expect(request?.headers.get("user-agent")).toBe("weir/1.2.3");
  });

  test("comes by TLS from whom its authority vouches for, and from nobody else", async () => {
    await using world = await World.start(true);
    expect(await world.get(undefined, { ca: testCertificate.cert })).toEqual({ keys: [] });
    const error = await failureOf(world.get(undefined, { id: 2 }));
    expect(error.message).toContain("did not show a certificate that can be trusted");
  });

  test("is not fetched from inner addresses, by name or by number", async () => {
    await using world = await World.start();
    for (const url of ["http://inner.test/keys", "http://169.254.169.254/", "http://[::1]/"]) {
      expect(await failureOf(world.get(url))).toMatchObject({ reason: "blocked" });
    }
  });

  const noDocument = 'upstream "House" answered with no document in JSON';
  const faults: [what: string, fault: Fault, wanted: object][] = [
    ["a redirect", { redirect: "/other" }, { message: /answered with status 307/ }],
    ["404", { status: 404 }, { reason: "invalid", message: /answered with status 404/ }],
    ["401", { status: 401 }, { reason: "denied" }],
    ["no JSON", { body: "<html>" }, { reason: "invalid", message: noDocument }],
    ["a list", { body: "[]" }, { message: noDocument }],
    ["null", { body: "null" }, { message: noDocument }],
    ["a key twice", { body: '{"a":1,"a":2}' }, { message: noDocument }],
    ["deep JSON", { body: `{"a":${"[".repeat(99)}${"]".repeat(99)}}` }, { message: noDocument }],
    ["10 MB", { body: " ".repeat(10_000_000) }, { message: /answered with too long a body/ }],
    [
      "a body without an end",
      { raw: "HTTP/1.1 200 OK\r\n\r\n", endless: " ".repeat(9999) },
      { message: /too long a body/ },
    ],
    ["a packed body", { headers: { "content-encoding": "gzip" } }, { message: /encoded body/ }],
    ["no answer", { reset: true }, { reason: "unreachable" }],
    ["half a body", { cutAfter: 3 }, { reason: "unreachable" }],
  ];
  test.each(faults)("%s is none", async (_, fault, wanted) => {
    await using world = await World.start();
    world.fake.fault("GET /keys", fault);
    const error = await failureOf(world.get());
    const { reason, message } = wanted as { reason?: string; message?: string | RegExp };
    if (reason !== undefined) expect(error.reason).toBe(reason as typeof error.reason);
    if (message !== undefined) expect(error.message).toMatch(message);
    expect(world.fake.count("GET /other")).toBe(0);
  });

  test("that does not come is waited for five seconds", async () => {
    await using world = await World.start();
    world.fake.fault("GET /keys", { hang: true });
    let isOver = false;
    const failed = failureOf(world.get()).finally(() => (isOver = true));
    await until(() => world.fake.count() === 1);
    world.clock.step(4999);
    await yieldTurn();
    expect(isOver).toBe(false);
    world.clock.step(1);
    expect(await failed).toMatchObject({ reason: "timeout" });
  });

  test("is asked for once more where a server is away for a moment", async () => {
    await using world = await World.start();
    world.fake.fault("GET /keys", { status: 503, times: 1 });
    expect(await world.get()).toEqual({ keys: [] });
    expect(world.fake.count()).toBe(2);
  });
});
