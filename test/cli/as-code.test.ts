import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { startWeir } from "../../src/app.ts";
import { describeConfig, loadConfig } from "../../src/config.ts";
import { createLog } from "../../src/lib/log.ts";
import { testCertificate } from "../fakes/certificate.ts";
import { SteppedClock } from "../fakes/clock.ts";
import { FakeUpstream } from "../fakes/upstream.ts";
import { adminToken, TestWeir } from "../fakes/weir.ts";
import { jsonAt, run, runAt } from "./world.ts";

let upstream: FakeUpstream;
let weir: TestWeir;
beforeAll(async () => {
  upstream = await FakeUpstream.start();
  upstream.image("library/app", "latest");
  weir = await TestWeir.start({ upstreams: [{ fake: upstream }], others: [] });
});
afterAll(async () => {
  await weir.stop();
  await upstream.stop();
});

const someDigest = `sha256:${"a".repeat(64)}`;

interface Change {
  sign: string;
  what: string;
  details: string[];
}

/** The changes that a file would bring about. */
async function planOf(text: string, ...more: string[]): Promise<Change[]> {
  const argv = ["apply", "--file", "-", "--dry-run", "--json", ...more];
  const { code, out, err } = await runAt(weir, argv, { input: text });
  if (code !== 0 && code !== 10) throw new Error(err);
  const changes = JSON.parse(out) as Change[];
  expect(code).toBe(changes.length > 0 ? 10 : 0);
  return changes;
}
const short = (changes: readonly Change[]) => changes.map(({ sign, what }) => `${sign} ${what}`);

const apply = (text: string, more: string[] = [], env: Record<string, string> = {}) =>
  runAt(weir, ["apply", "--file", "-", ...more], { input: text, env });

async function exported(): Promise<string> {
  const { code, out, err } = await runAt(weir, ["export"]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return out;
}

const file = `
groups:
  - { path: acme, name: Acme Ltd }
  - { path: acme/tools, name: Tools }
upstreams:
  - { group: acme, name: hub, url: docker.io }
  - group: acme
    name: partner
    url: https://registry.example.com
    username: weir
    password_env: PARTNER_PASSWORD
    cache_validity_hours: 1
    rules:
      - { target: repository, effect: allow, pattern: partner/** }
    access: verified
    verified_group: acme/tools
registries:
  - { group: acme, name: all, upstreams: [hub, partner], on_unsure: continue }
users:
  - username: ci
    memberships:
      - { group: acme, role: guest }
`;
const env = { PARTNER_PASSWORD: "hunter2-of-some-length" };

describe("a file is applied", () => {
  test("a dry run says what there is to do, and does nothing", async () => {
    const before = await exported();
    const argv = ["apply", "-f", "-", "--dry-run"];
    const { code, out, err } = await runAt(weir, argv, { input: file, env });
    expect({ code, err }).toEqual({ code: 10, err: "" });
    expect(out).toContain("+ group acme\n    name: Acme Ltd\n+ group acme/tools");
    expect(out).toContain("    url: https://registry-1.docker.io\n");
    expect(out).toContain("    password: as given\n");
    expect(out).toContain("    upstreams: hub, partner\n");
    expect(out).toEndWith("\n7 to add, 0 to change, 0 to remove");
    expect(out).not.toContain("hunter2");
    expect(await exported()).toBe(before);
  });

  test("a new login needs its password", async () => {
    const { code, err } = await apply(file);
    expect(code).toBe(1);
    expect(err).toBe(
      "weir: upstreams[1].password_env: names the variable PARTNER_PASSWORD, which is not set; it is needed here: a new upstream gets its password with it",
    );
  });

  test("it is done, and then there is nothing to do, with the password or without", async () => {
    const done = await apply(file, [], env);
    expect(done).toMatchObject({ code: 0, err: "weir: done: 7 to add, 0 to change, 0 to remove" });
    expect(await apply(file, [], env)).toMatchObject({
      code: 0,
      out: "nothing to change",
      err: "",
    });
    expect(await apply(file)).toMatchObject({ code: 0, out: "nothing to change" });
    const show = await jsonAt(weir, ["upstream", "show", "acme/partner"]);
    expect(show).toMatchObject({ username: "weir", verified_group: "acme/tools" });
    const anew = await apply(file, ["--secrets"], env);
    expect(anew.out).toContain("~ upstream acme/partner\n    password: set anew\n");
  });

  test("what is written from what is there changes nothing", async () => {
    const text = await exported();
    expect(text).toContain("    password_env: ACME_PARTNER_PASSWORD\n");
    expect(text).not.toContain("hunter2");
    expect(await planOf(text)).toEqual([]);
    expect(await planOf(text, "--delete-missing")).toEqual([]);
    expect(await exported()).toBe(text);
  });

  test("what differs is changed: settings, lists and their order, memberships", async () => {
    const other = file
      .replace("name: Acme Ltd", "name: Acme Inc")
      .replace("cache_validity_hours: 1\n", "cache_validity_hours: 2\n")
      .replace("[hub, partner], on_unsure: continue", "[partner, hub], on_unsure: stop")
      .replace("role: guest", "role: developer");
    expect(short(await planOf(other))).toEqual([
      "~ group acme",
      "~ upstream acme/partner",
      "~ registry acme/all",
      "~ member ci of acme",
    ]);
    expect(await apply(other)).toMatchObject({ code: 0 });
    expect(await planOf(other)).toEqual([]);
    const list = await jsonAt<{ name: string }[]>(weir, ["upstream", "list", "--registry", "all"]);
    expect(list.map(({ name }) => name)).toEqual(["partner", "hub"]);
    expect(await apply(file)).toMatchObject({ code: 0 });
    expect(await planOf(file)).toEqual([]);
  });

  test("another address needs the password again, and goes with a login or without", async () => {
    const other = file.replace("registry.example.com", "registry.example.org");
    expect((await apply(other)).err).toContain("with another url or username it has to be given");
    const moved = await apply(other, [], env);
    expect(moved.out).toContain("    what is cached of it goes\n");
    expect(await planOf(other)).toEqual([]);
    const show = await jsonAt(weir, ["upstream", "show", "acme/partner"]);
    expect(show).toMatchObject({ url: "https://registry.example.org", username: "weir" });
    expect(await apply(file, [], env)).toMatchObject({ code: 0 });
  });

  test("what the file does not have stays, or goes where that is said and asked for", async () => {
    const less = `
groups: [{ path: acme }]
upstreams: [{ group: acme, name: hub, url: docker.io }]
registries: [{ group: acme, name: new, upstreams: [hub] }]
`;
    expect(short(await planOf(less))).toEqual(["~ group acme", "+ registry acme/new"]);
    const all = await planOf(less, "--delete-missing");
    expect(short(all)).toEqual([
      "~ group acme",
      "- registry acme/all",
      "- upstream acme/partner",
      "+ registry acme/new",
      "- group acme/tools",
      "- group other",
    ]);
    const unasked = await apply(less, ["--delete-missing"]);
    expect(unasked).toMatchObject({ code: 2 });
    expect(unasked.err).toContain("Delete 4 things and do the rest?");
    expect(await apply(less, ["--delete-missing", "--yes"])).toMatchObject({ code: 0 });
    expect(await planOf(less, "--delete-missing")).toEqual([]);
    // Of the upstream that the file has, nothing was lost with its former registry.
    const upstreams = await jsonAt<{ name: string }[]>(weir, [
      "upstream",
      "list",
      "--group",
      "acme",
    ]);
    expect(upstreams.map(({ name }) => name)).toEqual(["hub"]);
    // The group that is not declared either is always there.
    expect(await jsonAt(weir, ["group", "show", "default"])).toMatchObject({ path: "default" });
  });
});

describe("two at once", () => {
  const text = (hours: number) => `
groups: [{ path: default }]
upstreams: [{ name: up1, url: "${upstream.url}", cache_validity_hours: ${hours} }]
registries: [{ id: 1, name: default, upstreams: [up1] }]
`;
  /** Between plan and change somebody is asked, and meanwhile somebody else comes. */
  const applied = async (input: string, meanwhile: string[]) => {
    await jsonAt(weir, ["registry", "create", "doomed"]);
    const argv = ["apply", "--file", "-", "--delete-missing"];
    const options = { input, answers: ["y"], meanwhile: () => jsonAt(weir, meanwhile) };
    return runAt(weir, argv, options);
  };

  test("settings that were changed since the plan are not overwritten", async () => {
    const result = await applied(text(8), [
      "upstream",
      "update",
      "up1",
      "--cache-validity-hours",
      "9",
    ]);
    expect(result.code).toBe(6);
    expect(result.err).toContain(
      "upstream default/up1 was changed by somebody else meanwhile, and was not overwritten; run apply again",
    );
    const show = await jsonAt(weir, ["upstream", "show", "up1"]);
    expect(show).toMatchObject({ cache_validity_hours: 9 });
    expect(await apply(text(8), ["--delete-missing", "--yes"])).toMatchObject({ code: 0 });
  });

  test("nor is a list of upstreams", async () => {
    const two = text(8)
      .replace("[up1]", "[up1, more]")
      .replace("registries:", "  - { name: more, url: docker.io }\nregistries:");
    const input = two.replace("upstreams: [{", "upstreams:\n  - {").replace("8 }]", "8 }");
    const add = ["upstream", "add", "1", "https://quay.io", "--name", "theirs"];
    const result = await applied(input, add);
    expect(result).toMatchObject({ code: 6 });
    expect(result.err).toContain("registry default/default was changed by somebody else meanwhile");
    const list = await jsonAt<{ name: string }[]>(weir, ["upstream", "list", "--registry", "1"]);
    expect(list.map(({ name }) => name)).toContain("theirs");
  });

  test("nor is their order", async () => {
    await runAt(weir, ["upstream", "add", "1", "https://ghcr.io", "--name", "third"]);
    const input = (await exported()).replace(
      /^( +)- up1\n((?: +- \w+\n)+)/m,
      (_, indent: string, others: string) => `${others}${indent}- up1\n`,
    );
    const ordered = async () => {
      const list = await jsonAt<{ name: string }[]>(weir, ["upstream", "list", "--registry", "1"]);
      return list.map(({ name }) => name);
    };
    const [, ...others] = await ordered();
    expect(short(await planOf(input))).toEqual(["~ registry default/default"]);
    const result = await applied(input, ["upstream", "move", "third", "1"]);
    expect(result).toMatchObject({ code: 6 });
    expect(result.err).toContain("registry default/default was changed by somebody else meanwhile");
    expect(await ordered()).toEqual(["third", "up1", ...others.filter((name) => name !== "third")]);
    expect(await apply(input, ["--delete-missing", "--yes"])).toMatchObject({ code: 0 });
    expect(await ordered()).toEqual([...others, "up1"]);
  });
});

describe("a full instance", () => {
  const full = `
groups:
  - path: full
    name: "Full: all of it"
    dependency_proxy: { enabled: false, identity: hub, secret_env: HUB_SECRET, ttl_days: 30 }
    cleanup_policy: { keep_n_days_after_download: 90, cadence: 14, notify_on_failure: true }
    cache_max_bytes: 50GiB
  - path: full/below
    dependency_proxy: {}
    cache_max_bytes: 1GiB
upstreams:
  - group: full
    name: "two words"
    url: https://registry.example.com/path
    description: "Says: # a lot, and 'more'"
    username: "0123"
    password_env: TWO_WORDS
    token_realm: https://auth.example.com/token
    cache_validity_hours: 0
    denied_means: absent
    library_prefix: true
    stale_if_absent_hours: 0
    stale_while_revalidate: true
    rules:
      - { target: repository, effect: allow, pattern: a/** }
      - { target: tag, effect: deny, pattern: "*-rc" }
    access: verified
    verified_group: full/below
  - { group: full, name: true, url: quay.io, ca: ${JSON.stringify(testCertificate.cert)} }
registries:
  - { id: 70, group: full, name: both, ask: parallel, upstreams: [true, two words] }
  - { id: 71, group: full, name: empty, upstreams: [] }
users:
  - username: shut
    state: blocked
    memberships:
      - { group: full, role: owner }
      - { group: full/below, role: guest, expires_at: 2030-12-31 }
  - { username: root, admin: true }
oidc_issuers:
  - name: forge
    issuer: https://forge.example.com
    audiences: [weir, "7"]
    algorithms: [ES256]
    ca: ${JSON.stringify(testCertificate.cert)}
    leeway_seconds: 0
    required_claims: { ref_protected: "true" }
    rules:
      - { claims: { project_path: [full/a, full/b], sub: "x*" }, group: full }
      - { claims: { kubernetes.io: { namespace: ci } }, group: full/below }
  - { name: other, issuer: https://other.example.com, jwks_uri: https://keys.example.com/jwks, rules: [{ claims: { sub: me } }] }
webhooks:
  - group: full
    name: chat
    url: https://hooks.example.com/a
    secret_env: HOOK_SECRET
    description: "Says: it"
    ca: ${JSON.stringify(testCertificate.cert)}
    events: [cleanup_policy.failed, cleanup_policy.finished]
    enabled: false
  - { group: full, name: two, url: https://hooks.example.com/a, secret_env: HOOK_SECRET, events: [cleanup_policy.failed] }
prefetches:
  - { group: full, registry: empty, name: nightly, images: [a/b:1, a/c@${someDigest}], platforms: [linux/arm64/v8, all], every_hours: 24 }
  - { group: full, registry: empty, name: hourly, images: [a/b], every_hours: 1 }
`.replace("url: quay.io", "url: https://quay.io");
  const hook = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
  const secrets = { HUB_SECRET: "hub-secret", TWO_WORDS: "words-secret", HOOK_SECRET: hook };

  test("is brought about by a file, and written as one that changes nothing", async () => {
    const done = await apply(full, [], secrets);
    expect(done).toMatchObject({ code: 0 });
    expect(await planOf(full)).toEqual([]);
    const text = await exported();
    expect(text).not.toMatch(/hub-secret|words-secret|whsec_/);
    expect(text).toContain("secret_env: FULL_CHAT_WEBHOOK_SECRET");
    expect(text).toContain("secret_env: FULL_DEPENDENCY_PROXY_PASSWORD");
    expect(text).toContain("cache_max_bytes: 53687091200");
    expect(await planOf(text)).toEqual([]);
    expect(await planOf(text, "--delete-missing")).toEqual([]);
    expect(await jsonAt(weir, ["user", "show", "shut"])).toMatchObject({ state: "blocked" });
    expect(await jsonAt(weir, ["registry", "show", "70"])).toMatchObject({ ask: "parallel" });
  });

  test("each thing is changed back and forth", async () => {
    const other = full
      .replace(
        "enabled: false, identity: hub, secret_env: HUB_SECRET, ttl_days: 30",
        "enabled: true",
      )
      .replace("50GiB", "20GiB")
      .replace("cadence: 14", "cadence: 30, enabled: false")
      .replace("state: blocked", "state: active")
      .replace("sub: me", "sub: you")
      .replace(
        "enabled: false\n  - { group: full, name: two",
        "enabled: true\n  - { group: full, name: two",
      )
      .replace("images: [a/b], every_hours: 1", "images: [a/b, a/d], every_hours: 2")
      .replace("name: forge", "name: smithy")
      .replace("expires_at: 2030-12-31", "expires_at: 2031-12-31");
    expect(short(await planOf(other))).toEqual([
      "~ dependency proxy of full",
      "~ cleanup policy of full",
      "~ webhook full/chat",
      "~ prefetch full/empty/hourly",
      "~ space of full",
      "~ user shut",
      "~ member shut of full/below",
      "~ oidc issuer forge",
      "~ oidc issuer other",
    ]);
    expect(await apply(other)).toMatchObject({ code: 0 });
    expect(await planOf(other)).toEqual([]);
    const missing = await apply(full);
    expect(missing.err).toContain(
      "groups[0].dependency_proxy.secret_env: names the variable HUB_SECRET, which is not set; it is needed here",
    );
    expect(await apply(full, [], secrets)).toMatchObject({ code: 0 });
    expect(await planOf(full)).toEqual([]);
  });

  test("webhooks and prefetches need their secret when new, go where that is asked for, and are left out without a name", async () => {
    const less = full
      .replace(/ {2}- \{ group: full, name: two.*\n/, "")
      .replace(/ {2}- .*hourly.*\n/, "");
    expect(await planOf(less)).toEqual([]);
    const ofBoth = ({ what }: Change) => /^(?:webhook|prefetch) /.test(what);
    const missing = (await planOf(less, "--delete-missing")).filter(ofBoth);
    expect(missing).toEqual([
      { sign: "-", what: "webhook full/two", details: ["url: https://hooks.example.com/a"] },
      { sign: "-", what: "prefetch full/empty/hourly", details: ['images: ["a/b"]'] },
    ]);
    const more = less.replace("name: chat", "name: other");
    const { code, err } = await runAt(weir, ["apply", "-f", "-", "--dry-run"], { input: more });
    expect([code, err]).toEqual([
      1,
      expect.stringContaining(
        "webhooks[0].secret_env: names the variable HOOK_SECRET, which is not set; it is needed here: the webhook is new",
      ),
    ]);
    const anew = await planOf(full, "--secrets");
    expect(short(anew).filter((line) => line.includes("webhook"))).toEqual([]);
    const options = { input: full, env: secrets };
    const set = await runAt(weir, ["apply", "-f", "-", "--dry-run", "--secrets"], options);
    expect(set.out).toContain("secret: set anew");
    const { id } = await jsonAt<{ id: number }>(
      weir,
      [
        "webhook",
        "add",
        "https://hooks.example.com/b",
        "--group",
        "full",
        "--secret-file",
        "-",
        "--event",
        "prefetch.failed",
      ],
      { input: hook },
    );
    const told = await runAt(weir, ["export"]);
    expect(told.err).toContain(`webhook ${id} has no name, and is left out`);
    expect(await planOf(told.out, "--delete-missing")).toEqual([]);
    const taken = await runAt(weir, [
      "webhook",
      "update",
      `${id}`,
      "--group",
      "full",
      "--name",
      "two",
    ]);
    expect(taken).toMatchObject({ code: 1 });
    expect(taken.err).toContain("name has already been taken");
    expect((await runAt(weir, ["webhook", "delete", `${id}`, "--group", "full"])).code).toBe(0);
  });

  test("issuers that the file does not have go where that is asked for, and it speaks of issuers", async () => {
    const less = full.replace(/ {2}- \{ name: other.*\n/, "");
    expect(await planOf(less)).toEqual([]);
    const removed = (await planOf(less, "--delete-missing")).filter(({ what }) =>
      what.startsWith("oidc"),
    );
    expect(removed).toEqual([
      { sign: "-", what: "oidc issuer other", details: ["issuer: https://other.example.com"] },
    ]);
    const silent = await planOf("groups: [{ path: full }]", "--delete-missing");
    expect(short(silent).filter((line) => line.includes("oidc"))).toEqual([]);
    const hidden = await runAt(weir, ["export", "--without-restricted"]);
    expect(hidden.out).not.toContain("oidc_issuers");
  });

  test("a server that reads what was written is the same, at each of its starts", async () => {
    const text = await exported();
    const dataDir = mkdtempSync(path.join(tmpdir(), "weir-as-code-"));
    const env = {
      WEIR_CONFIG_FILE: "weir.yaml",
      WEIR_DATA_DIR: dataDir,
      WEIR_ADMIN_TOKEN: adminToken,
      FULL_TWO_WORDS_PASSWORD: "words-secret",
      FULL_DEPENDENCY_PROXY_PASSWORD: "hub-secret",
      FULL_CHAT_WEBHOOK_SECRET: hook,
      FULL_TWO_WEBHOOK_SECRET: hook,
      ACME_PARTNER_PASSWORD: "hunter2-of-some-length",
    };
    const clock = new SteppedClock();
    const log = createLog(clock, "error", { write() {}, async flush() {} });
    const around = { clock, log, version: "test", random: () => 0 };
    const config = loadConfig(env, () => text);
    expect(describeConfig(config)).not.toMatch(/hub-secret|words-secret|whsec_/);
    const events: unknown[] = [];
    for (const _ of [1, 2]) {
      const other = await startWeir(
        { ...config, listen: { hostname: "127.0.0.1", port: 0 } },
        around,
      );
      try {
        const WEIR_URL = `http://127.0.0.1:${other.port}`;
        const at = { env: { WEIR_URL, WEIR_TOKEN: adminToken }, input: text };
        const { code, out } = await run(["apply", "-f", "-", "--dry-run"], at);
        expect({ code, out }).toEqual({ code: 0, out: "nothing to change" });
        const answer = await fetch(`${WEIR_URL}/api/v4/audit_events?per_page=100`, {
          headers: { "PRIVATE-TOKEN": adminToken },
        });
        const all = (await answer.json()) as { action: string }[];
        // Runs of prefetches are on record as well, and end when they do.
        events.push(all.filter(({ action }) => action !== "prefetch.run").length);
      } finally {
        await other.stop();
      }
    }
    // Nothing differed at the second start, so there is nothing on record of it.
    expect(events[1]).toBe(events[0]);
    rmSync(dataDir, { recursive: true });
  });
});

test("a group whose registries are switched off is left out, and not written to", async () => {
  // As a server answers for such a group.
  using front = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      if (/\/groups\/1\/-\/virtual_registries\//.test(pathname)) {
        return Response.json({ message: "404 Not found" }, { status: 404 });
      }
      return fetch(weir.url + pathname + search, { headers: request.headers });
    },
  });
  const env = { WEIR_URL: `http://127.0.0.1:${front.port}` };
  const { code, out, err } = await runAt(weir, ["export"], { env });
  expect({ code, err }).toEqual({
    code: 0,
    err: "weir: the registries of the group default are switched off, and left out",
  });
  expect(out).not.toContain("up1");
  const text = `upstreams: [{ name: up1, url: "${upstream.url}" }]\nregistries: [{ name: default, upstreams: [up1] }]`;
  const refused = await runAt(weir, ["apply", "-f", "-"], { env, input: text });
  expect(refused).toMatchObject({ code: 1, out: "" });
  expect(refused.err).toContain("the registries of the group default are switched off");
  expect((await runAt(weir, ["registry", "list"], { env })).out).not.toContain(" default  default");
});

test("an upstream in no registry, an administrator and the switch of a group: there and back", async () => {
  const text = (admin: boolean, enabled: boolean) => `
groups: [{ path: loose, virtual_registries: { enabled: ${enabled} } }]
users: [{ username: deputy, admin: ${admin} }]
${enabled ? "upstreams: [{ group: loose, name: lost, url: docker.io }]" : ""}`;
  expect((await apply(text(false, true))).err).toBe(
    "weir: done: 3 to add, 0 to change, 0 to remove",
  );
  expect(await planOf(text(false, true))).toEqual([]);
  expect(await jsonAt(weir, ["upstream", "show", "loose/lost"])).toMatchObject({
    url: "https://registry-1.docker.io",
    registry_upstreams: [],
  });
  const changed = await apply(text(true, false));
  expect(changed.out).toContain("~ user deputy\n    admin: false → true\n");
  expect(changed.out).toContain("~ virtual registries of loose\n    enabled: true → false\n");
  expect(await planOf(text(true, false))).toEqual([]);
  const { out: told } = await runAt(weir, ["export"]);
  expect(told).toContain("virtual_registries:\n      enabled: false\n");
  expect(await planOf(told)).toEqual([]);
  expect((await apply(text(false, true))).err).toContain("switched off");
  expect(
    (await apply("groups: [{ path: loose, virtual_registries: { enabled: true } }]")).code,
  ).toBe(0);
  expect((await apply(text(false, true))).out).toContain("admin: true → false");
});

describe("bad files", () => {
  const table: [what: string, text: string, told: RegExp][] = [
    ["not YAML", "a: [", /^weir: the standard input: line 1, column \d+ is not well-formed/],
    ["unknown keys", "upstrems: []", /upstrems: is not known; did you mean upstreams\?/],
    [
      "another id",
      `upstreams: [{ name: up1, url: "http://127.0.0.1:1" }]\nregistries: [{ id: 77, name: default, upstreams: [up1] }]`,
      /^weir: registries\[0\]\.id: the registry default\/default has the id 1 there/,
    ],
  ];
  test.each(table)("%s", async (_, text, told) => {
    const { code, out, err } = await apply(text);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(told);
  });

  test("what only a server reads is told of", async () => {
    const text =
      "settings: { listen: 127.0.0.1:1 }\nusers: [{ username: u, tokens: [{ name: t }] }]";
    const { err } = await runAt(weir, ["apply", "--file", "-", "--dry-run"], { input: text });
    expect(err).toContain("weir: settings: read by a server at its start");
    expect(err).toContain("weir: users' tokens: made by a server at its start");
  });
});
