import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { FakeUpstream } from "../fakes/upstream.ts";
import { strangerToken, TestWeir } from "../fakes/weir.ts";
import { jsonAt, run, runAt } from "./world.ts";

let upstream: FakeUpstream;
let weir: TestWeir;
beforeAll(async () => {
  upstream = await FakeUpstream.start();
  weir = await TestWeir.start({ upstreams: [{ fake: upstream }] });
});
afterAll(async () => {
  await weir.stop();
  await upstream.stop();
});

interface Named {
  id: number;
  name: string;
}

describe("registries and upstreams", () => {
  test("are made, changed, listed, moved and deleted", async () => {
    const create = ["registry", "create", "tools", "--on-unsure", "continue"];
    const made = await jsonAt<Named>(weir, [...create, "--description", "ours"]);
    const list = await runAt(weir, ["registry", "list"]);
    expect(list.out).toContain("tools");
    expect(list.out.split("\n")[0]).toMatch(/^ID +GROUP +NAME +ON UNSURE +ASK +DESCRIPTION$/);

    const add = ["upstream", "add", "tools"];
    const rules = ["--rule", "allow repository library/**", "--rule", "deny tag latest"];
    const first = await jsonAt<Named>(weir, [...add, "https://ghcr.io", ...rules]);
    expect(first).toMatchObject({
      name: "ghcr.io",
      denied_means: "absent",
      rules: [
        { effect: "allow", target: "repository", pattern: "library/**" },
        { effect: "deny", target: "tag", pattern: "latest" },
      ],
    });
    const login = ["--username", "me", "--password-file", "secret.txt"];
    const files = { "secret.txt": "hunter2-of-some-length\n" };
    const second = await runAt(weir, [...add, "docker.io", "--name", "hub", ...login], { files });
    expect(second.out).toMatch(/url +https:\/\/registry-1\.docker\.io/);
    expect(second.out + second.err).not.toContain("hunter2");

    const move = await jsonAt(weir, ["upstream", "move", "hub", "1"]);
    expect(move).toMatchObject({ registry_id: made.id, position: 1 });
    const shown = await jsonAt<{ upstreams: Named[] }>(weir, ["registry", "show", "tools"]);
    expect(shown.upstreams.map(({ name }) => name)).toEqual(["hub", "ghcr.io"]);

    const changes = ["--cache-validity-hours", "1", "--library-prefix", "false", "--no-rules"];
    const changed = await jsonAt(weir, ["upstream", "update", "default/ghcr.io", ...changes]);
    expect(changed).toMatchObject({ cache_validity_hours: 1, library_prefix: false, rules: [] });
    const removed = await jsonAt(weir, ["upstream", "update", "hub", "--username", ""]);
    expect(removed).toMatchObject({ username: null });

    const rule = ["upstream", "add-rule", "hub", "deny repository bitnami/**"];
    const added = await jsonAt<{ id: number }>(weir, rule);
    expect(added).toMatchObject({ effect: "deny", target: "repository", pattern: "bitnami/**" });
    expect((await runAt(weir, rule)).err).toContain("has already been taken");
    expect(await runAt(weir, ["upstream", "add-rule", "hub", "deny all"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("the rule must be such as") as string,
    });
    const listed = await runAt(weir, ["upstream", "rules", "hub"]);
    expect(listed.out).toMatch(
      /^ID +EFFECT +TARGET +PATTERN\n\d+ +deny +repository +bitnami\/\*\*$/,
    );
    const drop = ["upstream", "drop-rule", "hub", String(added.id)];
    expect(await runAt(weir, drop)).toMatchObject({ code: 0 });
    expect((await runAt(weir, drop)).code).toBe(3);
    expect(await jsonAt(weir, ["upstream", "rules", "hub"])).toEqual([]);

    expect(await runAt(weir, ["upstream", "unlink", "hub", "tools"])).toMatchObject({ code: 0 });
    expect(await jsonAt(weir, ["upstream", "link", "hub", "tools"])).toMatchObject({ position: 2 });
    expect(await runAt(weir, ["registry", "delete", "tools", "--yes"])).toMatchObject({ code: 0 });
    const left = await jsonAt<Named[]>(weir, ["upstream", "list"]);
    expect(left.map(({ name }) => name)).toEqual(["up1"]);
  });

  test("a connection is tested, and what fails is told with its fix", async () => {
    const works = await runAt(weir, ["upstream", "test", "up1"]);
    expect(works).toMatchObject({ code: 0, out: "it answers as a registry does" });
    const given = ["--group", "default", "--upstream-url", "http://127.0.0.1:1"];
    const fails = await runAt(weir, ["upstream", "test", ...given]);
    expect(fails).toMatchObject({ code: 1, out: "" });
    expect(fails.err).toMatch(/^weir: unreachable .*\nweir: check its URL/);
    expect(fails.err).toContain("weir doctor, where the server runs, tells which it is");
  });

  test("what is deleted is asked for, and must be where nobody can be asked", async () => {
    await runAt(weir, ["registry", "create", "gone"]);
    const alone = await runAt(weir, ["registry", "delete", "gone"]);
    expect(alone).toMatchObject({ code: 2, out: "" });
    expect(alone.err).toContain("give --yes");
    const no = await runAt(weir, ["registry", "delete", "gone"], { answers: ["n"] });
    expect(no).toMatchObject({ code: 1, err: "weir: nothing was done" });
    const yes = await runAt(weir, ["registry", "delete", "gone"], { answers: ["y"] });
    expect(yes).toMatchObject({ code: 0 });
    expect(yes.questions[0]).toMatch(/^Delete registry \d+ "gone" .*\? \[y\/N\] $/);
  });
});

describe("cache", () => {
  test("is listed, explained, refreshed and purged", async () => {
    const [repository, tag] = ["library/app", "latest"];
    upstream.image(repository, tag);
    await (await weir.manifest(repository, tag)).arrayBuffer();
    const list = await runAt(weir, ["cache", "ls", "up1"]);
    expect(list.out).toContain(`/${repository}/manifests/${tag}`);
    const few = await runAt(weir, ["cache", "ls", "up1", "--limit", "1"]);
    expect(few.err).toBe("weir: there are more than 1: --limit 0 lists all");

    const explained = await runAt(weir, ["explain", "1", `${repository}:${tag}`]);
    expect(explained.out).toMatch(/^hit from up1/);
    const plan = await jsonAt(weir, ["explain", "1", `${repository}:${tag}`]);
    expect(plan).toMatchObject({ decision: { status: "hit", upstream: "up1" } });
    const again = await jsonAt(weir, ["cache", "refresh", "1", `${repository}:${tag}`]);
    expect(again).toMatchObject({ cache: { upstream: "up1" } });

    const search = ["cache", "ls", "up1", "--search", `manifests/${tag}`];
    const [entry] = await jsonAt<{ id: string }[]>(weir, search);
    const pinned = await jsonAt(weir, ["cache", "pin", entry?.id ?? ""]);
    expect(pinned).toMatchObject({ id: entry?.id, pinned: true });
    const repositories = await runAt(weir, ["cache", "repositories", "up1", "--search", "LIB"]);
    expect(repositories.out).toMatch(/^REPOSITORY +TAGS +ENTRIES +SIZE +LAST PULLED\nlibrary\//);
    expect(await jsonAt(weir, ["cache", "repositories", "up1", "--search", "no/such"])).toEqual([]);
    const shown = await runAt(weir, ["cache", "show", entry?.id ?? ""]);
    expect(shown.out).toMatch(/^kind +tag$/m);
    expect(shown.out).toMatch(/^config +sha256:[0-9a-f]{64} /m);
    expect(shown.out).toMatch(/^layer +sha256:[0-9a-f]{64} /m);
    const detail = await jsonAt(weir, ["cache", "show", entry?.id ?? ""]);
    expect(detail).toMatchObject({ reference: tag, manifest: { tags: [tag], truncated: false } });
    const dry = ["cache", "purge", "up1", "--pattern", "library/*", "--dry-run"];
    expect(await jsonAt(weir, [...dry, "--include-pinned"])).toMatchObject({
      repositories: [repository],
    });
    expect(await jsonAt(weir, ["cache", "purge", "--registry", "1", "--dry-run"])).toMatchObject({
      entries: 0,
    });
    expect(await runAt(weir, ["cache", "unpin", entry?.id ?? ""])).toMatchObject({ code: 0 });
    const asked = await runAt(weir, ["cache", "purge", "up1"], { answers: ["n"] });
    expect(asked.questions[0]).toMatch(/^Give up \d+ entries \(.*\), of library\/app\? \[y\/N\] $/);
    const none = await runAt(weir, ["cache", "purge", "up1", "--pattern", "other/**", "--yes"]);
    expect(none).toMatchObject({ code: 0 });
    expect((await jsonAt<object[]>(weir, ["cache", "ls", "up1"])).length).toBeGreaterThan(0);
    expect((await runAt(weir, ["work"])).out).toMatch(/^NAME +STATUS/);
    expect((await runAt(weir, ["evict", "--dry-run"])).out).toContain("within its limits");
    expect((await runAt(weir, ["evict"])).out).toContain("eviction has been woken");
    expect(await runAt(weir, ["cache", "delete", entry?.id ?? ""])).toMatchObject({ code: 0 });
    expect(await runAt(weir, ["cache", "delete", entry?.id ?? ""])).toMatchObject({ code: 3 });
    expect(await runAt(weir, ["cache", "purge", "up1", "--yes"])).toMatchObject({ code: 0 });
    expect(await jsonAt<object[]>(weir, ["cache", "ls", "up1"])).toEqual([]);
  });
});

test("a size can have a unit", async () => {
  const sized = ["upstream", "update", "up1", "--cache-max-bytes"];
  const updated = await runAt(weir, [...sized, "1GiB"]);
  expect(updated).toMatchObject({ code: 0 });
  expect(await jsonAt(weir, ["upstream", "show", "up1"])).toMatchObject({
    cache_max_bytes: 2 ** 30,
  });
  const none = await runAt(weir, [...sized, "much"]);
  expect(none).toMatchObject({ code: 2, err: expect.stringContaining("500MB or 10GiB") });
  expect(await runAt(weir, [...sized, ""])).toMatchObject({ code: 0 });
});

test("the limit of registries is told with the setting that raises it", async () => {
  const text = "5 registries is the maximum allowed per top-level group.";
  using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () => Response.json({ message: { base: [text] } }, { status: 400 }),
  });
  const env = { WEIR_URL: `http://127.0.0.1:${server.port}`, WEIR_TOKEN: "t" };
  const { err } = await run(["group", "create", "g"], { env });
  expect(err).toContain("raise WEIR_MAX_REGISTRIES_PER_GROUP");
});

test("explain says what to do about an upstream that may not be dialled", async () => {
  const decision = { status: "unsure", upstream: null, reason: "up1: blocked, up2: timeout" };
  using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () => Response.json({ decision, upstreams: [] }),
  });
  const env = { WEIR_URL: `http://127.0.0.1:${server.port}`, WEIR_TOKEN: "t" };
  const { code, err } = await run(["explain", "1", "a/b:c"], { env });
  expect(code).toBe(0);
  expect(err.split("\n")).toEqual([
    expect.stringMatching(/^weir: up1: allow its address by WEIR_ALLOWED_UPSTREAM_ADDRESSES/),
    expect.stringMatching(/^weir: up2: try again/),
  ]);
});

test.each([
  ["limit", "too many stay: pinned, pulled a moment ago, or sharing content", "disk"],
  ["free_space", "WEIR_MIN_FREE_BYTES is more than this disk can have", "too many"],
])("why not all of it would go, for reason %s", async (reason, said, unsaid) => {
  const none = { entries: [], entries_count: 0, size: 0, excess: 10, left: 10 };
  const preview = { scope: "upstream", id: 1, name: "up", reason, bytes: 90, bound: 80, ...none };
  using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () => Response.json([preview]),
  });
  const env = { WEIR_URL: `http://127.0.0.1:${server.port}`, WEIR_TOKEN: "t" };
  const { code, out } = await run(["evict", "--dry-run"], { env });
  expect(code).toBe(0);
  expect(out.split("\n")[1]).toContain(said);
  expect(out.split("\n")[1]).not.toContain(unsaid);
});

test("how pulls were answered over time, in steps", async () => {
  const asked: string[] = [];
  const bytes = { bytes_from_cache: 2048, bytes_from_upstream: 0 };
  const counts = { hits: 3, misses: 0, upstream_requests: 1, upstream_errors: 0 };
  using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const { pathname, search } = new URL(request.url);
      asked.push(pathname + search);
      return Response.json([{ at: "2026-01-01T00:00:00.000Z", ...counts, ...bytes, pulls: {} }]);
    },
  });
  const env = { WEIR_URL: `http://127.0.0.1:${server.port}` };
  const argv = ["stats", "acme", "--interval", "day", "--from", "2026-01-01", "--upstream", "7"];
  const { code, out } = await runAt(weir, argv, { env });
  expect(code).toBe(0);
  expect(out).toMatch(/^FROM +HITS +MISSES +FROM CACHE +FROM UPSTREAM +REQUESTS +ERRORS\n/);
  expect(out).toContain("2.0 KiB");
  expect(asked).toEqual([
    "/api/v4/groups/acme/-/virtual_registries/container/statistics/history?from=2026-01-01T00%3A00%3A00Z&interval=day&upstream_id=7",
  ]);
});

test("the latest pulls, and those that failed with what to do", async () => {
  upstream.image("library/pulled", "1");
  for (const tag of ["1", "gone"]) await (await weir.manifest("library/pulled", tag)).text();
  const all = await runAt(weir, ["pulls", "--repository", "pulled", "--registry", "1"]);
  expect(all.out).toMatch(/^AT +REGISTRY +IMAGE +CACHE +UPSTREAM +STATUS +BYTES +MS +WHO\n/);
  expect(all.out).toMatch(/library\/pulled:1 +miss +up1 +200 .* admin$/m);
  const failed = await runAt(weir, ["pulls", "--failed", "--limit", "1"]);
  expect(failed.out).toMatch(/^AT +REGISTRY +IMAGE +STATUS +WHY +WHAT TO DO\n/);
  expect(failed.out).toContain("no upstream of this registry has this manifest");
  const json = await jsonAt<{ reference: string }[]>(weir, ["pulls", "--upstream", "up1"]);
  expect(json[0]?.reference).toBe("gone");
});

describe("groups, users and tokens", () => {
  test("are made, changed and ended", async () => {
    await jsonAt(weir, ["group", "create", "acme", "--name", "Acme Ltd"]);
    await jsonAt(weir, ["group", "create", "acme/tools"]);
    expect(await jsonAt(weir, ["group", "show", "acme/tools"])).toMatchObject({ path: "tools" });
    await jsonAt(weir, ["group", "update", "acme/tools", "--path", "kit"]);
    const groups = await jsonAt<{ full_path: string }[]>(weir, ["group", "list"]);
    expect(groups.map((group) => group.full_path)).toContain("acme/kit");

    await jsonAt(weir, ["user", "create", "ada", "--name", "Ada L", "--email", "ada@example.com"]);
    await jsonAt(weir, ["group", "add-member", "acme", "ada", "guest"]);
    await jsonAt(weir, ["group", "add-member", "acme", "ada", "maintainer"]);
    const members = await runAt(weir, ["group", "members", "acme"]);
    expect(members.out).toMatch(/ada +maintainer/);
    const password = ["user", "password", "ada", "--password-file", "-"];
    const set = await runAt(weir, password, { input: "a long enough password 1815\n" });
    expect(set).toMatchObject({ code: 0, out: "", err: "" });
    const changes = ["--name", "Ada Lovelace", "--email", "", "--admin"];
    expect(await jsonAt(weir, ["user", "update", "ada", ...changes])).toMatchObject({
      name: "Ada Lovelace",
      email: null,
      is_admin: true,
    });
    await jsonAt(weir, ["user", "update", "ada", "--no-admin"]);
    expect((await runAt(weir, ["user", "update", "ada"])).code).toBe(2);
    expect(await jsonAt(weir, ["user", "block", "ada"])).toMatchObject({ state: "blocked" });
    expect(await jsonAt(weir, ["user", "unblock", "ada"])).toMatchObject({ state: "active" });
    const out = await runAt(weir, ["group", "remove-member", "acme", "ada"]);
    expect(out).toMatchObject({ code: 0 });
    expect(await runAt(weir, ["group", "delete", "acme", "--yes"])).toMatchObject({ code: 0 });
  });

  test("a secret stands alone on the standard output, once", async () => {
    const made = await runAt(weir, ["token", "create", "ci", "--scope", "api"]);
    expect(made.out).toMatch(/^weir_pat_\w+$/);
    expect(made.err).toMatch(/^weir: token \d+, ends .*; its secret is shown only this once:$/);
    const id = /token (\d+)/.exec(made.err)?.[1] ?? "";
    const own = await runAt(weir, ["user", "show"], {}, made.out);
    expect(own.out).toMatch(/username +admin/);
    const list = await runAt(weir, ["token", "list"]);
    expect(list.out).toMatch(/ci +api +yes/);
    expect(list.out).not.toContain(made.out);

    const unasked = await runAt(weir, ["token", "rotate", id]);
    expect(unasked).toMatchObject({ code: 2, err: expect.stringContaining("--yes") });
    expect(await runAt(weir, ["user", "show"], {}, made.out)).toMatchObject({ code: 0 });
    const rotated = await runAt(weir, ["token", "rotate", id, "--yes"]);
    expect(rotated.out).toMatch(/^weir_pat_\w+$/);
    expect(await runAt(weir, ["user", "show"], {}, made.out)).toMatchObject({ code: 4 });
    const next = /token (\d+)/.exec(rotated.err)?.[1] ?? "";
    expect(await runAt(weir, ["token", "revoke", next, "--yes"])).toMatchObject({ code: 0 });
    expect(await runAt(weir, ["user", "show"], {}, rotated.out)).toMatchObject({ code: 4 });
  });

  test("of groups: access tokens with a role, deploy tokens with a user name", async () => {
    const role = ["--group", "default", "--scope", "read_api", "--role", "guest"];
    const bot = await jsonAt(weir, ["token", "create", "bot", ...role]);
    expect(bot).toMatchObject({ access_level: 10, token: expect.stringMatching(/^weir_gat_/) });
    const deploy = ["token", "create", "nodes", "--deploy", "default", "--username", "nodes"];
    const nodes = await runAt(weir, deploy);
    expect(nodes.out).toMatch(/^weir_gdt_/);
    expect(nodes.err).toContain("for the user name nodes, has no end");
    const bots = await jsonAt<Named[]>(weir, ["token", "list", "--group", "default"]);
    expect(bots.map(({ name }) => name)).toEqual(["bot"]);
    const [{ id } = { id: 0 }] = await jsonAt<Named[]>(weir, [
      "token",
      "list",
      "--deploy",
      "default",
    ]);
    const rotate = ["token", "rotate", String(id), "--deploy", "default", "--yes"];
    const rotated = await runAt(weir, rotate);
    expect(rotated.out).toMatch(/^weir_gdt_/);
    expect(rotated.err).toContain("for the user name nodes, has no end");
    const next = /token (\d+)/.exec(rotated.err)?.[1] ?? "";
    const revoke = ["token", "revoke", next, "--deploy", "default", "--yes"];
    expect(await runAt(weir, revoke)).toMatchObject({ code: 0 });
    const left = await jsonAt<Named[]>(weir, ["token", "list", "--deploy", "default"]);
    expect(left).toEqual([]);
    const all = await jsonAt<Named[]>(weir, ["token", "list", "--deploy", "default", "--all"]);
    expect(all.length).toBe(2);
  });
});

describe("which server, and what it says", () => {
  test("no token, a wrong one, one that may not: 4, and how to give another", async () => {
    const none = await run(["registry", "list"], { env: { WEIR_URL: weir.url } });
    expect(none).toMatchObject({ code: 4, out: "" });
    expect(none.err).toMatch(
      /^weir: no access token is given \(WEIR_URL, no token\)\nweir: give one/,
    );
    const wrong = await runAt(weir, ["registry", "list"], {}, "wrong-token-of-some-length-123456");
    expect(wrong.err).toMatch(/^weir: the access token \(WEIR_URL, WEIR_TOKEN\) does not count/);
    const users = await runAt(weir, ["user", "list"], {}, strangerToken);
    expect(users).toMatchObject({ code: 4, out: "" });
  });

  test("what is not there: 3, whether it is named or numbered", async () => {
    for (const named of ["nothing", "4711"]) {
      const result = await runAt(weir, ["registry", "show", named]);
      expect(result).toMatchObject({ code: 3, out: "" });
    }
    const refused = await runAt(weir, ["registry", "create", "default"]);
    expect(refused).toMatchObject({ code: 1, err: "weir: name has already been taken" });
  });

  test("nobody there, somebody else there: 5, and what to do", async () => {
    const nobody = await run(["registry", "list"], { env: { WEIR_URL: "http://127.0.0.1:1" } });
    expect(nobody.code).toBe(5);
    expect(nobody.err).toMatch(/^weir: http:\/\/127\.0\.0\.1:1 \(.*\) refuses connections/);
    using other = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("hello") });
    const url = `http://127.0.0.1:${other.port}`;
    const stranger = await run(["registry", "list"], { env: { WEIR_URL: url, WEIR_TOKEN: "t" } });
    expect(stranger).toMatchObject({ code: 5, out: "" });
    expect(stranger.err).toContain("not as the API of Weir does");
  });

  test("a redirect gets no token", async () => {
    const seen: string[] = [];
    using target = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) => {
        seen.push(request.url);
        return new Response("{}");
      },
    });
    using other = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () => Response.redirect(`http://127.0.0.1:${target.port}/`),
    });
    const env = { WEIR_URL: `http://127.0.0.1:${other.port}`, WEIR_TOKEN: "t" };
    expect(await run(["group", "list"], { env })).toMatchObject({ code: 5, out: "" });
    expect(seen).toEqual([]);
  });

  test("the server that is set up here, with its administrator's token", async () => {
    const { port } = new URL(weir.url);
    const env = { WEIR_LISTEN: `127.0.0.1:${port}`, WEIR_ADMIN_TOKEN: "x".repeat(32) };
    const weak = await run(["user", "show"], { env });
    expect(weak.err).toContain("WEIR_ADMIN_TOKEN: must have 32 random characters");
    const own = { ...env, WEIR_ADMIN_TOKEN: "an-administrator-token-for-tests-only" };
    expect(await run(["user", "show"], { env: own })).toMatchObject({ code: 0, err: "" });
    const file = ["--token-file", "token.txt"];
    const files = { "token.txt": "an-administrator-token-for-tests-only\n" };
    const options = { env: { WEIR_LISTEN: `127.0.0.1:${port}` }, files };
    expect(await run(["user", "show", ...file], options)).toMatchObject({ code: 0 });
  });

  test("names cannot write to the terminal", async () => {
    const text = "a\u001B[2Jb\nc";
    await jsonAt(weir, ["registry", "create", "evil", "--description", text]);
    const { out } = await runAt(weir, ["registry", "list"]);
    expect(out).not.toContain("\u001B");
    expect(out).toContain(String.raw`a\u{1b}[2Jb\u{a}c`);
  });
});
