import { describe, expect, test } from "bun:test";
import { hashSecret, isWellFormedSecret } from "../../../../src/lib/secret.ts";
import { until } from "../../../fakes/until.ts";
import { secrets } from "../world.ts";
import { call, day, forEachTest, given } from "./asking.ts";

const dayMs = 86_400_000;
const pats = "/api/v4/personal_access_tokens";
const gats = "/api/v4/groups/1/access_tokens";
const gdts = "/api/v4/groups/1/deploy_tokens";
const jobs = "/api/v4/admin/job_tokens";

type Fields = Record<string, unknown>;
forEachTest();
/** Whether a secret is an access token that counts now. */
const works = async (secret: unknown) =>
  (await given.with({ "PRIVATE-TOKEN": String(secret) }, "GET", "/api/v4/user")).status === 200;

describe("a new token", () => {
  const makers: [prefix: string, path: string, body: object][] = [
    ["weir_pat_", pats, { name: "n", scopes: ["api"] }],
    ["weir_gat_", gats, { name: "n", scopes: ["api"] }],
    ["weir_gdt_", gdts, { name: "n", scopes: ["read_virtual_registry"] }],
    ["weir_job_", jobs, { user_id: 3, project_id: 1 }],
  ];
  test.each(makers)(
    "%s is told once, has a checksum, and is stored as a hash",
    async (prefix, path, body) => {
      const { body: made } = await call("admin", "POST", path, body);
      const secret = String(made["token"]);
      expect(isWellFormedSecret(secret, prefix)).toBe(true);
      if (path === jobs) return;
      const listed = JSON.stringify((await call("admin", "GET", path)).body);
      expect(listed).toContain('"name":"n"');
      expect(listed).not.toContain(secret);
      expect(listed).not.toMatch(/hash|"token"/);
    },
  );

  test("what it must be", async () => {
    const ofGroup = { name: "n", scopes: ["api"] };
    const bot = (await call("owner", "POST", gats, ofGroup)).body["user_id"];
    const good = { name: "n", scopes: ["api"] };
    const long = "x".repeat(256);
    const past = "must be in the future";
    const refused: [path: string, body: object, answer: object][] = [
      [pats, { scopes: ["api"] }, { error: "name is missing" }],
      [pats, { ...good, name: " " }, { error: "name is empty" }],
      [
        pats,
        { ...good, name: long },
        { message: { name: ["is too long (maximum is 255 characters)"] } },
      ],
      [pats, { name: "n" }, { error: "scopes is missing" }],
      [pats, { ...good, scopes: [] }, { error: "scopes does not have a valid value" }],
      [pats, { ...good, scopes: ["sudo"] }, { error: "scopes[0] does not have a valid value" }],
      [pats, { ...good, scopes: ["api", "api"] }, { message: { scopes: ["has a scope twice"] } }],
      [pats, { ...good, expires_at: "soon" }, { error: "expires_at is invalid" }],
      [pats, { ...good, expires_at: day(0) }, { message: { expires_at: [past] } }],
      [pats, { ...good, expires_at: day(-1) }, { message: { expires_at: [past] } }],
      [
        pats,
        { ...good, expires_at: day(366) },
        { message: { expires_at: ["must be at most 365 days from now"] } },
      ],
      [
        gats,
        { ...good, expires_at: day(366) },
        { message: { expires_at: ["must be at most 365 days from now"] } },
      ],
      [gats, { ...good, access_level: 25 }, { error: "access_level does not have a valid value" }],
      [gdts, good, { error: "scopes[0] does not have a valid value" }],
      [
        gdts,
        { ...good, scopes: ["read_registry"], username: "a b" },
        { error: "username is invalid" },
      ],
      [
        gdts,
        { ...good, scopes: ["read_registry"], expires_at: day(-1) },
        { message: { expires_at: [past] } },
      ],
      [
        jobs,
        { user_id: 3, project_id: 1, ttl_seconds: 86_401 },
        { error: "ttl_seconds does not have a valid value" },
      ],
      [
        jobs,
        { user_id: bot, project_id: 1 },
        { message: { user: ["is a bot, which has the token of its group alone"] } },
      ],
      [jobs, { user_id: 999, project_id: 1 }, { message: "404 User Not Found" }],
      [jobs, { user_id: 3, project_id: 999 }, { message: "404 Project Not Found" }],
    ];
    for (const [path, body, answer] of refused) {
      expect([body, (await call("admin", "POST", path, body)).body]).toEqual([body, answer]);
    }
  });

  test("ends after 365 days where nothing is said, at 00:00 UTC of its day, deploy tokens never", async () => {
    const good = { name: "n", scopes: ["api"] };
    const { body: year } = await call("guest", "POST", pats, good);
    expect(year["expires_at"]).toBe(day(365));
    const { body: tomorrow } = await call("guest", "POST", pats, { ...good, expires_at: day(1) });
    const { body: deploy } = await call("owner", "POST", gdts, {
      name: "n",
      scopes: ["read_registry", "write_registry"],
    });
    expect(deploy["expires_at"]).toBeNull();
    given.world.clock.step(Date.parse(day(1)) - given.world.clock.now() - 1);
    expect(await works(tomorrow["token"])).toBe(true);
    given.world.clock.step(1);
    expect([await works(tomorrow["token"]), await works(year["token"])]).toEqual([false, true]);
    const { body: shown } = await call("guest", "GET", `${pats}/${Number(tomorrow["id"])}`);
    expect(shown).toMatchObject({ revoked: false, active: false });
  });

  test("a deploy token that is rotated keeps user name and scopes, and ends when it would, or as its maker's", async () => {
    const wanted = { name: "n", username: "nodes", scopes: ["read_virtual_registry"] };
    const { body: made } = await call("owner", "POST", gdts, wanted);
    const rotate = (id: unknown, body: object = {}, headers = {}) =>
      given.with(
        { "PRIVATE-TOKEN": secrets.owner, ...headers },
        "POST",
        `${gdts}/${Number(id)}/rotate`,
        body,
      );
    const { status, body } = await rotate(made["id"]);
    const next = body as Fields;
    expect([status, next]).toMatchObject([200, { ...wanted, expires_at: null, revoked: false }]);
    expect(next["token"]).not.toBe(made["token"]);
    expect((await rotate(made["id"])).status).toBe(404);
    const { body: former } = await call("owner", "GET", `${gdts}/${Number(made["id"])}`);
    expect(former).toMatchObject({ revoked: true });
    const bounded = await rotate(next["id"], { expires_at: day(9) });
    const limited = bounded.body as Fields;
    expect(String(limited["expires_at"]).slice(0, 10)).toBe(day(9));
    const week = { name: "w", scopes: ["api"], expires_at: day(7) };
    const { body: ending } = await call("owner", "POST", pats, week);
    const by = { "PRIVATE-TOKEN": String(ending["token"]) };
    const cut = (await rotate(limited["id"], {}, by)).body as Fields;
    expect(String(cut["expires_at"]).slice(0, 10)).toBe(day(7));
    const again = (await rotate(cut["id"])).body as Fields;
    expect(again["expires_at"]).toBe(cut["expires_at"] ?? "");
  });

  test("made with a token that ends, it ends with it at the latest", async () => {
    const week = { name: "w", scopes: ["api"], expires_at: day(7) };
    const { body: made } = await call("admin", "POST", pats, week);
    const headers = { "PRIVATE-TOKEN": String(made["token"]) };
    const post = async (path: string, body: object) =>
      (await given.with(headers, "POST", path, body)).body as Fields;
    const good = { name: "n", scopes: ["api"] };
    const deploy = { name: "n", scopes: ["read_virtual_registry"] };
    const text = "must not be after that of the token that is used to make it";
    for (const [path, body] of [
      [pats, good],
      [gats, good],
      [gdts, deploy],
      ["/api/v4/users/3/personal_access_tokens", good],
    ] as const) {
      expect(await post(path, { ...body, expires_at: day(8) })).toEqual({
        message: { expires_at: [text] },
      });
      const answer = String((await post(path, body))["expires_at"]);
      expect([path, answer.slice(0, 10)]).toEqual([path, day(7)]);
      expect(await post(path, { ...body, expires_at: day(5) })).toHaveProperty("token");
    }
    given.world.clock.step(6 * dayMs + dayMs / 2);
    const job = { user_id: 3, project_id: 1, ttl_seconds: 86_400 };
    expect(await post(jobs, job)).toEqual({ message: { expires_at: [text] } });
    expect(await post(jobs, { ...job, ttl_seconds: 60 })).toHaveProperty("token");
  });
});

describe("rotation", () => {
  test("gives another secret and ends the first, without making it live longer", async () => {
    const { body: made } = await call("guest", "POST", pats, {
      name: "n",
      scopes: ["api"],
      expires_at: day(9),
    });
    const rotate = (token: Fields) =>
      call("guest", "POST", `${pats}/${Number(token["id"])}/rotate`);
    const { status, body: next } = await rotate(made);
    expect(status).toBe(200);
    expect(next).toMatchObject({ name: "n", scopes: ["api"], expires_at: day(9), active: true });
    expect([await works(made["token"]), await works(next["token"])]).toEqual([false, true]);
    expect((await rotate(made)).status).toBe(404);
    // One that rotates itself cannot gain time.
    const headers = { "PRIVATE-TOKEN": String(next["token"]) };
    const later = await given.with(headers, "POST", `${pats}/${Number(next["id"])}/rotate`, {
      expires_at: day(10),
    });
    expect(later.status).toBe(400);
    expect(await works(next["token"])).toBe(true);
  });

  test("without an end stays so, unless the token that is used ends", async () => {
    const { credentials } = given.world.metadata;
    const admin = given.users["admin"] ?? 0;
    const declared = { name: "d", hash: hashSecret("d".repeat(32)), scopes: ["api"] };
    await credentials.saveToken(admin, { ...declared, expiresAt: undefined });
    const { body: list } = await given.call("admin", "GET", `${pats}?user_id=${admin}`);
    const found = (list as Fields[]).find(({ name }) => name === "d");
    const headers = { "PRIVATE-TOKEN": "d".repeat(32) };
    const made = await given.with(headers, "POST", `${pats}/${Number(found?.["id"])}/rotate`);
    expect(made.body).toMatchObject({ expires_at: null, active: true });
    const next = made.body as Fields;
    const { body: short } = await call("admin", "POST", pats, {
      name: "s",
      scopes: ["api"],
      expires_at: day(3),
    });
    const ending = { "PRIVATE-TOKEN": String(short["token"]) };
    const cut = await given.with(ending, "POST", `${pats}/${Number(next["id"])}/rotate`);
    expect(cut.body).toMatchObject({ expires_at: day(3) });
  });

  test("keeps a group's bot, and its role", async () => {
    const { body: made } = await call("owner", "POST", gats, {
      name: "n",
      scopes: ["api"],
      access_level: 30,
    });
    const { body: next } = await call("owner", "POST", `${gats}/${Number(made["id"])}/rotate`);
    expect(next).toMatchObject({ user_id: made["user_id"], access_level: 30 });
    expect([await works(made["token"]), await works(next["token"])]).toEqual([false, true]);
  });
});

describe("a group's access token", () => {
  test("has a bot, which is a member, and goes with its last token", async () => {
    const { body: made } = await call("owner", "POST", gats, { name: "ci", scopes: ["api"] });
    const bot = Number(made["user_id"]);
    expect(made).toMatchObject({ access_level: 40 });
    const { body: user } = await call("admin", "GET", `/api/v4/users/${bot}`);
    expect(user).toMatchObject({ bot: true, name: "ci" });
    expect(user["username"]).toMatch(/^group_1_bot_[0-9a-f]{32}$/);
    const members = (await call("owner", "GET", "/api/v4/groups/1/members?query=ci")).body;
    expect(members).toMatchObject([{ id: bot, access_level: 40 }]);
    const { body: next } = await call("owner", "POST", `${gats}/${Number(made["id"])}/rotate`);
    expect((await call("admin", "GET", `/api/v4/users/${bot}`)).status).toBe(200);
    expect((await call("owner", "DELETE", `${gats}/${Number(next["id"])}`)).status).toBe(204);
    expect((await call("admin", "GET", `/api/v4/users/${bot}`)).status).toBe(404);
    expect(await works(next["token"])).toBe(false);
    const one = { name: "n", scopes: ["api"] };
    const { body: other } = await call("owner", "POST", gats, one);
    const personal = `/api/v4/users/${Number(other["user_id"])}/personal_access_tokens`;
    expect((await call("admin", "POST", personal, one)).body).toEqual({
      message: { user: ["is a bot, which has the token of its group alone"] },
    });
  });

  test("its bot is a member of no other group, whoever wants it", async () => {
    const { body: made } = await call("owner", "POST", gats, { name: "ci", scopes: ["api"] });
    const member = { user_id: Number(made["user_id"]), access_level: 10 };
    for (const path of ["/api/v4/groups/2/members", "/api/v4/projects/1/members"]) {
      expect(await call("admin", "POST", path, member)).toEqual({
        status: 400,
        body: { message: { user: ["is a bot, which is a member of its own group alone"] } },
      });
    }
  });

  test("that has ended is forgotten after ninety days, whoever had it", async () => {
    const { tokens } = given.world.metadata.identity;
    const one = { name: "n", scopes: ["api"] };
    const made = [
      await call("guest", "POST", pats, one),
      await call("owner", "POST", gdts, { name: "n", scopes: ["read_virtual_registry"] }),
    ].map(({ body }) => Number(body["id"]));
    const [personal = 0, deploy = 0] = made;
    await call("guest", "DELETE", `${pats}/${personal}`);
    await call("owner", "DELETE", `${gdts}/${deploy}`);
    const left = async () => [
      await tokens.get({ kind: "personal", userId: undefined }, personal),
      await tokens.get({ kind: "deploy", groupId: 1 }, deploy),
    ];
    given.world.clock.step(90 * dayMs);
    await tokens.sweep();
    expect(await left()).toMatchObject(made.map((id) => ({ id })));
    given.world.clock.step(1);
    await tokens.sweep();
    expect(await left()).toEqual([undefined, undefined]);
  });

  test("that has ended takes its bot along at the next sweep; ended jobs go a day later", async () => {
    const body = { name: "n", scopes: ["api"], expires_at: day(2) };
    const { body: made } = await call("owner", "POST", gats, body);
    const bot = `/api/v4/users/${Number(made["user_id"])}`;
    const { tokens } = given.world.metadata.identity;
    const job = { user_id: given.users["guest"], project_id: 1, ttl_seconds: 60 };
    const { body: run } = await call("admin", "POST", jobs, job);
    const isKept = async () => (await tokens.get({ kind: "job" }, Number(run["id"]))) !== undefined;
    await tokens.sweep();
    expect((await call("admin", "GET", bot)).status).toBe(200);
    given.world.clock.step(dayMs);
    await tokens.sweep();
    expect(await isKept()).toBe(true);
    given.world.clock.step(2 * dayMs);
    await tokens.sweep();
    expect(await isKept()).toBe(false);
    expect((await call("admin", "GET", bot)).status).toBe(404);
  });
});

test("what is another's or another group's is as unknown as what is not there", async () => {
  const { tokens } = given;
  for (const [who, method, path] of [
    ["guest", "GET", `${pats}/${tokens.personal}`],
    ["guest", "DELETE", `${pats}/${tokens.personal}`],
    ["guest", "POST", `${pats}/${tokens.personal}/rotate`],
    ["guest", "GET", `${pats}?user_id=${given.users["developer"]}`],
    ["owner", "DELETE", `${gats}/${tokens.foreignGroup}`],
    ["owner", "POST", `${gats}/${tokens.foreignGroup}/rotate`],
    ["owner", "DELETE", `${gdts}/${tokens.group}`],
    ["owner", "DELETE", `${pats}/${tokens.group}`],
    ["owner", "DELETE", `/api/v4/groups/2/access_tokens/${tokens.foreignGroup}`],
    ["admin", "DELETE", `${jobs}/${tokens.personal}`],
  ] as const) {
    const unknown = path.replace(/\d+(?=$|\/rotate)/, "99999");
    const headers = ({ headers }: { headers: Headers }) =>
      [...headers].filter(([name]) => name !== "x-request-id");
    const [one, other] = [
      await given.call(who, method, path),
      await given.call(who, method, unknown),
    ];
    expect([path, one.status, one.body, headers(one)]).toEqual([
      path,
      404,
      other.body,
      headers(other),
    ]);
  }
});

test("when it was last used is told, to within ten minutes, and costs the caller nothing", async () => {
  const { body: made } = await call("guest", "POST", pats, { name: "n", scopes: ["api"] });
  const used = async () =>
    (await call("guest", "GET", `${pats}/${Number(made["id"])}`)).body["last_used_at"];
  const generation = await given.world.metadata.generation();
  const start = given.world.clock.now();
  const later = (ms: number) => new Date(start + ms).toISOString();
  await works(made["token"]);
  expect(await used()).toBeNull();
  given.world.clock.step(10_000);
  await until(async () => (await used()) === later(0));
  given.world.clock.step(580_000);
  await works(made["token"]);
  expect(given.world.clock.pending).toBe(0);
  given.world.clock.step(10_000);
  await works(made["token"]);
  given.world.clock.step(10_000);
  await until(async () => (await used()) === later(600_000));
  expect(await given.world.metadata.generation()).toBe(generation);
});
