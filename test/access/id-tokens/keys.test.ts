import { describe, expect, test } from "bun:test";
import { FakeIssuer, fakeKey } from "../../fakes/issuer.ts";
import { until } from "../../fakes/until.ts";
import { forEachTest, issuer, login, pull, refused, start, weir } from "./logins.ts";

forEachTest();

describe("the issuer's keys", () => {
  test("may change: an unknown name is asked for, at most every 30 seconds", async () => {
    await start();
    const [one, two] = [issuer.key, await fakeKey("two")];
    const token = (key = one) => issuer.token(weir.clock.now(), {}, { key });
    expect(await pull(await token())).toBe(200);
    issuer.publish([two.public]);
    await refused(await token(two), "key");
    expect(issuer.asked).toEqual([1, 1]);
    weir.clock.step(30_000);
    expect(await pull(await token(two))).toBe(200);
    expect(issuer.asked).toEqual([2, 2]);
    await refused(await token(one), "key");
    for (let i = 0; i < 20; i++) await refused(await token(await fakeKey(`x${i}`)), "key");
    expect(issuer.asked).toEqual([2, 2]);
    weir.clock.step(29_999);
    await refused(await token(one), "key");
    expect(issuer.asked).toEqual([2, 2]);
  });

  test("are asked for anew after ten minutes, so that one that was withdrawn counts no more", async () => {
    await start();
    expect(await pull(await issuer.token(weir.clock.now()))).toBe(200);
    issuer.publish([(await fakeKey("two")).public]);
    weir.clock.step(599_999);
    expect(await pull(await issuer.token(weir.clock.now()))).toBe(200);
    weir.clock.step(1);
    await refused(await issuer.token(weir.clock.now()), "key");
    expect(issuer.asked).toEqual([2, 2]);
  });

  test("are used on for a day while the issuer is down, and asked for every 30 seconds", async () => {
    await start();
    expect(await pull(await issuer.token(weir.clock.now()))).toBe(200);
    issuer.fake.fault("*", { status: 404 });
    weir.clock.step(600_000);
    for (let i = 0; i < 5; i++) expect(await pull(await issuer.token(weir.clock.now()))).toBe(200);
    expect(issuer.asked).toEqual([2, 1]);
    weir.clock.step(30_000);
    expect(await pull(await issuer.token(weir.clock.now()))).toBe(200);
    expect(issuer.asked).toEqual([3, 1]);
    weir.clock.step(86_400_000 - 630_001);
    expect(await pull(await issuer.token(weir.clock.now()))).toBe(200);
    weir.clock.step(1);
    await refused(await issuer.token(weir.clock.now()), "key");
    issuer.fake.heal();
    weir.clock.step(30_000);
    expect(await pull(await issuer.token(weir.clock.now()))).toBe(200);
  });

  test("a login waits for them five seconds at each step, and others not at all", async () => {
    await start();
    issuer.fake.fault("GET /keys", { hang: true });
    const late = refused(await issuer.token(weir.clock.now()), "key");
    await until(() => issuer.asked[1] === 1);
    expect((await weir.manifest("library/alpine", "latest")).status).toBe(200);
    weir.clock.step(5000);
    await late;
    expect(weir.logLines).toContainEqual(
      expect.objectContaining({
        level: "warn",
        message: "an issuer's keys cannot be had",
        issuer: "forge",
        reason: "timeout",
        problem: 'upstream "forge" did not answer in time',
      }),
    );
    // Without any keys nobody can log in, so the next try comes sooner.
    issuer.fake.heal();
    expect(await pull(await issuer.token(weir.clock.now()))).toBe(200);
  });

  test("one try for all who wait, while known keys serve", async () => {
    await start();
    expect(await pull(await issuer.token(weir.clock.now()))).toBe(200);
    weir.clock.step(30_000);
    issuer.fake.fault("GET /keys", { hang: true });
    const two = await fakeKey("two");
    const token = await issuer.token(weir.clock.now(), {}, { key: two });
    const waiting = Array.from({ length: 50 }, () => login(token));
    await until(() => issuer.asked[1] === 2);
    expect(await pull(await issuer.token(weir.clock.now()))).toBe(200);
    weir.clock.step(5000);
    const statuses = (await Promise.all(waiting)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([401]));
    expect(issuer.asked).toEqual([2, 2]);
  });

  const bad: [what: string, spoil: () => void, problem: string | RegExp][] = [
    [
      "10 MB of them",
      () => issuer.fake.fault("GET /keys", { body: " ".repeat(10_000_000) }),
      /too long a body/,
    ],
    ["no JSON", () => issuer.fake.fault("GET /keys", { body: "<html>" }), /no document in JSON/],
    ["none", () => issuer.publish([]), 'issuer "forge" has no public keys'],
    ["no list", () => issuer.fake.file("/keys", "{}"), 'issuer "forge" has no public keys'],
    ["secret ones alone", () => issuer.publish([{ kty: "oct", k: "AAAA" }]), /has no public keys/],
    [
      "more than a hundred",
      () => issuer.publish(Array(101).fill(issuer.key.public)),
      /has no public keys/,
    ],
    [
      "elsewhere, by a redirect",
      () => issuer.fake.fault("GET /keys", { redirect: "/other" }),
      /status 307/,
    ],
    [
      "of another issuer",
      () => issuer.describe({ issuer: `${issuer.url}/` }),
      'issuer "forge" says that it is another issuer',
    ],
    ["of nobody", () => issuer.describe({ issuer: undefined }), /says that it is another issuer/],
    [
      "nowhere",
      () => issuer.describe({ jwks_uri: undefined }),
      'issuer "forge" does not say where its keys are, by https',
    ],
    [
      "without TLS",
      () => issuer.describe({ jwks_uri: "http://keys.example.com/" }),
      /where its keys are, by https/,
    ],
    [
      "in a file",
      () => issuer.describe({ jwks_uri: "file:///etc/passwd" }),
      /where its keys are, by https/,
    ],
    [
      "with a password",
      () => issuer.describe({ jwks_uri: "https://a:b@keys.example.com/" }),
      /user name or password/,
    ],
    [
      "at an inner address",
      () => issuer.describe({ jwks_uri: "https://169.254.169.254/" }),
      /inner address/,
    ],
  ];
  test.each(bad)("are not taken: %s", async (_, spoil, problem) => {
    await start();
    spoil();
    await refused(await issuer.token(weir.clock.now()), "key");
    const said = weir.logLines.filter(
      ({ message }) => message === "an issuer's keys cannot be had",
    );
    expect(said.map((line) => line["problem"])).toEqual([expect.stringMatching(problem)]);
    expect(issuer.fake.count("GET /other")).toBe(0);
    expect((await weir.manifest("library/alpine", "latest")).status).toBe(200);
  });

  test("from where the configuration says: nothing else is asked for", async () => {
    await start({ jwksUri: `${issuer.url}/keys` });
    expect(await pull(await issuer.token(weir.clock.now()))).toBe(200);
    expect(issuer.asked).toEqual([0, 1]);
  });

  test("not from an inner address that is not allowed", async () => {
    await start({}, { env: { WEIR_ALLOWED_UPSTREAM_ADDRESSES: "10.0.0.1" } });
    await refused(await issuer.token(weir.clock.now()), "key");
    expect(issuer.fake.server.connections).toBe(0);
  });

  test("an issuer that hangs holds up no other", async () => {
    const second = await FakeIssuer.start();
    await start({}, { oidcIssuers: [issuer.settings(), second.settings({ name: "second" })] });
    issuer.fake.fault("*", { hang: true });
    const late = login(await issuer.token(weir.clock.now()));
    await until(() => issuer.asked[0] === 1);
    expect(await pull(await second.token(weir.clock.now()))).toBe(200);
    // Keys of one are not keys of the other.
    const foreign = { ...(await fakeKey("stranger")), kid: "one" };
    await refused(await second.token(weir.clock.now(), {}, { key: foreign }), "signature");
    weir.clock.step(5000);
    expect((await late).status).toBe(401);
    await second.stop();
  });
});
