import { describe, expect, test } from "bun:test";
import type { OidcIssuer } from "../../../src/work/contract.ts";
import { fakeKey } from "../../fakes/issuer.ts";
import { externalUrl } from "../../fakes/weir.ts";
import {
  claimsOf,
  forEachTest,
  issuer,
  login,
  manifest,
  name,
  now,
  pull,
  pullToken,
  refused,
  serve,
  start,
  upstream,
  weir,
} from "./logins.ts";

forEachTest();

describe("an id token as the password", () => {
  test("pulls, whatever the user name, and the issuer is asked once for all", async () => {
    await start();
    const tokens = await Promise.all(
      Array.from({ length: 10 }, (_, i) => issuer.token(weir.clock.now(), { jti: String(i) })),
    );
    const statuses = tokens.map(async (token) => pull(token));
    expect(await Promise.all(statuses)).toEqual(tokens.map(() => 200));
    for (const username of ["gitlab-ci-token", "x", ""]) {
      expect((await login(tokens[0] ?? "", name(1), username)).status).toBe(200);
    }
    expect(issuer.asked).toEqual([1, 1]);
  });

  test("is told of in the log by its project, never as it is", async () => {
    await start();
    const idToken = await issuer.token(weir.clock.now());
    const { token } = await pullToken(idToken);
    await manifest(token);
    expect(weir.logLines.at(-1)).toMatchObject({ status: 200, actor: "ci:forge:acme/app" });
    const [, , signature = "?"] = idToken.split(".");
    expect(JSON.stringify(weir.logLines)).not.toContain(signature);
    expect(claimsOf(token)["sub"]).toMatch(/^ci:[\da-f]{16}\.0\.\d+\.acme\/app$/);
  });

  const named: [claims: Record<string, unknown>, actor: string][] = [
    [{ repository: "acme/web" }, "acme/app"],
    [{ project_path: undefined, repository: "acme/web" }, "acme/web"],
    [{ project_path: 7, repository: "" }, "project_path:acme/app:ref_type:branch:ref:main"],
    [{ project_path: "acme/a b\u0000ü\n" }, "acme/a_b___"],
    [{ project_path: `acme/${"x".repeat(300)}` }, `acme/${"x".repeat(195)}...`],
  ];
  test.each(named)("%j has a name that can be printed", async (claims, actor) => {
    await start({
      rules: [{ claims: { sub: "*acme/**" }, group: "default", pull: ["registries"] }],
    });
    const { token } = await pullToken(await issuer.token(weir.clock.now(), claims));
    expect((await manifest(token)).status).toBe(200);
    expect(weir.logLines.at(-1)?.["actor"]).toBe(`ci:forge:${actor}`);
  });

  test("opens what the first rule that matches says, and nothing else", async () => {
    const rule = (project: string, group: string, pull: OidcIssuer["rules"][number]["pull"]) => ({
      claims: { project_path: project },
      group,
      pull,
    });
    const both = ["registries" as const, "dependency_proxies" as const];
    await start({
      rules: [
        rule("acme/secret", "other", ["registries"]),
        rule("acme/proxy", "default", ["dependency_proxies"]),
        rule("acme/tools", "default/tools", ["dependency_proxies"]),
        rule("acme/**", "default", both),
      ],
    });
    const proxy = (group: string) => `${group}/dependency_proxy/containers/library/alpine`;
    const places = [
      name(1),
      name(2),
      proxy("default"),
      proxy("default/tools"),
      proxy("default/tools/sub"),
      proxy("other"),
    ];
    const table: [project: string, opened: number[]][] = [
      ["acme/secret", [1]],
      ["acme/proxy", [2, 3, 4]],
      ["acme/tools", [3, 4]],
      ["acme/app", [0, 2, 3, 4]],
    ];
    for (const [project, opened] of table) {
      const token = await issuer.token(weir.clock.now(), { project_path: project });
      const statuses: number[] = [];
      for (const place of places) statuses.push(await pull(token, place));
      expect([project, statuses]).toEqual([
        project,
        places.map((_, index) => (opened.includes(index) ? 200 : 404)),
      ]);
    }
    await refused(await issuer.token(weir.clock.now(), { project_path: "evil/app" }), "no rule");
  });

  test("is none for the management API, and no pull token either", async () => {
    await start();
    const token = await issuer.token(weir.clock.now());
    const { token: pullable } = await pullToken(token);
    for (const secret of [token, pullable]) {
      for (const headers of [{ "PRIVATE-TOKEN": secret }, { Authorization: `Bearer ${secret}` }]) {
        expect((await fetch(`${weir.url}/api/v4/groups/1`, { headers })).status).toBe(401);
      }
    }
    expect((await manifest(token)).status).toBe(401);
    // A pull token is signed by us, but it is no id token.
    await refused(pullable);
  });

  test("RS256 and EdDSA, where that is allowed; keys of other kinds beside them do not matter", async () => {
    const [rsa, edward] = [await fakeKey("rsa", "RS256"), await fakeKey("edward", "EdDSA")];
    await start({ algorithms: ["RS256", "EdDSA"] });
    const secret = { kty: "oct", k: "c2VjcmV0", kid: "rsa", alg: "HS256" };
    const huge = { ...rsa.public, n: "A".repeat(2000), kid: "huge" };
    issuer.publish([secret, huge, { kty: 7 }, rsa.public, edward.public, issuer.key.public]);
    for (const key of [rsa, edward]) {
      expect(await pull(await issuer.token(weir.clock.now(), {}, { key }))).toBe(200);
    }
    await refused(await issuer.token(weir.clock.now()), "algorithm");
    const big = await issuer.token(weir.clock.now(), {}, { key: rsa, header: { kid: "huge" } });
    await refused(big, "key");
  });

  test("without a key's name does where there is one key, and not where there are several", async () => {
    await start();
    const header = { kid: undefined };
    expect(await pull(await issuer.token(weir.clock.now(), {}, { header }))).toBe(200);
    issuer.publish([issuer.key.public, (await fakeKey("two")).public]);
    weir.clock.step(600_000);
    await refused(await issuer.token(weir.clock.now(), {}, { header }), "key");
  });

  test("the issuer's required claims hold for every rule", async () => {
    await start({ requiredClaims: { namespace_id: "42" } });
    expect(await pull(await issuer.token(weir.clock.now(), { namespace_id: 42 }))).toBe(200);
    await refused(await issuer.token(weir.clock.now(), { namespace_id: 43 }), "no rule");
    await refused(await issuer.token(weir.clock.now()), "no rule");
  });

  test("audiences that are configured stand for ours", async () => {
    await start({ audiences: ["containers", "cache"] });
    const aud = (value: unknown) => issuer.token(weir.clock.now(), { aud: value });
    expect(await pull(await aud("cache"))).toBe(200);
    expect(await pull(await aud(["x", "containers"]))).toBe(200);
    await refused(await aud("weir.test:5000"), "claim aud");
  });

  test("this server's URL is an audience as well as its host", async () => {
    await start();
    const aud = (value: unknown) => issuer.token(weir.clock.now(), { aud: value });
    expect(await pull(await aud(externalUrl))).toBe(200);
    for (const wrong of [
      "weir.test",
      `${externalUrl}/`,
      "",
      [],
      [[externalUrl]],
      undefined,
      null,
    ]) {
      await refused(await aud(wrong), "claim aud");
    }
  });
});

describe("what is issued for it", () => {
  test("ends when it ends, to the second, whatever the leeway", async () => {
    await start({ leewaySeconds: 60 });
    const { token, expires_in: seconds } = await pullToken(await issuer.token(weir.clock.now()));
    expect(seconds).toBe(300);
    weir.clock.step(299_000);
    expect((await manifest(token)).status).toBe(200);
    weir.clock.step(1000);
    expect((await manifest(token)).status).toBe(401);
  });

  test("lives no longer than any pull token, however long the id token does", async () => {
    await start();
    for (const exp of [now() + 1_000_000, 1e12, Number.MAX_VALUE]) {
      const { token, expires_in: seconds } = await pullToken(
        await issuer.token(weir.clock.now(), { exp }),
      );
      expect(seconds).toBe(900);
      expect((await manifest(token)).status).toBe(200);
    }
  });

  test("goes on after a restart, unless the issuer's configuration is another one", async () => {
    await start();
    const idToken = await issuer.token(weir.clock.now());
    const { token } = await pullToken(idToken);
    await weir.halt();
    await weir.run();
    expect((await manifest(token)).status).toBe(200);
    expect(issuer.asked).toEqual([1, 1]);
    await weir.halt();
    const { dataDir } = weir;
    // The same rule under the same number, and one more behind it.
    const { rules } = issuer.settings();
    const env = { WEIR_DEPENDENCY_PROXY_URL: upstream.url };
    const options = { upstreams: [{ fake: upstream }], dataDir, env };
    await serve({
      ...options,
      oidcIssuers: [issuer.settings({ rules: [...rules, ...rules] })],
    });
    expect((await manifest(token)).status).toBe(401);
    expect(await pull(idToken)).toBe(200);
    await weir.halt();
    // Nothing that a configuration leaves out is removed; but whoever has left it out is told.
    await serve({ ...options, oidcIssuers: [] });
    expect((await manifest(token)).status).toBe(401);
    expect(await pull(idToken)).toBe(200);
    expect(weir.logLines).toContainEqual(
      expect.objectContaining({
        level: "warn",
        message: "an issuer is trusted that the configuration does not have any more",
        issuer: "forge",
      }),
    );
  });

  test("follows its group when that is renamed, and ends with another group's taking the name", async () => {
    await start();
    const idToken = await issuer.token(weir.clock.now());
    const { token } = await pullToken(idToken);
    await weir.api("PUT", "/groups/default", { path: "renamed" });
    expect((await manifest(token)).status).toBe(200);
    expect(await pull(idToken)).toBe(200);
    await weir.api("PUT", "/groups/other", { path: "default" });
    expect((await manifest(token)).status).toBe(404);
    expect(await pull(idToken, name(2))).toBe(200);
  });

  test("opens nothing of a group that is not there", async () => {
    const rules = [
      { claims: { sub: "**acme**" }, group: "nowhere", pull: ["registries" as const] },
    ];
    await start({ rules });
    await refused(await issuer.token(weir.clock.now()), "no group");
  });
});
