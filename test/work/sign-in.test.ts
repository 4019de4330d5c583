import { describe, expect, test } from "bun:test";
import { ConfigError, describeConfig, loadConfig } from "../../src/config.ts";
import { clientCertificates } from "../fakes/client-certificates.ts";

const secret = "a-secret-of-the-client-that-only-two-know";
const one = { name: "company", issuer: "https://id.example.com/realm", client_id: "weir" };

function load(
  providers: unknown,
  { env = {}, files = {} }: { env?: Record<string, string>; files?: Record<string, string> } = {},
) {
  const all: Record<string, string> = {
    "weir.yaml": JSON.stringify({ sign_in_providers: providers }),
    ...files,
  };
  return loadConfig({ WEIR_CONFIG_FILE: "weir.yaml", ...env }, (file) => {
    const text = all[file];
    if (text === undefined) throw Object.assign(new Error(file), { code: "ENOENT" });
    return text;
  });
}

function problems(...given: Parameters<typeof load>): readonly string[] {
  try {
    load(...given);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe("sign_in_providers", () => {
  test("the least that one needs", () => {
    expect(load([one]).signIn.providers).toEqual([
      {
        name: "company",
        title: "company",
        issuer: one.issuer,
        clientId: "weir",
        clientSecret: undefined,
        scopes: ["openid", "profile", "email"],
        usernameClaim: "preferred_username",
        groupsClaim: "groups",
        createUsers: false,
        roles: [],
        ca: undefined,
      },
    ]);
  });

  test("everything that one can have", () => {
    const roles = [{ value: "staff", group: "platform/tools", role: "guest" }];
    const full = {
      ...one,
      title: "The Company",
      client_secret: secret,
      scopes: ["openid", "groups"],
      username_claim: "nickname",
      groups_claim: "https://example.com/groups",
      create_users: "true",
      roles,
      ca_file: "ca.pem",
    };
    const ca = clientCertificates.node.cert;
    const config = load([full], { files: { "ca.pem": ca } });
    expect(config.signIn.providers).toMatchObject([
      {
        title: "The Company",
        clientSecret: secret,
        scopes: ["openid", "groups"],
        usernameClaim: "nickname",
        groupsClaim: "https://example.com/groups",
        createUsers: true,
        roles,
        ca: expect.stringContaining("BEGIN CERTIFICATE"),
      },
    ]);
    const shown = describeConfig(config);
    expect(shown).not.toContain(secret);
    expect(shown).toContain('client_secret: "[redacted]"');
    expect(shown).toContain("https://id.example.com/realm");
  });

  test("the secret comes from a file or a variable too", () => {
    const bySecret = (given: object, around = {}) =>
      load([{ ...one, ...given }], around).signIn.providers[0]?.clientSecret;
    expect(bySecret({ client_secret_file: "s" }, { files: { s: `${secret}\n` } })).toBe(secret);
    expect(bySecret({ client_secret_env: "S" }, { env: { S: secret } })).toBe(secret);
  });

  const mustBeIssuer =
    "must be the address of the provider, such as https://id.example.com/realm, as it names itself; http on this machine only";
  const rows: [what: string, providers: unknown, problems: string[]][] = [
    ["no list", { ...one }, ["sign_in_providers: must be a list"]],
    [
      "nothing in it",
      [{}],
      [
        "sign_in_providers[0].name: is missing: it must be 1 to 64 lower-case letters, digits and -, not at the ends",
        `sign_in_providers[0].issuer: is missing: it ${mustBeIssuer}`,
        "sign_in_providers[0].client_id: is missing: it must be 1 to 255 characters without blanks",
      ],
    ],
    [
      "a key with a slip",
      [{ ...one, client_secrt: secret }],
      ["sign_in_providers[0].client_secrt: is not known; did you mean client_secret?"],
    ],
    [
      "one name twice",
      [one, { ...one, issuer: "https://another.example.com" }],
      ["sign_in_providers[1].name: stands twice; keep one of them"],
    ],
    [
      "one issuer twice",
      [one, { ...one, name: "another" }],
      ["sign_in_providers[1].issuer: stands twice; keep one of them"],
    ],
    [
      "two secrets",
      [{ ...one, client_secret: secret, client_secret_env: "S" }],
      ["sign_in_providers[0].client_secret_env: stands beside client_secret; keep one of them"],
    ],
    [
      "a variable that is not set",
      [{ ...one, client_secret_env: "S" }],
      ["sign_in_providers[0].client_secret_env: names the variable S, which is not set"],
    ],
    [
      "a file that is not there",
      [{ ...one, client_secret_file: "/run/none" }],
      [
        "sign_in_providers[0].client_secret_file: names a file that cannot be read (ENOENT); check its path and permissions",
      ],
    ],
    [
      "an authority that is not there",
      [{ ...one, ca_file: "weir.yaml" }],
      ["sign_in_providers[0].ca_file: must be one or more certificates in PEM, of at most 32 KiB"],
    ],
    [
      "no such role",
      [{ ...one, roles: [{ value: "a", group: "b", role: "boss" }] }],
      [
        "sign_in_providers[0].roles[0].role: must be one of guest, planner, reporter, developer, maintainer, owner",
      ],
    ],
  ];
  test.each(rows)("%s", (_, providers, expected) => {
    expect(problems(providers)).toEqual(expected);
  });

  test("a secret that can be none is not quoted", () => {
    const wrong = "a secret with blanks";
    for (const found of [
      problems([{ ...one, client_secret: wrong }]),
      problems([{ ...one, client_secret_env: "S" }], { env: { S: wrong } }),
    ]) {
      expect(found).toHaveLength(1);
      expect(found[0]).toEndWith("must be 1 to 1024 characters without blanks");
      expect(found.join()).not.toContain(wrong);
    }
  });

  test("an issuer is reached by https, or is on this machine", () => {
    for (const issuer of [
      "http://localhost:8080/realms/x",
      "http://127.0.0.1:1",
      "http://[::1]:1",
    ]) {
      expect(load([{ ...one, issuer }]).signIn.providers[0]?.issuer).toBe(issuer);
    }
    for (const issuer of [
      "http://id.example.com",
      "http://127.0.0.1.example.com",
      "https://id.example.com?x",
      "https://a@id.example.com",
      "id.example.com",
      "ftp://id.example.com",
    ]) {
      expect(problems([{ ...one, issuer }])).toEqual([
        `sign_in_providers[0].issuer: ${mustBeIssuer}`,
      ]);
    }
  });
});
