import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { describeConfig, visibleConfig } from "../../src/config.ts";
import { certificate, loadYaml, other, problems, secret } from "../fakes/configuration.ts";

describe("weir config", () => {
  const yaml = `
settings: { log_level: warn, secret_key: ${other} }
groups: [{ path: team }]
upstreams:
  - { group: team, name: hub, url: docker.io, username: robot, password: hub-password-7 }
  - group: team
    name: inner
    url: https://registry.example.com
    description: ours
    stale_while_revalidate: true
    ca: "${certificate.replaceAll("\n", "\\n")}"
    rules: [{ target: tag, effect: deny, pattern: "*-dev" }]
registries: [{ id: 3, group: team, name: main, description: d, on_unsure: continue, upstreams: [hub] }]
users:
  - username: ci
    memberships: [{ group: team, role: guest }]
    tokens: [{ name: t, token: ${secret}, expires_at: 2030-01-01 }]
`;

  test("says what is in force and where it comes from, without secrets", () => {
    const text = describeConfig(loadYaml(yaml, { WEIR_LISTEN: "127.0.0.1:6000" }));
    expect(text).toContain("\n  listen: 127.0.0.1:6000 # WEIR_LISTEN\n");
    expect(text).toContain("\n  log_level: warn # settings.log_level\n");
    expect(text).toContain("\n  drain_seconds: 30 # default\n");
    expect(text).toContain("\n  min_free_bytes: 1073741824 # default\n");
    expect(text).toContain("\n  admin_token: # not set\n");
    expect(text).toContain('\n  secret_key: "[redacted]" # settings.secret_key\n');
    for (const hidden of [secret, other, "hub-password-7"]) expect(text).not.toContain(hidden);
  });

  test("is a configuration file again, but for the secrets", () => {
    const config = loadYaml(yaml);
    const filled = describeConfig(config).replaceAll("[redacted]", "0123456789abcdef".repeat(3));
    const again = loadYaml(filled);
    expect(visibleConfig(again)).toEqual(visibleConfig(config));
  });

  test("no secret that is given appears in it, nor in a problem", () => {
    const random = fc.stringMatching(/^[!-9;-~]{32,60}$/).filter((text) => new Set(text).size >= 8);
    const given = fc.uniqueArray(random, { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(given, fc.boolean(), (secrets, broken) => {
        const [key = "", admin = "", first = "", password = "", token = ""] = secrets;
        const env = {
          WEIR_SECRET_KEY: key,
          WEIR_ADMIN_TOKEN_FILE: "admin",
          WEIR_FIRST_UPSTREAM_USERNAME: "robot",
          WEIR_FIRST_UPSTREAM_PASSWORD: first,
          HUB: password,
          ...(broken && {
            WEIR_LISTEN: admin,
            WEIR_EXTERNAL_URL: `https://a:${key}@b`,
            WEIR_DRAIN_SECONDS: first,
          }),
        };
        const file = {
          upstreams: [
            {
              name: "hub",
              url: broken ? password : "docker.io",
              username: "r",
              password_env: "HUB",
            },
          ],
          users: [
            { username: "ci", admin: broken ? token : "true", tokens: [{ name: "t", token }] },
          ],
        };
        const run = () => loadYaml(JSON.stringify(file), env, { admin });
        const shown = broken
          ? problems(run).join("\n")
          : describeConfig(run()) + JSON.stringify(visibleConfig(run()));
        expect(secrets.filter((text) => shown.includes(text))).toEqual([]);
      }),
    );
  });
});
