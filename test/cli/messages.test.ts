import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { localFindings } from "../../src/cli/doctor/local.ts";
import { loadConfig } from "../../src/config.ts";
import { examine } from "../../src/examination.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { layout, tarOf } from "../fakes/archive.ts";
import { buildImage } from "../fakes/image.ts";
import { FakeUpstream } from "../fakes/upstream.ts";
import { TestWeir } from "../fakes/weir.ts";
import { run, runAt } from "./world.ts";

/** What is told where something goes wrong: what it was, and what to do. */

let upstream: FakeUpstream;
let weir: TestWeir;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "weir-messages-"));
  upstream = await FakeUpstream.start();
  weir = await TestWeir.start({ upstreams: [{ fake: upstream }] });
});
afterEach(() => upstream.heal());
afterAll(async () => {
  await weir.stop();
  await upstream.stop();
  rmSync(folder, { recursive: true, force: true });
});

const at = (...parts: string[]) => path.join(folder, ...parts);

test("statistics take a day for a time, and say what is none", async () => {
  const days = ["--from", "2026-11-01", "--to", "2026-11-01"];
  const asked: string[] = [];
  using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch({ url }) {
      asked.push(new URL(url).search);
      return Response.json([]);
    },
  });
  const env = { WEIR_URL: `http://127.0.0.1:${server.port}` };
  await runAt(weir, ["stats", ...days], { env });
  const times = new URLSearchParams(asked[0]);
  expect(times.get("from")).toBe("2026-11-01T00:00:00Z");
  expect(times.get("to")).toBe("2026-11-01T23:59:59Z");
  const day = new Date(weir.clock.now()).toISOString().slice(0, 10);
  const own = ["stats", "--interval", "day", "--from", day];
  expect(await runAt(weir, own)).toMatchObject({ code: 0 });
  for (const wrong of ["2026-13-01", "yesterday"]) {
    const { code, err } = await runAt(weir, ["stats", "--from", wrong]);
    expect(code).toBe(2);
    expect(err).toContain("--from must be a day or a time, such as 2026-11-01");
  }
});

test("a file that cannot be read is named, and not the server", async () => {
  // Opens for everybody and can be read by nobody, not even root.
  mkdirSync(at("layout"));
  const file = process.platform === "linux" ? "/proc/self/mem" : at("layout", "mem");
  if (file.startsWith("/proc")) {
    const { code, err } = await runAt(weir, ["import", file, "--upstream", "up1"]);
    expect(code).toBe(1);
    expect(err).toContain(`${file} cannot be read (E`);
    expect(err).not.toContain("cannot be reached");
  }
  const none = await runAt(weir, ["import", at("none.tar"), "--upstream", "up1"]);
  expect(none).toMatchObject({ code: 1, err: `weir: ${at("none.tar")} is not there` });
  // A link to a folder is one.
  symlinkSync(at("layout"), at("link"));
  const empty = await runAt(weir, ["import", at("link"), "--upstream", "up1"]);
  expect(empty.err).not.toContain("EISDIR");
});

test("an export that cannot be kept is not asked for", async () => {
  upstream.image("library/app", "1");
  const before = upstream.count("* /v2/*");
  const argv = ["export-images", "1", "library/app:1", "--output", at("nowhere", "x.tar")];
  const { code, err } = await runAt(weir, argv);
  expect(code).toBe(1);
  expect(err).toBe(
    `weir: ${at("nowhere", "x.tar")} cannot be written (ENOENT): is its folder there, with room and for this user to write to?`,
  );
  expect(upstream.count("* /v2/*")).toBe(before);
  const gone = ["export-images", "1", "library/gone:1", "--output", at("gone.tar")];
  expect((await runAt(weir, gone)).code).toBe(3);
  expect(existsSync(at("gone.tar.part"))).toBe(false);
});

test("a refresh that refreshed nothing fails", async () => {
  upstream.image("library/kept", "1");
  const argv = ["cache", "refresh", "1", "library/kept:1"];
  expect(await runAt(weir, argv)).toMatchObject({ code: 0 });
  upstream.fault("* /v2/*", { status: 500 });
  const { code, out, err } = await runAt(weir, argv);
  expect(code).toBe(1);
  expect(out).toMatch(/status +stale/);
  expect(err).toContain("nothing was refreshed: up1 gives no answer (");
});

test("a database that may not be looked at is not taken for none", async () => {
  const dataDir = at("data");
  mkdirSync(dataDir);
  // What holds for root too: a link that leads nowhere but to itself.
  symlinkSync("weir.db", path.join(dataDir, "weir.db"));
  const env = { WEIR_DATA_DIR: dataDir };
  const { code, err } = await run(["backup", at("deep", "backup")], { env });
  expect(code).toBe(1);
  expect(err).toContain("cannot be looked at (ELOOP): run this as the user of the server");
  expect(existsSync(at("deep", "backup"))).toBe(false);
  const around = { clock: systemClock, version: "1.2.3" };
  const found = await examine(
    loadConfig(env, () => ""),
    around,
    () => {},
  );
  expect(found.database?.problem).toBe("ELOOP");
  writeFileSync(at("notes"), "dear");
  const file = await run(["backup", at("notes")], { env });
  expect(file.err).toBe(
    `weir: ${at("notes")} is a file: give a folder, or a new file whose name ends in .tar`,
  );
});

test("what is not there is named, with what it would be of", async () => {
  const cases: [argv: string[], named: string][] = [
    [["registry", "create", "x", "--group", "nosuch"], "group nosuch"],
    [["group", "create", "nosuch/below"], "group nosuch"],
    [["group", "members", "nosuch"], "group nosuch"],
    [["stats", "99"], "group 99"],
    [["prefetch", "show", "99"], "prefetch 99"],
    [["cache", "pin", "AAAA"], "cache entry AAAA"],
    [["webhook", "test", "1"], "webhook 1 of group default"],
    [["token", "revoke", "999", "--yes"], "token 999"],
  ];
  for (const [argv, named] of cases) {
    const { code, err } = await runAt(weir, argv);
    expect(err).toContain(`: ${named}: it is not there, or not for this token to see`);
    expect(code).toBe(3);
  }
});

test("who may not do something is told what it takes", async () => {
  const make = ["token", "create", "pulls", "--scope", "read_virtual_registry"];
  const { out: pulls } = await runAt(weir, make);
  const scope = await runAt(weir, ["registry", "list"], {}, pulls);
  expect(scope).toMatchObject({ code: 4 });
  expect(scope.err).toContain("needs the scope api, or read_api where nothing is changed");
  const bot = ["token", "create", "bot", "--group", "default", "--scope", "api"];
  const { out: guest } = await runAt(weir, [...bot, "--role", "guest"]);
  const role = await runAt(weir, ["registry", "create", "mine"], {}, guest);
  expect(role).toMatchObject({ code: 4 });
  expect(role.err).toContain("docs/permissions.md has the role that it takes");
  const whole = await runAt(weir, ["export"], {}, guest);
  expect(whole).toMatchObject({ code: 4 });
  expect(whole.err).toContain("--without-restricted leaves out");
});

test("a file that is no archive is said to be none, and what it lacks can be said", async () => {
  writeFileSync(at("weir.yaml"), "groups: []\n".repeat(100));
  const yaml = await runAt(weir, ["import", at("weir.yaml"), "--upstream", "up1"]);
  expect(yaml).toMatchObject({ code: 1 });
  expect(yaml.err).toContain("no tar of images, or a damaged one: ");
  writeFileSync(at("nameless.tar"), tarOf(layout(buildImage())));
  const nameless = await runAt(weir, ["import", at("nameless.tar"), "--upstream", "up1"]);
  expect(nameless.err).toContain("say by --repository what they are called");
});

test("a prefetch is followed where there is no terminal too", async () => {
  upstream.image("library/app", "1");
  const add = ["prefetch", "add", "1", "--image", "library/app:1", "--image", "library/app:gone"];
  const { code, err } = await runAt(weir, [...add, "--wait"]);
  expect(code).toBe(1);
  expect(err).toMatch(/weir: library\/app:gone failed: .*absent/);
  expect(err).toContain("weir: library/app:1 done");
  const list = await runAt(weir, ["prefetch", "list", "1"]);
  expect(list.out).toMatch(/failed +1\/2/);
  const made = await runAt(weir, add);
  expect(made.out).toMatch(/\n\nIMAGE +STATUS/);
  expect(made.out).not.toContain("{");
});

test("a wrong command line names the help of its command", async () => {
  const option = await run(["upstream", "list", "--nonsense"]);
  expect(option).toMatchObject({ code: 2 });
  expect(option.err).toEndWith("weir: see weir help upstream list");
  expect((await run(["nonsense"])).err).toEndWith("weir: see weir help");
  const file = await run(["apply", "../weir.yaml"]);
  expect(file.err).toStartWith(
    'weir: apply has no use for "../weir.yaml"; did you mean --file ../weir.yaml?',
  );
  const { out } = await run(["help"]);
  for (const named of ["--url URL", "--token-file FILE", "WEIR_TOKEN"]) {
    expect(out).toContain(named);
  }
});

test("sizes are said with units", async () => {
  const update = ["upstream", "update", "up1", "--cache-max-bytes"];
  expect((await runAt(weir, [...update, "1MB"])).out).toMatch(/cache_max_bytes +1000000\n/);
  expect((await runAt(weir, [...update, "2GiB"])).out).toMatch(/cache_max_bytes +2147483648\n/);
  for (const wrong of ["1 elephant", "0"]) {
    const { code, err } = await runAt(weir, [...update, wrong]);
    expect(code).toBe(2);
    expect(err).toContain("--cache-max-bytes must be a size of at least 1, such as");
  }
  expect((await runAt(weir, [...update, ""])).out).toMatch(/cache_max_bytes +-\n/);
});

test("what is begun or undone is said, and why nothing would go", async () => {
  upstream.image("library/pinned", "1");
  await (await weir.manifest("library/pinned", "1")).arrayBuffer();
  const { out } = await runAt(weir, [
    "cache",
    "ls",
    "up1",
    "--search",
    "pinned/manifests/1",
    "--json",
  ]);
  const [entry] = JSON.parse(out) as { id: string }[];
  await runAt(weir, ["cache", "pin", entry?.id ?? ""]);
  const dry = ["cache", "purge", "up1", "--pattern", "library/pinned:1", "--dry-run"];
  const nothing = await runAt(weir, dry);
  expect(nothing.err).toContain("--include-pinned takes them too");
  expect((await runAt(weir, [...dry, "--include-pinned"])).err).toBe("");
  const unpin = await runAt(weir, ["cache", "unpin", entry?.id ?? ""]);
  expect(unpin.out).toBe("it is no longer pinned");
  const purge = await runAt(weir, ["cache", "purge", "up1", "--pattern", "none/**", "--yes"]);
  expect(purge.out).toContain("weir work tells how far it has come");
});

test("explain says that it took latest", async () => {
  const latest = await runAt(weir, ["explain", "1", "library/app"]);
  expect(latest.err).toBe("weir: no tag is named, so latest is meant");
  expect((await runAt(weir, ["explain", "1", "library/app:1"])).err).toBe("");
});

test("an upstream is shown in words", async () => {
  await runAt(weir, ["upstream", "add-rule", "up1", "deny repository evil/**"]);
  const { out } = await runAt(weir, ["upstream", "show", "up1"]);
  expect(out).toMatch(/\nrules +deny repository evil\/\*\*\n/);
  expect(out).toMatch(/\nregistries +1 \(place 1\)\n/);
  expect(out).toMatch(/\nhealth \w+ +\w+/);
  expect(out).not.toMatch(/[{[]/);
});

test("what can be said instead is named", async () => {
  const upper = await runAt(weir, ["explain", "1", "library/App:1"]);
  expect(upper.err).toContain("names of repositories are in lower case");
  expect((await runAt(weir, ["explain", "99", "library/app:1"])).err).toContain(": registry 99: ");
  const event = ["webhook", "add", "https://example.com", "--event", "upstream.gone"];
  const { code, err } = await runAt(weir, event);
  expect(code).toBe(2);
  expect(err).toMatch(/--event must be one of .*upstream\.unavailable/);
  const typo = await run(["config"], { env: { WEIR_TOKEN_FIEL: "x" } });
  expect(typo.err).toContain("did you mean WEIR_TOKEN_FILE?");
});

test("doctor says what to do where Dependency Proxies reach nobody", () => {
  const folder = { path: "/data", state: "absent", problem: undefined } as const;
  const failure = { reason: "unreachable", message: "it is not there" } as const;
  const upstreams = ["dependency-proxy", "hub"].map((name) => {
    return { name, others: [], url: "https://registry-1.docker.io", failure, ahead: undefined };
  });
  const database = { schema: "current", problem: undefined, damage: [], sealed: [] } as const;
  const findings = localFindings(
    loadConfig({}, () => ""),
    {
      folder: { ...folder, freeBytes: undefined, key: "absent" },
      bucket: undefined,
      database: { ...database, registries: undefined, damage: [], sealed: [] },
      upstreams,
    },
  );
  const fixOf = (name: string) =>
    findings.find(({ check }) => check === `upstream ${name}`)?.fix ?? "";
  expect(fixOf("dependency-proxy")).toContain("WEIR_DEPENDENCY_PROXY_ENABLED=false");
  expect(fixOf("hub")).not.toContain("WEIR_DEPENDENCY_PROXY");
});
