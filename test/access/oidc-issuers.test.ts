import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { FakeIssuer } from "../fakes/issuer.ts";
import { newDatabase } from "../fakes/new-database.ts";
import { lackOfPostgres } from "../fakes/postgres.ts";
import { FakeUpstream } from "../fakes/upstream.ts";
import { until } from "../fakes/until.ts";
import { Gate } from "../fakes/wire.ts";
import { adminToken, externalUrl, TestWeir } from "../fakes/weir.ts";

const issuers = "/admin/oidc_issuers";
const name = (registry: number) => `virtual_registries/container/${registry}/library/alpine`;

let upstream: FakeUpstream;
let issuer: FakeIssuer;
beforeAll(async () => {
  upstream = await FakeUpstream.start();
  upstream.image("library/alpine", "latest");
});
afterAll(() => upstream.stop());
beforeEach(async () => {
  issuer = await FakeIssuer.start();
});
afterEach(() => issuer.stop());

const options = () => ({ upstreams: [{ fake: upstream }], others: [{ fake: upstream }] });

/** The pull token for this id token; undefined where it is refused. */
async function login(weir: TestWeir, idToken: string, repository = name(1)) {
  const service = new URL(externalUrl).host;
  const query = new URLSearchParams({ service, scope: `repository:${repository}:pull` });
  const headers = { Authorization: `Basic ${btoa(`oidc:${idToken}`)}` };
  const answer = await fetch(`${weir.url}/jwt/auth?${query}`, { headers });
  if (answer.status === 401) return undefined;
  return ((await answer.json()) as { token: string }).token;
}

const pull = async (weir: TestWeir, token = "", repository = name(1)) =>
  (
    await fetch(`${weir.url}/v2/${repository}/manifests/latest`, {
      headers: { Authorization: `Bearer ${token}` },
    })
  ).status;

const fields = (changes: object = {}) => ({
  name: "forge",
  issuer: issuer.url,
  rules: [{ claims: { project_path: "acme/**" }, group: "default" }],
  ...changes,
});

interface Issuer {
  id: number;
}

describe("by the API", () => {
  let weir: TestWeir;
  beforeEach(async () => {
    weir = await TestWeir.start({ ...options(), groups: ["default/tools"] });
  });
  afterEach(() => weir.stop());

  /** A call that is refused, or not; its status, body and tag. */
  async function call(method: string, path: string, body?: object, tag?: string) {
    const answer = await fetch(`${weir.url}/api/v4${path}`, {
      method,
      headers: {
        "PRIVATE-TOKEN": adminToken,
        "Content-Type": "application/json",
        ...(tag !== undefined && { "If-Match": tag }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const { status, headers } = answer;
    const read = text ? (JSON.parse(text) as Record<string, unknown>) : {};
    return { status, body: read, tag: headers.get("etag") ?? "" };
  }

  test("an issuer counts from the next login on, as its rules are, and until it is gone", async () => {
    const idToken = await issuer.token(weir.clock.now());
    expect(await login(weir, idToken)).toBeUndefined();
    expect(issuer.asked).toEqual([0, 0]);
    const { id } = (await weir.api("POST", issuers, fields(), 201)) as Issuer;
    const token = await login(weir, idToken);
    expect(await pull(weir, token)).toBe(200);
    expect(await pull(weir, token)).toBe(200);
    const rules = [{ claims: { project_path: "acme/app" }, group: "other" }];
    await weir.api("PATCH", `${issuers}/${id}`, { rules });
    // What was issued under the former rules is over, and the id token opens what the new ones say.
    expect(await pull(weir, token)).toBe(401);
    expect(await pull(weir, await login(weir, idToken))).toBe(404);
    const others = await login(weir, idToken, name(2));
    expect(await pull(weir, others, name(2))).toBe(200);
    await weir.api("DELETE", `${issuers}/${id}`, undefined, 204);
    expect(await pull(weir, others, name(2))).toBe(401);
    expect(await login(weir, idToken, name(2))).toBeUndefined();
    // Its keys were asked for once: rules are nothing that they depend on.
    expect(issuer.asked).toEqual([1, 1]);
  });

  test("keys are had from where they are now, and none of before count", async () => {
    const { id } = (await weir.api("POST", issuers, fields(), 201)) as Issuer;
    const idToken = await issuer.token(weir.clock.now());
    expect(await login(weir, idToken)).toBeString();
    const elsewhere = await FakeIssuer.start("RS256");
    try {
      const path = `${issuers}/${id}`;
      await weir.api("PATCH", path, { jwks_uri: `${elsewhere.url}/keys` });
      expect(await login(weir, idToken)).toBeUndefined();
      expect([issuer.asked, elsewhere.asked]).toEqual([
        [1, 1],
        [0, 1],
      ]);
      elsewhere.publish([issuer.key.public]);
      weir.clock.step(30_000);
      expect(await login(weir, await issuer.token(weir.clock.now()))).toBeString();
      await weir.api("PATCH", path, { jwks_uri: null });
      expect(await login(weir, await issuer.token(weir.clock.now()))).toBeString();
      expect(issuer.asked).toEqual([2, 2]);
    } finally {
      await elsewhere.stop();
    }
  });

  test("an issuer that goes while its keys are waited for lets nobody in", async () => {
    const { id } = (await weir.api("POST", issuers, fields(), 201)) as Issuer;
    const idToken = await issuer.token(weir.clock.now());
    const gate = new Gate();
    issuer.fake.fault("GET /keys", { gate });
    const going = login(weir, idToken);
    await until(() => issuer.asked[1] > 0);
    await weir.api("DELETE", `${issuers}/${id}`, undefined, 204);
    gate.open();
    expect(await going).toBeUndefined();
  });

  test("is listed, shown, and changed only as whoever asks has seen it", async () => {
    const made = await call("POST", issuers, fields({ required_claims: { namespace_id: "42" } }));
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      id: expect.any(Number) as number,
      name: "forge",
      issuer: issuer.url,
      jwks_uri: null,
      audiences: null,
      algorithms: ["RS256", "ES256"],
      ca: null,
      leeway_seconds: 30,
      required_claims: { namespace_id: "42" },
      rules: [
        {
          claims: { project_path: "acme/**" },
          group: "default",
          pull: ["registries", "dependency_proxies"],
        },
      ],
      created_at: expect.any(String) as string,
      updated_at: expect.any(String) as string,
    });
    const path = `${issuers}/${String(made.body["id"])}`;
    expect((await call("GET", path)).tag).toBe(made.tag);
    expect((await call("PATCH", path, { leeway_seconds: 5 }, '"other"')).status).toBe(412);
    const changed = await call("PATCH", path, { required_claims: {} }, made.tag);
    expect(changed).toMatchObject({ status: 200, body: { required_claims: {} } });
    expect((await call("DELETE", path, undefined, made.tag)).status).toBe(412);
    expect((await call("GET", `${issuers}?search=FORGE&per_page=1`)).body).toMatchObject([
      { name: "forge" },
    ]);
    expect((await call("DELETE", path, undefined, changed.tag)).status).toBe(204);
    expect((await call("GET", path)).status).toBe(404);
    expect((await call("PATCH", path, { name: "x" })).status).toBe(404);
  });

  test("two changes that are right each, and too wide together, are not both made", async () => {
    const owned = { required_claims: { project_path: "acme/**" } };
    const gitlab = { issuer: "https://gitlab.com", ...owned };
    const made = await call("POST", issuers, fields(gitlab));
    const path = `${issuers}/${String(made.body["id"])}`;
    const rules = [{ claims: { ref: "main" } }];
    const answers = await Promise.all([
      call("PATCH", path, { rules }),
      call("PATCH", path, { required_claims: {} }),
    ]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 400]);
    const refused = answers.find(({ status }) => status === 400);
    expect(JSON.stringify(refused?.body)).toMatch(
      /^{"message":{"rules\[0\]\.claims":\["must say whose/,
    );
  });

  const wrong: [changes: object, told: string][] = [
    [{ name: "Forge" }, '{"message":{"name":["must be 1 to 32 lower-case letters'],
    [{ name: undefined }, '{"error":"name is missing"}'],
    [{ issuer: "http://forge.example.com" }, '{"message":{"issuer":["must be the address'],
    [{ jwks_uri: "nowhere" }, '{"message":{"jwks_uri":["must be the address of a set of keys'],
    [{ audiences: [] }, '{"error":"audiences does not have a valid value"}'],
    [{ audiences: ["a", "a"] }, '{"message":{"audiences":["has one twice"]}}'],
    [{ algorithms: ["HS256"] }, '{"error":"algorithms[0] does not have a valid value"}'],
    [{ ca: "none" }, '{"message":{"ca":["must be one or more certificates in PEM'],
    [{ leeway_seconds: 61 }, '{"error":"leeway_seconds does not have a valid value"}'],
    [{ required_claims: [] }, '{"message":{"required_claims":["must be a map of 1 to 20 claims'],
    [{ required_claims: { a: 7 } }, '{"message":{"required_claims.a":["must be a text'],
    [{ rules: [] }, '{"error":"rules does not have a valid value"}'],
    [{ rules: [{}] }, '{"error":"rules[0].claims is missing'],
    [{ rules: [{ claims: {} }] }, '{"message":{"rules[0].claims":["must be a map'],
    [{ rules: [{ claims: { sub: "**" } }] }, '{"message":{"rules[0].claims":["must have a claim'],
    [{ rules: [{ claims: { a: "b" }, group: "no" }] }, '{"message":{"rules[0].group":["is not the'],
    [{ rules: [{ claims: { a: "b" }, pull: [] }] }, '{"error":"rules[0].pull does not have'],
    [{ rules: [{ claims: { a: "b" }, zzz: 1 }] }, '{"error":"rules[0].zzz is not known"}'],
    [
      { rules: [{ claims: { a: "b" }, group: "default/tools", pull: ["registries"] }] },
      '{"message":{"rules[0].pull":["must not have registries for a subgroup',
    ],
    [
      { rules: Array.from({ length: 101 }, () => ({ claims: { a: "b" } })) },
      '{"message":{"rules":["must be at most 100 rules"]}}',
    ],
  ];
  test.each(wrong)("%j is refused by its field", async (changes, told) => {
    const { status, body } = await call("POST", issuers, fields(changes));
    expect(status).toBe(400);
    expect(JSON.stringify(body)).toStartWith(told);
    expect((await call("GET", issuers)).body).toEqual([] as never);
  });

  test("a claim may have any name, and none is lost", async () => {
    const text = `{"name":"forge","issuer":"${issuer.url}","rules":[{"claims":{"sub":"x","__proto__":"y"}}]}`;
    const answer = await fetch(`${weir.url}/api/v4${issuers}`, {
      method: "POST",
      headers: { "PRIVATE-TOKEN": adminToken, "Content-Type": "application/json" },
      body: text,
    });
    expect(answer.status).toBe(201);
    expect(await answer.text()).toContain('"claims":{"sub":"x","__proto__":"y"}');
    // The token has no claim of that name.
    expect(await login(weir, await issuer.token(weir.clock.now(), { sub: "x" }))).toBeUndefined();
  });

  test("a configuration declares it anew at each start", async () => {
    await weir.stop();
    weir = await TestWeir.start({ ...options(), oidcIssuers: [issuer.settings()] });
    const [one] = (await weir.api("GET", issuers)) as Issuer[];
    await weir.api("PATCH", `${issuers}/${one?.id}`, { leeway_seconds: 0 });
    await weir.halt();
    await weir.run();
    expect(await weir.api("GET", issuers)).toMatchObject([{ id: one?.id, leeway_seconds: 30 }]);
  });
});

const lack = lackOfPostgres();
describe.skipIf(lack !== undefined)(`two servers on one database (${lack ?? "there"})`, () => {
  test("what one is told, the other goes by within a second", async () => {
    const database = await newDatabase();
    const [one, other] = await Promise.all([
      TestWeir.start({ ...options(), database }),
      TestWeir.start({ ...options(), database }),
    ]);
    try {
      const idToken = await issuer.token(other.clock.now());
      expect(await login(other, idToken)).toBeUndefined();
      const { id } = (await one.api("POST", issuers, fields(), 201)) as Issuer;
      other.clock.step(1001);
      const token = await login(other, idToken);
      expect(await pull(other, token)).toBe(200);
      await one.api("DELETE", `${issuers}/${id}`, undefined, 204);
      other.clock.step(1001);
      expect(await pull(other, token)).toBe(401);
      expect(await login(other, idToken)).toBeUndefined();
    } finally {
      await one.stop();
      await other.stop();
      await database.remove();
    }
  });
});
