import { describe, expect, test } from "bun:test";
import { partnerRealm } from "../../src/upstream/presets.ts";
import { testCertificate } from "../fakes/certificate.ts";
import { failureOf, found, latest, World } from "./world.ts";

const login = { username: "user", password: "secret" };

describe("https", () => {
  test("to the address that was judged, in the name of the host", async () => {
    await using world = new World();
    const fake = await world.secureFake("registry.test");
    fake.image("x", "latest");
    found(await world.client.manifest(world.upstream(fake), "x", latest));
    expect(fake.seen()[0]?.headers.get("host")).toBe(`registry.test:${fake.server.port}`);
  });

  test("to an address in the URL", async () => {
    await using world = new World();
    const fake = await world.secureFake("127.0.0.1");
    fake.image("x", "latest");
    found(await world.client.manifest(world.upstream(fake), "x", latest));
  });

  test("with a certificate for another name is refused", async () => {
    await using world = new World(async () => ["127.0.0.1"]);
    const fake = await world.secureFake("other.test");
    fake.image("x", "latest");
    const error = await failureOf(world.client.manifest(world.upstream(fake), "x", latest));
    expect(error).toMatchObject({ reason: "unreachable" });
    expect(error.message).toContain("did not show a certificate that can be trusted");
    expect(fake.count()).toBe(0);
  });

  test("with a certificate of nobody known is refused", async () => {
    await using world = new World();
    const fake = await world.secureFake("127.0.0.1");
    fake.image("x", "latest");
    const upstream = world.upstream(fake, { ca: undefined });
    const error = await failureOf(world.client.manifest(upstream, "x", latest));
    expect(error.message).toContain("did not show a certificate that can be trusted");
    expect(fake.count()).toBe(0);
  });

  test("to a port that speaks no TLS", async () => {
    await using world = new World();
    const answer = "HTTP/1.1 400 No\r\nConnection: close\r\n\r\n";
    const socket = { data: (peer: Bun.Socket) => void peer.end(answer) };
    using server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket });
    const upstream = world.upstream(`https://127.0.0.1:${server.port}`);
    const error = await failureOf(world.client.manifest(upstream, "x", latest));
    expect(error).toMatchObject({ reason: "unreachable" });
    expect(error.message).toContain("does not speak TLS at this address");
  });

  test("is not left for http by a redirect", async () => {
    await using world = new World();
    const fake = await world.secureFake("registry.test");
    const cdn = await world.fake();
    fake.fault("GET *", { redirect: `${cdn.url}/data` });
    const error = await failureOf(world.client.manifest(world.upstream(fake), "x", latest));
    expect(error).toMatchObject({ reason: "blocked" });
    expect(error.message).toContain("redirects from https to http");
    expect(cdn.server.connections).toBe(0);
  });

  test("is not left for an http realm, configured or not", async () => {
    await using world = new World();
    const issuer = await world.fake();
    const fake = await world.secureFake("registry.test", { kind: "bearer", issuer });
    fake.image("x", "latest");
    const plain = fake.url.replace("https:", "http:");
    for (const tokenRealm of [undefined, `${issuer.url}/token`]) {
      const upstream = world.upstream(fake, { ...login, tokenRealm });
      expect(await failureOf(world.client.manifest(upstream, "x", latest))).toMatchObject({
        reason: "blocked",
        message: 'upstream "Fake" is reached by https but names a token service that is not',
      });
    }
    fake.auth = { kind: "bearer", realm: `${plain}/token` };
    expect((await failureOf(world.client.manifest(world.upstream(fake), "x", latest))).reason).toBe(
      "blocked",
    );
    expect(issuer.server.connections).toBe(0);
  });

  test("another host name of one address is another origin", async () => {
    await using world = new World();
    const issuer = await world.secureFake("token.test");
    const fake = await world.secureFake("registry.test", { kind: "bearer", issuer });
    fake.image("x", "latest");
    const upstream = world.upstream(fake, login);
    expect((await failureOf(world.client.manifest(upstream, "x", latest))).reason).toBe("blocked");
    const trusting = { ...upstream, tokenRealm: `${issuer.url}/token` };
    found(await world.client.manifest(trusting, "x", latest));
    expect(issuer.count()).toBe(1);
  });
});

describe("an authority of one's own", () => {
  test("is trusted for its upstream alone, even at one address", async () => {
    await using world = new World();
    const fake = await world.secureFake("registry.test");
    fake.image("x", "latest");
    const trusting = world.upstream(fake);
    const others = [
      world.upstream(fake, { ca: undefined }),
      world.upstream(fake, { ca: undefined }),
    ];
    for (let round = 0; round < 2; round++) {
      found(await world.client.manifest(trusting, "x", latest));
      for (const upstream of others) {
        const error = await failureOf(world.client.manifest(upstream, "x", latest));
        expect(error.message).toContain("did not show a certificate that can be trusted");
      }
    }
    expect(fake.count()).toBe(2);
  });

  test("is not trusted any more by the version that does without it", async () => {
    await using world = new World();
    const fake = await world.secureFake("registry.test");
    fake.image("x", "latest");
    const upstream = world.upstream(fake);
    found(await world.client.manifest(upstream, "x", latest));
    const without = { ...upstream, ca: undefined, version: 2 };
    const error = await failureOf(world.client.manifest(without, "x", latest));
    expect(error.message).toContain("did not show a certificate that can be trusted");
  });

  test("holds for its token service and for where it redirects to, too", async () => {
    await using world = new World();
    const issuer = await world.secureFake("token.test");
    const cdn = await world.secureFake("cdn.test");
    const fake = await world.secureFake("registry.test", { kind: "bearer", issuer });
    cdn.file("/data", "{}");
    fake.fault("GET */latest", { redirect: `${cdn.url}/data` });
    fake.fault("GET */latest", {
      times: 1,
      status: 401,
      headers: { "www-authenticate": `Bearer realm="${issuer.url}/token"` },
    });
    const upstream = world.upstream(fake, { tokenRealm: issuer.url });
    found(await world.client.manifest(upstream, "x", latest));
    expect([issuer.count(), cdn.count()]).toEqual([1, 1]);
  });

  test.each(["", "not a certificate", testCertificate.cert.slice(0, 200)])(
    "that is none leaves nobody to trust: %p",
    async (ca) => {
      await using world = new World();
      const fake = await world.secureFake("registry.test");
      fake.image("x", "latest");
      const upstream = world.upstream(fake, { ca });
      expect(await failureOf(world.client.manifest(upstream, "x", latest))).toMatchObject({
        reason: "unreachable",
      });
      expect(fake.count()).toBe(0);
    },
  );
});

describe("presets", () => {
  test.each([
    ["https://registry-1.docker.io", "https://auth.docker.io/token"],
    ["https://registry.gitlab.com/group", "https://gitlab.com/jwt/auth"],
    ["https://ghcr.io", undefined],
    ["http://registry-1.docker.io", undefined],
    ["https://registry-1.docker.io:8443", undefined],
    ["https://mirror.registry-1.docker.io", undefined],
    ["https://constructor", undefined],
  ])("%s has the partner %p", (registry, partner) => {
    expect(partnerRealm(new URL(registry))).toBe(partner);
  });
});
