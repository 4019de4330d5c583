import { afterEach, describe, expect, test } from "bun:test";
import { ringMarker } from "../../src/upstream/contract.ts";
import { type BuiltImage, buildImage, FakeUpstream, Gate, sampleBytes } from "../fakes/upstream.ts";
import {
  adminToken,
  externalUrl,
  strangerToken,
  TestWeir,
  type WeirOptions,
} from "../fakes/weir.ts";

const name = "library/hello";
const prefix = "virtual_registries/container/1";
const service = new URL(externalUrl).host;
const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

async function upstream(
  seed?: number,
): Promise<{ fake: FakeUpstream; image: BuiltImage; host: string }> {
  const fake = await FakeUpstream.start();
  stops.push(() => fake.stop());
  const layers = seed === undefined ? {} : { layers: [sampleBytes(2000, seed)] };
  const image = fake.image(name, "latest", buildImage(layers));
  return { fake, image, host: new URL(fake.url).host };
}

async function weir(options: WeirOptions): Promise<TestWeir> {
  const started = await TestWeir.start(options);
  stops.push(() => started.stop());
  return started;
}

/** Two registries behind one that hold other images under one name. */
async function two(options: Partial<WeirOptions> = {}) {
  const first = await upstream(1);
  const second = await upstream(2);
  const server = await weir({ upstreams: [first, second], ...options });
  return { first, second, server };
}

async function get(
  server: TestWeir,
  path: string,
  {
    token,
    method = "GET",
    headers = {},
  }: { token?: string; method?: string; headers?: Record<string, string> } = {},
) {
  const authorization = token && { Authorization: `Bearer ${token}` };
  const response = await fetch(server.url + path, {
    method,
    headers: { ...authorization, ...headers },
  });
  const text = await response.text();
  const digest = response.headers.get("docker-content-digest");
  const isError = response.status >= 400 && text !== "";
  const error = isError
    ? (JSON.parse(text) as { errors: { code: string; message: string; detail?: object }[] })
        .errors[0]
    : undefined;
  return { status: response.status, digest, text, error, headers: response.headers };
}

describe("each form in which containerd asks", () => {
  const forms: [what: string, path: string, scoped: string][] = [
    ["a plain host", "/v2", ""],
    ["a path with override_path", `/v2/${prefix}`, `${prefix}/`],
    [
      "a path with override_path, plural",
      "/v2/virtual_registries/containers/1",
      "virtual_registries/containers/1/",
    ],
    ["a path without override_path", `/${prefix}/v2`, `${prefix}/`],
    [
      "a path without override_path, plural",
      "/virtual_registries/containers/1/v2",
      "virtual_registries/containers/1/",
    ],
  ];
  for (const [what, path, scoped] of forms) {
    test(`${what}: a whole pull, the upstream of ns alone being asked`, async () => {
      const { first, second, server } = await two();
      const base = `${path}/${name}`;
      const refused = await get(server, `${base}/manifests/latest?ns=${second.host}`, {
        method: "HEAD",
      });
      expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([
        401,
        `Bearer realm="${externalUrl}/jwt/auth",service="${service}",scope="repository:${scoped}${name}:pull"`,
      ]);
      const token = await server.tokenFor(`${scoped}${name}`);
      for (const { image, host } of [second, first]) {
        const ns = `?ns=${host}`;
        const head = await get(server, `${base}/manifests/latest${ns}`, { token, method: "HEAD" });
        expect([head.status, head.digest]).toEqual([200, image.digest]);
        const manifest = await get(server, `${base}/manifests/${image.digest}${ns}`, { token });
        expect(manifest.text).toBe(new TextDecoder().decode(image.payload));
        for (const [digest, bytes] of image.blobs) {
          const blob = await fetch(`${server.url}${base}/blobs/${digest}${ns}`, {
            headers: { Authorization: `Bearer ${token}` },
          });
          expect(Buffer.from(await blob.arrayBuffer()).equals(bytes)).toBe(true);
        }
      }
      for (const { fake, image } of [first, second]) {
        const paths = fake.seen().map(({ method, path: asked }) => `${method} ${asked}`);
        expect(paths.toSorted()).toEqual(
          [
            `GET /v2/${name}/manifests/latest`,
            ...[...image.blobs.keys()].map((digest) => `GET /v2/${name}/blobs/${digest}`),
          ].toSorted(),
        );
        // The parameter is for us: it does not travel.
        expect(
          fake
            .seen()
            .map(({ query }) => query.toString())
            .join(""),
        ).toBe("");
      }
    });
  }

  test("the ping of a path without override_path is the ping", async () => {
    const { server } = await two();
    const token = await server.tokenFor(name);
    for (const path of [`/${prefix}/v2/`, `/${prefix}/v2`, `/${prefix}/v2/?ns=docker.io`]) {
      expect((await get(server, path)).status).toBe(401);
      expect((await get(server, path, { token })).status).toBe(200);
    }
  });

  test("spelling variants get the verdict of the plain path", async () => {
    const { server } = await two({ env: { WEIR_MIRROR_ANONYMOUS_PULL: "true" } });
    for (const path of [
      `/${prefix}/v2/${name}/manifests/latest`,
      `/virtual_registries/container/%31/v2/${name}/manifests/latest`,
      `/${prefix}/v2/library%2fhello/manifests/latest`,
      `/${prefix}/V2/${name}/manifests/latest`,
      `/${prefix}%2Fv2/${name}/manifests/latest`,
      `/${prefix}/${name}/manifests/latest`,
    ]) {
      const { status, error } = await get(server, path);
      expect([path, status, error?.code]).toEqual([path, 401, "UNAUTHORIZED"]);
      const put = await get(server, path, {
        method: "PUT",
        token: await server.tokenFor(`${prefix}/${name}`),
      });
      expect([path, put.status]).toEqual([path, 405]);
    }
  });
});

describe("a view", () => {
  test("never serves what another upstream's copy holds, nor its blobs", async () => {
    const { first, second, server } = await two();
    const token = await server.tokenFor(`${prefix}/${name}`);
    const path = `/v2/${prefix}/${name}`;
    // The whole registry first: its copy is the first one's.
    expect((await get(server, `${path}/manifests/latest`, { token })).digest).toBe(
      first.image.digest,
    );
    for (const { image, host } of [second, first, second]) {
      const found = await get(server, `${path}/manifests/latest?ns=${host}`, { token });
      expect(found.digest).toBe(image.digest);
    }
    expect((await get(server, `${path}/manifests/latest`, { token })).digest).toBe(
      first.image.digest,
    );
    expect([first.fake.count(), second.fake.count()]).toEqual([1, 1]);
    const [layer = ""] = first.image.blobs.keys();
    expect((await get(server, `${path}/blobs/${layer}`, { token })).status).toBe(200);
    for (const reference of [`blobs/${layer}`, `manifests/${first.image.digest}`]) {
      const { status } = await get(server, `${path}/${reference}?ns=${second.host}`, { token });
      expect([reference, status]).toEqual([reference, 404]);
    }
  });

  test("does not wait for, nor join, a flight of the whole registry", async () => {
    const { first, second, server } = await two();
    const gate = new Gate();
    first.fake.fault("GET */manifests/latest", { gate });
    const token = await server.tokenFor(`${prefix}/${name}`);
    const path = `/v2/${prefix}/${name}/manifests/latest`;
    const whole = get(server, path, { token });
    await gate.arrived();
    const narrow = await get(server, `${path}?ns=${second.host}`, { token });
    expect(narrow.digest).toBe(second.image.digest);
    gate.open();
    expect((await whole).digest).toBe(first.image.digest);
  });

  test("of one host is one flight for all who ask so, by whichever road", async () => {
    const { second, server } = await two();
    const gate = new Gate();
    second.fake.fault("GET */manifests/latest", { gate });
    const asked = await Promise.all(
      ["", `${prefix}/`].map(async (scoped) => {
        const token = await server.tokenFor(`${scoped}${name}`);
        return () =>
          get(server, `/v2/${scoped}${name}/manifests/latest?ns=${second.host}`, { token });
      }),
    );
    const before = await server.begun();
    const answers = [...asked, ...asked].map((ask) => ask());
    await server.waiting(before, answers.length);
    gate.open();
    for (const { digest } of await Promise.all(answers)) expect(digest).toBe(second.image.digest);
    expect(second.fake.count("GET */manifests/latest")).toBe(1);
  });

  test("follows the registry when its upstreams change", async () => {
    const { first, second, server } = await two();
    const token = await server.tokenFor(name);
    const path = `/v2/${name}/manifests/latest?ns=${second.host}`;
    expect((await get(server, path, { token })).digest).toBe(second.image.digest);
    const api = `${server.url}/api/v4/virtual_registries/container/upstreams/2`;
    const changed = await fetch(api, {
      method: "PATCH",
      headers: { "PRIVATE-TOKEN": adminToken, "Content-Type": "application/json" },
      body: JSON.stringify({ url: "http://127.0.0.1:9" }),
    });
    expect(changed.status).toBe(200);
    const gone = await get(server, path, { token });
    expect([gone.status, gone.error?.code]).toEqual([404, "NAME_UNKNOWN"]);
    expect(
      (await get(server, `/v2/${name}/manifests/latest?ns=${first.host}`, { token })).status,
    ).toBe(200);
  });
});

describe("a client that names no host", () => {
  test("means Docker Hub: what has library_prefix is asked, and what it lacks nobody else gives", async () => {
    const other = await upstream(1);
    const hub = await upstream(2);
    other.fake.image("library/only", "latest");
    const server = await weir({
      upstreams: [other, { ...hub, settings: { libraryPrefix: true } }],
    });
    const token = await server.tokenFor(name);
    expect((await get(server, `/v2/${name}/manifests/latest`, { token })).digest).toBe(
      hub.image.digest,
    );
    const short = await server.tokenFor("hello");
    expect((await get(server, "/v2/hello/manifests/latest", { token: short })).digest).toBe(
      hub.image.digest,
    );
    const lacking = await server.tokenFor("library/only");
    const { status, error } = await get(server, "/v2/library/only/manifests/latest", {
      token: lacking,
    });
    expect([status, error?.code]).toEqual([404, "MANIFEST_UNKNOWN"]);
    expect(other.fake.count()).toBe(0);
    // Said, it is the same question.
    expect((await get(server, `/v2/${name}/manifests/latest?ns=docker.io`, { token })).digest).toBe(
      hub.image.digest,
    );
    expect(hub.fake.count(`GET /v2/${name}/manifests/latest`)).toBe(1);
  });

  test("gets the registry as it is where nothing is known to be Docker Hub", async () => {
    const { first, server } = await two();
    const token = await server.tokenFor(name);
    expect((await get(server, `/v2/${name}/manifests/latest`, { token })).digest).toBe(
      first.image.digest,
    );
  });

  test("gets it from the registry of WEIR_MIRROR_REGISTRY, with the caller's rights there", async () => {
    const first = await upstream(1);
    const second = await upstream(2);
    const server = await weir({
      upstreams: [first],
      others: [second],
      env: { WEIR_MIRROR_REGISTRY: "2" },
    });
    const path = `/v2/${name}/manifests/latest`;
    const token = await server.tokenFor(name);
    expect((await get(server, path, { token })).digest).toBe(second.image.digest);
    const stranger = await server.tokenFor(name, strangerToken);
    const refusals = await Promise.all(
      ["", `?ns=${second.host}`, "?ns=quay.io", `?ns=${service}`].map((query) =>
        get(server, path + query, { token: stranger }),
      ),
    );
    // Which hosts there are is nobody's business who may not read them.
    for (const { status, error } of refusals) {
      expect([status, error?.code, error?.message]).toEqual([
        404,
        "NAME_UNKNOWN",
        "there is no such registry, or it is not yours to read",
      ]);
    }
    const nowhere = await weir({ upstreams: [first], env: { WEIR_MIRROR_REGISTRY: "99" } });
    const lost = await get(nowhere, path, { token: await nowhere.tokenFor(name) });
    expect([lost.status, lost.error?.code]).toEqual([404, "NAME_UNKNOWN"]);
  });
});

describe("bad ns", () => {
  const unknown = "no upstream of this registry has the host asked for";
  const malformed =
    "the parameter ns must stand once and name a host, with its port if need be, such as docker.io";
  const ownName = "ns names this server itself: a mirror of itself would ask itself without end";
  const table: [query: string, status: number, message: string][] = [
    ["ns=quay.io", 404, unknown],
    ["ns=docker.io", 404, unknown],
    ["ns=10.0.0.1", 404, unknown],
    ["ns=169.254.169.254", 404, unknown],
    ["ns=127.0.0.1", 404, unknown],
    ["ns=localhost:5000", 404, unknown],
    [`ns=${service}`, 508, ownName],
    [`ns=${service.toUpperCase()}`, 508, ownName],
    ["ns=", 400, malformed],
    ["ns=docker.io&ns=docker.io", 400, malformed],
    ["ns=docker.io/library", 400, malformed],
    ["ns=docker.io%00", 400, malformed],
    [`ns=${"a".repeat(256)}`, 400, malformed],
  ];
  for (const [query, status, message] of table) {
    test(`${query.slice(0, 60)}: ${status}, by each road, and nobody is asked`, async () => {
      const { first, second, server } = await two();
      for (const scoped of ["", `${prefix}/`]) {
        const token = await server.tokenFor(`${scoped}${name}`);
        for (const kind of [`manifests/latest`, `blobs/${first.image.digest}`]) {
          const answer = await get(server, `/v2/${scoped}${name}/${kind}?${query}`, { token });
          expect([answer.status, answer.error?.message]).toEqual([
            status,
            expect.stringContaining(message),
          ]);
        }
      }
      // Without a login it is not even said that it is bad.
      expect((await get(server, `/v2/${name}/manifests/latest?${query}`)).status).toBe(401);
      expect(first.fake.count() + second.fake.count()).toBe(0);
    });
  }
});

describe("loops", () => {
  /** From now on upstream 1 of this server is at that URL. */
  async function point(server: TestWeir, url: string): Promise<void> {
    const answer = await fetch(`${server.url}/api/v4/virtual_registries/container/upstreams/1`, {
      method: "PATCH",
      headers: { "PRIVATE-TOKEN": adminToken, "Content-Type": "application/json" },
      body: JSON.stringify({ url }),
    });
    expect(answer.status).toBe(200);
  }
  const env = { WEIR_MIRROR_ANONYMOUS_PULL: "true" };
  const asked = (server: TestWeir) => {
    const lines = server.logLines.filter(({ path }) => String(path).startsWith(`/v2/${name}`));
    return lines.map(({ status }) => status);
  };

  test("a mirror of itself ends at once", async () => {
    const server = await weir({ upstreams: [await upstream()], env });
    await point(server, server.url);
    for (const kind of ["manifests/latest", `blobs/sha256:${"0".repeat(64)}`]) {
      for (const method of ["GET", "HEAD"]) {
        const before = asked(server).length;
        const { status, error } = await get(server, `/v2/${name}/${kind}`, { method });
        expect([kind, method, status]).toEqual([kind, method, 508]);
        if (method === "GET") {
          expect(error?.message).toBe('upstream "up1" leads back to a server that is asking');
        }
        // What it asked itself, and what it was asked.
        expect(asked(server).slice(before)).toEqual([508, 508]);
      }
    }
  });

  test("two mirrors of each other end at once", async () => {
    const first = await weir({ upstreams: [await upstream()], env });
    const second = await weir({ upstreams: [await upstream()], env });
    await point(first, second.url);
    await point(second, first.url);
    for (const [one, other] of [
      [first, second],
      [second, first],
    ] as const) {
      const before = [asked(one).length, asked(other).length];
      expect((await get(one, `/v2/${name}/manifests/latest`)).status).toBe(508);
      expect(asked(one).slice(before[0])).toEqual([508, 508]);
      expect(asked(other).slice(before[1])).toEqual([508]);
    }
    // And at the same time, which must not make them wait for each other.
    const both = await Promise.all(
      [first, second, first, second].map((one) => get(one, `/v2/${name}/manifests/other`)),
    );
    expect(both.map(({ status }) => status)).toEqual([508, 508, 508, 508]);
  });

  test("what is cached is served all the same", async () => {
    const origin = await upstream();
    const first = await weir({ upstreams: [origin], env });
    const second = await weir({ upstreams: [{ fake: { url: first.url } as FakeUpstream }], env });
    const pulled = await get(second, `/v2/${name}/manifests/latest`);
    expect(pulled.digest).toBe(origin.image.digest);
    await point(first, second.url);
    // A new address of the first one's upstream: its copies are gone, and what comes round is what it asked for.
    expect((await get(second, `/v2/${name}/manifests/latest`)).status).toBe(200);
    expect((await get(first, `/v2/${name}/manifests/latest`)).digest).toBe(origin.image.digest);
  });

  test("our own mark is refused on the alias too", async () => {
    const { first, server } = await two({ env });
    await get(server, `/v2/${name}/manifests/latest`);
    const via = first.fake.seen()[0]?.headers.get("via") ?? "";
    for (const path of [`/${prefix}/v2/`, `/${prefix}/v2/${name}/manifests/latest`]) {
      expect((await get(server, path, { headers: { Via: via } })).status).toBe(508);
      const other = `1.1 ${ringMarker(crypto.randomUUID())}`;
      expect((await get(server, path, { headers: { Via: other } })).status).toBe(401);
    }
  });
});
