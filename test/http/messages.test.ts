import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { createHttpApp, type HttpOptions } from "../../src/http/app.ts";
import { startServer } from "../../src/http/server.ts";
import { hashSecret } from "../../src/lib/secret.ts";
import { createLog } from "../../src/lib/log.ts";
import { RegistryError } from "../../src/oci/error.ts";
import { SteppedClock } from "../fakes/clock.ts";
import { FakeUpstream, sampleBytes } from "../fakes/upstream.ts";
import { adminToken, externalUrl, strangerToken, TestWeir } from "../fakes/weir.ts";

const prefix = "/v2/virtual_registries/container/1";
const name = "library/app";
const zeros = `sha256:${"0".repeat(64)}`;
const basic = (secret: string) => ({ Authorization: `Basic ${btoa(`anyone:${secret}`)}` });
const form = { "Content-Type": "application/x-www-form-urlencoded" };
const service = new URL(externalUrl).host;

let upstream: FakeUpstream;
let weir: TestWeir;
let layer: string;
beforeAll(async () => {
  upstream = await FakeUpstream.start();
  layer = upstream.blob(name, sampleBytes(1000));
  weir = await TestWeir.start({ upstreams: [{ fake: upstream }] });
});
afterAll(async () => {
  await weir.stop();
  await upstream.stop();
});

interface Asked {
  path: string;
  init?: RequestInit;
  /** With a pull token of this secret's owner. */
  as?: string;
}

async function refusalOf({ path, init = {}, as }: Asked) {
  const headers = new Headers(init.headers);
  if (as) {
    const [, repository = ""] = /^\/v2\/(.+)\/(?:manifests|blobs)\//.exec(path) ?? [];
    headers.set("Authorization", `Bearer ${await weir.tokenFor(repository || name, as)}`);
  }
  const response = await fetch(weir.url + path, { ...init, headers });
  const { errors } = (await response.json()) as { errors: { code: string; message: string }[] };
  return { response, code: errors[0]?.code, message: errors[0]?.message };
}

const own = { as: adminToken };
const table: [message: string, status: number, told: string | null, asked: Asked][] = [
  [
    "a pull token is needed; log in and try again",
    401,
    'refused; reason="unauthorized"',
    { path: `${prefix}/${name}/manifests/latest` },
  ],
  [
    "there is no such registry, or it is not yours to read",
    404,
    'refused; reason="name_unknown"',
    { path: `${prefix}/${name}/manifests/latest`, as: strangerToken },
  ],
  [
    "the name is not valid; it has at most 255 characters, in lower case, as in virtual_registries/container/<registry id>/<repository>",
    404,
    'refused; reason="name_invalid"',
    { path: "/v2/virtual_registries/container/x/app/manifests/latest", ...own },
  ],
  [
    "no upstream of this registry has this manifest",
    404,
    'absent; upstream="up1"',
    { path: `${prefix}/${name}/manifests/none`, ...own },
  ],
  [
    "a tag has at most 128 of the characters A-Z a-z 0-9 _ . -",
    404,
    'refused; reason="tag_invalid"',
    { path: `${prefix}/${name}/manifests/.x`, ...own },
  ],
  [
    "a digest is sha256: with 64, or sha512: with 128 lower-case hexadecimal digits",
    400,
    'refused; reason="digest_invalid"',
    { path: `${prefix}/${name}/blobs/sha256:1`, ...own },
  ],
  [
    "this path is not one of the registry protocol's pull endpoints",
    404,
    'refused; reason="not_found"',
    { path: "/v2/_catalog", ...own },
  ],
  [
    "pull only",
    405,
    'refused; reason="unsupported"',
    { path: `${prefix}/${name}/blobs/uploads/`, init: { method: "POST" }, ...own },
  ],
  ["there is nothing at this path", 404, null, { path: "/nothing" }],
  [
    "log in with any user name and an access token as the password",
    401,
    null,
    { path: `/jwt/auth?service=${service}` },
  ],
  [
    "the password or access token that was given is not valid",
    401,
    null,
    { path: `/jwt/auth?service=${service}`, init: { headers: basic("wrong") } },
  ],
  [
    "the access token's scopes do not allow pulling",
    403,
    null,
    {
      path: `/jwt/auth?service=${service}`,
      init: { headers: basic("reads-the-api-and-no-more-than-that") },
    },
  ],
  [
    "the Authorization header is not Basic credentials",
    401,
    null,
    { path: `/jwt/auth?service=${service}`, init: { headers: { Authorization: "Basic !" } } },
  ],
  [
    "the parameter service must name this server",
    400,
    null,
    { path: "/jwt/auth?service=other", init: { headers: basic(adminToken) } },
  ],
  [
    "grant_type must be password; no refresh tokens are issued",
    400,
    null,
    {
      path: "/jwt/auth",
      init: { method: "POST", headers: form, body: "grant_type=refresh_token" },
    },
  ],
  [
    "user names and passwords have no control characters",
    401,
    null,
    {
      path: "/jwt/auth",
      init: {
        method: "POST",
        headers: form,
        body: `grant_type=password&service=${service}&username=a%0Ab&password=${adminToken}`,
      },
    },
  ],
  [
    "the body must be application/x-www-form-urlencoded",
    400,
    null,
    { path: "/jwt/auth", init: { method: "POST", body: "{}" } },
  ],
  [
    "the body must have a length of at most 16384 bytes",
    413,
    null,
    { path: "/jwt/auth", init: { method: "POST", headers: form, body: "x".repeat(20_000) } },
  ],
  [
    "metrics are for this machine, the token of WEIR_METRICS_TOKEN, or an administrator's access token",
    401,
    null,
    { path: "/metrics", init: { headers: { "X-Forwarded-For": "192.0.2.1" } } },
  ],
];

describe("a request that is refused", () => {
  beforeAll(async () => {
    // A token that opens the API alone; there is no endpoint to make one yet.
    const hash = hashSecret("reads-the-api-and-no-more-than-that");
    await weir.query(
      `insert into tokens (kind, user_id, name, hash, scopes, created_at)
       values ('personal', 1, 'api', '${hash}', '["read_api"]', 0)`,
    );
    await weir.query("update generation set value = value + 1");
  });

  test.each(table)("%s", async (message, status, told, asked) => {
    const refusal = await refusalOf(asked);
    expect(refusal.message).toBe(message);
    expect([refusal.response.status, refusal.response.headers.get("x-weir-cache")]).toEqual([
      status,
      told,
    ]);
    const id = refusal.response.headers.get("x-request-id");
    const line = weir.logLines.find((one) => one["id"] === id);
    expect(line).toMatchObject({ status, ...(told && { cache: told.split(";")[0] }) });
  });

  test("for a range that begins behind the end", async () => {
    const path = `${prefix}/${name}/blobs/${layer}`;
    const range = { headers: { Range: "bytes=1000-" } };
    await (await weir.blob(name, layer)).bytes();
    await weir.settled(name, layer);
    const headers = { ...range.headers, Authorization: `Bearer ${await weir.token(name)}` };
    const { response, message } = await refusalOf({ path, init: { headers } });
    expect([response.status, message]).toEqual([416, "the blob has 1000 bytes"]);
    expect(response.headers.get("content-range")).toBe("bytes */1000");
    expect(response.headers.get("x-weir-cache")).toBe('refused; reason="range_invalid"');
  });

  test("for having come from this very server", async () => {
    const via = await new Promise<string>((resolve) => {
      upstream.fault("*", { status: 404 });
      void weir.manifest(name, "who-asks").then(() => {
        upstream.heal();
        resolve(upstream.seen("*who-asks").at(-1)?.headers.get("via") ?? "");
      });
    });
    const asked = { path: `${prefix}/${name}/manifests/x`, init: { headers: { Via: via } } };
    const { response, message } = await refusalOf(asked);
    expect([response.status, message]).toEqual([
      508,
      "this request has come back to the server that sent it: an upstream leads here",
    ]);
  });

  test("for a Host that is none", async () => {
    const { port } = new URL(weir.url);
    const text = await new Promise<string>((resolve, reject) => {
      let got = "";
      const socket = connect(Number(port), "127.0.0.1", () => {
        socket.write("GET /v2/ HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n");
      });
      socket.on("data", (data) => (got += data.toString()));
      socket.on("close", () => resolve(got));
      socket.on("error", reject);
    });
    expect(text).toStartWith("HTTP/1.1 400");
    expect(text).toContain("the request's Host is not valid");
  });

  test("while the database is locked", async () => {
    await weir.halt();
    await weir.query("alter table cache_entries rename to hidden");
    await weir.run();
    const path = `${prefix}/${name}/manifests/${zeros}`;
    const { response, message } = await refusalOf({ path, ...own });
    expect([response.status, message]).toEqual([
      503,
      "the database does not answer at the moment; try again",
    ]);
    await weir.halt();
    await weir.query("alter table hidden rename to cache_entries");
    await weir.run();
  });
});

describe("a server that fails itself", () => {
  const clock = new SteppedClock();
  const log = createLog(clock, "error", { write: () => undefined, async flush() {} });

  test("says so, and nothing of why", async () => {
    const failing = { verify: () => Promise.reject(new TypeError("secret")) };
    // Only what the failing request touches.
    const options = { clock, log, ownMark: "none", access: failing, api: { client: {} } };
    const app = createHttpApp(options as unknown as HttpOptions);
    const server = startServer(
      { hostname: "127.0.0.1", port: 0, tls: undefined },
      { app, clock, log },
    );
    const response = await fetch(`http://127.0.0.1:${server.port}/v2/`);
    const text = await response.text();
    await server.stop(0);
    expect(response.status).toBe(500);
    expect(text).toContain("the server failed; its log has the reason under this request id");
    expect(text).toContain(response.headers.get("x-request-id") ?? "none");
    expect(text).not.toContain("secret");
  });

  test("because a stored file is not there after all: 503", async () => {
    const refuse = (error: RegistryError) => Response.json(error, { status: error.status });
    const answer = () => Promise.resolve(new Response(Bun.file("/nonexistent/blob")));
    const server = startServer(
      { hostname: "127.0.0.1", port: 0, tls: undefined },
      { app: { answer, refuse }, clock, log },
    );
    const response = await fetch(`http://127.0.0.1:${server.port}/v2/`);
    const text = await response.text();
    await server.stop(0);
    expect(response.status).toBe(503);
    expect(text).toContain("the stored content could not be opened; try again");
  });
});
