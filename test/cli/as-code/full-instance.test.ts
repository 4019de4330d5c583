import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { startWeir } from "../../../src/app.ts";
import { describeConfig, loadConfig } from "../../../src/config.ts";
import { createLog } from "../../../src/lib/log.ts";
import { testCertificate } from "../../fakes/certificate.ts";
import { SteppedClock } from "../../fakes/clock.ts";
import { adminToken } from "../../fakes/weir.ts";
import { jsonAt, run, runAt } from "../world.ts";
import { apply, type Change, exported, forAllTests, planOf, short, weir } from "./applying.ts";

forAllTests();

const someDigest = `sha256:${"a".repeat(64)}`;

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
