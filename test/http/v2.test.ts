import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { type BuiltImage, FakeUpstream } from "../fakes/upstream.ts";
import { adminToken, externalUrl, strangerToken, TestWeir } from "../fakes/weir.ts";

const prefix = "virtual_registries/container";
const name = "library/app";
const realm = `${externalUrl}/jwt/auth`;
const challenge = `Bearer realm="${realm}",service="weir.test:5000"`;
const zeros = `sha256:${"0".repeat(64)}`;

let upstream: FakeUpstream;
let weir: TestWeir;
let image: BuiltImage;
beforeAll(async () => {
  upstream = await FakeUpstream.start();
  image = upstream.image(name, "latest");
  weir = await TestWeir.start({ upstreams: [{ fake: upstream }] });
});
afterAll(async () => {
  await weir.stop();
  await upstream.stop();
});

async function call(method: string, path: string, headers: Record<string, string> = {}) {
  const response = await fetch(weir.url + path, { method, headers });
  const text = await response.text();
  const body = text
    ? (JSON.parse(text) as { errors?: { code: string; message: string }[] })
    : undefined;
  return {
    response,
    status: response.status,
    code: body?.errors?.[0]?.code,
    message: body?.errors?.[0]?.message,
  };
}

const bearer = async (repository = name) => ({
  Authorization: `Bearer ${await weir.token(repository)}`,
});

describe("without a token", () => {
  const paths: [path: string, scope: string | undefined][] = [
    ["/v2/", undefined],
    ["/v2", undefined],
    [`/v2/${prefix}/1/${name}/manifests/latest`, `repository:${prefix}/1/${name}:pull`],
    [`/v2/${prefix}/1/${name}/blobs/${zeros}`, `repository:${prefix}/1/${name}:pull`],
    [`/v2/${prefix}/999/${name}/manifests/latest`, `repository:${prefix}/999/${name}:pull`],
    [`/v2/${prefix}/1/UPPER/manifests/latest`, undefined],
    ["/v2/a%22b/manifests/latest", undefined],
    ["/v2/_catalog", undefined],
  ];
  for (const [path, scope] of paths) {
    test(`${path}: a challenge, before anything else is looked at`, async () => {
      for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"]) {
        const { response, status, code } = await call(method, path);
        const wanted = scope ? `${challenge},scope="${scope}"` : challenge;
        expect([method, status, response.headers.get("www-authenticate")]).toEqual([
          method,
          401,
          wanted,
        ]);
        expect(response.headers.get("docker-distribution-api-version")).toBe("registry/2.0");
        if (method !== "HEAD") expect(code).toBe("UNAUTHORIZED");
      }
    });
  }

  test("a token that is wrong or none is as good as no token", async () => {
    for (const Authorization of [
      "Bearer x",
      "Bearer a.b.c",
      "Basic YTpi",
      "nonsense",
      `Bearer ${adminToken}`,
    ]) {
      expect((await call("GET", "/v2/", { Authorization })).status).toBe(401);
    }
  });
});

describe("with a token", () => {
  const table: [method: string, path: string, status: number, code: string][] = [
    ["GET", `${prefix}/1/${name}/manifests/missing`, 404, "MANIFEST_UNKNOWN"],
    ["GET", `${prefix}/1/${name}/manifests/.bad`, 404, "MANIFEST_UNKNOWN"],
    ["GET", `${prefix}/1/${name}/manifests/${"a".repeat(129)}`, 404, "MANIFEST_UNKNOWN"],
    ["GET", `${prefix}/1/${name}/manifests/sha256:12`, 400, "DIGEST_INVALID"],
    ["GET", `${prefix}/1/${name}/manifests/${zeros}`, 404, "MANIFEST_UNKNOWN"],
    ["GET", `${prefix}/1/${name}/blobs/latest`, 400, "DIGEST_INVALID"],
    ["GET", `${prefix}/1/${name}/blobs/sha256:${"A".repeat(64)}`, 400, "DIGEST_INVALID"],
    ["GET", `${prefix}/1/${name}/blobs/md5:${"a".repeat(32)}`, 400, "DIGEST_INVALID"],
    ["GET", `${prefix}/1/${name}/blobs/${zeros}`, 404, "BLOB_UNKNOWN"],
    ["GET", `${prefix}/1/UPPER/manifests/latest`, 404, "NAME_INVALID"],
    ["GET", `${prefix}/1/${"a/".repeat(40)}b/manifests/latest`, 404, "NAME_INVALID"],
    ["GET", `${prefix}/x/${name}/manifests/latest`, 404, "NAME_INVALID"],
    ["GET", `library/app/manifests/latest`, 401, "UNAUTHORIZED"],
    ["GET", `${prefix}/1/${name}/tags/all`, 404, "UNSUPPORTED"],
    ["GET", `${prefix}/1/${name}/tags/list?n=-1`, 400, "UNSUPPORTED"],
    ["GET", `${prefix}/1/${name}/referrers/sha256:12`, 400, "DIGEST_INVALID"],
    ["GET", `${prefix}/1/${name}/referrers/latest`, 400, "DIGEST_INVALID"],
    ["GET", `${prefix}/1/${name}/referrers/${zeros}?artifactType=x`, 400, "UNSUPPORTED"],
    ["GET", `_catalog`, 404, "UNSUPPORTED"],
    ["GET", `${prefix}/1/${name}/manifests/%00`, 404, "UNSUPPORTED"],
    ["GET", `${prefix}/1/${name}%2fx/manifests/latest`, 404, "UNSUPPORTED"],
    ["PUT", `${prefix}/1/${name}/manifests/latest`, 405, "UNSUPPORTED"],
    ["DELETE", `${prefix}/1/${name}/manifests/latest`, 405, "UNSUPPORTED"],
    ["POST", `${prefix}/1/${name}/blobs/uploads/`, 405, "UNSUPPORTED"],
    ["PATCH", `${prefix}/1/${name}/blobs/uploads/1`, 405, "UNSUPPORTED"],
    ["POST", `${prefix}/1/${name}/blobs/uploads/?mount=${zeros}&from=x`, 405, "UNSUPPORTED"],
  ];
  for (const [method, path, status, code] of table) {
    test(`${method} ${path.slice(0, 70)}: ${status} ${code}`, async () => {
      const called = await call(method, `/v2/${path}`, await bearer());
      expect([called.status, called.code]).toEqual([status, code]);
      expect(called.message).toBeTruthy();
      expect(called.response.headers.get("x-request-id")).toBeTruthy();
      expect(called.response.headers.get("content-type")).toBe("application/json");
    });
  }

  test("the ping is 200, by GET and HEAD, with or without the slash", async () => {
    for (const [method, path] of [
      ["GET", "/v2/"],
      ["HEAD", "/v2/"],
      ["GET", "/v2"],
    ] as const) {
      expect((await call(method, path, await bearer())).status).toBe(200);
    }
  });

  test("the plural and escaped spellings are the same object", async () => {
    const escaped = image.digest.replace(":", "%3A");
    expect(
      (await fetch(weir.url + weir.path(name, "manifests", escaped), { headers: await bearer() }))
        .status,
    ).toBe(200);
    const plural = await weir.tokenFor(`virtual_registries/containers/1/${name}`);
    const path = `/v2/virtual_registries/containers/1/${name}/manifests/latest`;
    expect(
      (await fetch(weir.url + path, { headers: { Authorization: `Bearer ${plural}` } })).status,
    ).toBe(200);
  });

  test("for another repository: a challenge that names this one", async () => {
    const { response, status } = await call(
      "GET",
      weir.path(name, "manifests", "latest"),
      await bearer("library/other"),
    );
    expect([status, response.headers.get("www-authenticate")]).toEqual([
      401,
      `${challenge},scope="repository:${prefix}/1/${name}:pull"`,
    ]);
  });

  test("an unknown registry and one that is not the caller's are the same 404", async () => {
    const unknown = await weir.tokenFor(`${prefix}/999/${name}`);
    const answer = await call("GET", `/v2/${prefix}/999/${name}/manifests/latest`, {
      Authorization: `Bearer ${unknown}`,
    });
    expect([answer.status, answer.code]).toEqual([404, "NAME_UNKNOWN"]);
    const stranger = await weir.tokenFor(`${prefix}/1/${name}`, strangerToken);
    const foreign = await call("GET", weir.path(name, "manifests", "latest"), {
      Authorization: `Bearer ${stranger}`,
    });
    expect([foreign.status, foreign.code, foreign.message]).toEqual([
      404,
      "NAME_UNKNOWN",
      answer.message,
    ]);
  });
});

describe("token endpoint", () => {
  const service = "weir.test:5000";
  const basic = (user: string, password: string) => ({
    Authorization: `Basic ${btoa(`${user}:${password}`)}`,
  });

  test("refuses by name what is wrong", async () => {
    const good = basic("any", adminToken);
    const table: [path: string, headers: Record<string, string>, status: number][] = [
      [`?service=${service}`, good, 200],
      [`?service=${service}&account=any&client_id=docker&offline_token=true`, good, 200],
      [`?service=${service}&scope=nonsense`, good, 200],
      ["", good, 400],
      ["?service=other", good, 400],
      [`?service=${service}&service=${service}`, good, 400],
      [`?service=${service}`, {}, 401],
      [`?service=${service}`, basic("", ""), 401],
      [`?service=${service}`, basic("admin", "wrong"), 401],
      [`?service=${service}`, { Authorization: "Basic !" }, 401],
      [`?service=${service}`, { Authorization: `Bearer ${adminToken}` }, 401],
    ];
    for (const [query, headers, status] of table) {
      const called = await call("GET", `/jwt/auth${query}`, headers);
      expect([query, called.status]).toEqual([query, status]);
      if (status === 401)
        expect(called.response.headers.get("www-authenticate")).toBe('Basic realm="weir"');
      expect(called.response.headers.get("cache-control")).toBe("no-store");
    }
  });

  test("takes a password grant by POST, and no other", async () => {
    const post = (form: Record<string, string>, headers = {}) =>
      fetch(`${weir.url}/jwt/auth`, { method: "POST", body: new URLSearchParams(form), headers });
    const grant = { grant_type: "password", username: "any", password: adminToken, service };
    expect(await (await post(grant)).json()).toMatchObject({
      expires_in: 900,
      access_token: expect.any(String),
    });
    expect((await post({ ...grant, password: "wrong" })).status).toBe(401);
    expect((await post({ ...grant, grant_type: "refresh_token" })).status).toBe(400);
    expect((await post({ ...grant, more: "x".repeat(20_000) })).status).toBe(413);
    expect((await post(grant, { "Content-Type": "text/plain" })).status).toBe(400);
  });
});

describe("the front", () => {
  test("healthz, readyz and what is not there", async () => {
    expect((await call("GET", "/healthz")).status).toBe(200);
    expect((await call("GET", "/readyz")).status).toBe(200);
    expect(await call("GET", "/nothing")).toMatchObject({ status: 404, code: "UNSUPPORTED" });
  });

  test("a request that comes back to its sender ends", async () => {
    const ours = upstream.seen()[0]?.headers.get("via") ?? "";
    expect(ours).toContain("weir-");
    expect(await call("GET", "/v2/", { Via: `${ours}, 1.1 other` })).toMatchObject({ status: 508 });
    expect((await call("GET", "/v2/", { Via: "1.1 weir-another" })).status).toBe(401);
  });

  const hosts = ["", "a b", "u@e", "a/b", "a:99999", "%zz"];
  for (const host of hosts) {
    test(`a Host of ${JSON.stringify(host)} is a 400, whatever the path`, async () => {
      const { port } = new URL(weir.url);
      const socket = connect(Number(port), "127.0.0.1");
      socket.write(`GET /v2/ HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      let answer = "";
      for await (const chunk of socket) answer += String(chunk);
      expect(answer).toStartWith("HTTP/1.1 400");
    });
  }

  test("each request leaves one line with its id, without query, token or address of an upstream", async () => {
    const before = weir.logLines.length;
    const { response } = await call("GET", "/jwt/auth?service=x&account=secret-name", {
      Authorization: "Basic c2VjcmV0OnNlY3JldA==",
    });
    const lines = weir.logLines.slice(before);
    expect(lines).toEqual([
      expect.objectContaining({
        id: response.headers.get("x-request-id"),
        method: "GET",
        path: "/jwt/auth",
        status: 400,
      }),
    ]);
    expect(JSON.stringify(weir.logLines)).not.toMatch(/secret|Bearer|127\.0\.0\.1:\d+\/v2/);
  });
});
