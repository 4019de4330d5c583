import { describe, expect, test } from "bun:test";
import { pathText, readDeclaration, readYaml } from "../../src/work/contract.ts";
import { testCertificate } from "../fakes/certificate.ts";

const token = "0123456789abcdef0123456789abcdef";
const plain = { description: undefined, onUnsure: "stop", ask: "in_order" } as const;
const other = "fedcba9876543210fedcba9876543210";
const env = { HUB: "hub password", CI: other, EMPTY: "" };

function read(yaml: string) {
  const result = readYaml(yaml);
  if ("problems" in result) throw new Error(result.problems.join());
  const files: Record<string, string> = {
    "/run/token": `${token}\n`,
    "/run/short": "short\n",
    "/run/ca": `the authority of the house:\n${testCertificate.cert}`,
  };
  const { declared, problems } = readDeclaration(result.map, env, (file) => {
    const text = files[file];
    if (text === undefined) throw Object.assign(new Error(file), { code: "EACCES" });
    return text;
  });
  return { declared, problems: problems.map((p) => `${pathText(p.path)}: ${p.message}`) };
}

test("nothing is declared by an empty file", () => {
  const nothing = {
    groups: [],
    upstreams: [],
    registries: [],
    users: [],
    oidcIssuers: [],
    webhooks: [],
    prefetches: [],
  };
  expect(read("")).toEqual({ declared: nothing, problems: [] });
});

test("everything that can be said", () => {
  const { declared, problems } = read(`
groups: [{ path: team, name: The Team }, { path: plain }]
upstreams:
  - { name: hub, url: docker.io, username: robot, password_env: HUB }
  - name: inner
    group: team
    url: https://registry.example.com/path/
    username: a
    password: b
    token_realm: https://auth.example.com/token
    cache_validity_hours: 0
    denied_means: absent
    library_prefix: true
registries:
  - { id: 12, group: team, name: main, upstreams: [inner] }
  - { name: main, upstreams: [hub] }
users:
  - username: root
    admin: true
    tokens: [{ name: all, token_file: /run/token, scopes: [api], expires_at: 2030-12-31 }]
  - username: ci
    memberships: [{ group: team, role: guest }, { group: default, role: owner }]
    tokens: [{ name: t, token_env: CI, expires_at: "2030-12-31T18:00:00+02:00" }]
`);
  expect(problems).toEqual([]);
  expect(declared).toEqual({
    groups: [
      { path: "team", name: "The Team" },
      { path: "plain", name: "plain" },
    ],
    upstreams: [
      {
        group: "default",
        name: "hub",
        url: "https://registry-1.docker.io",
        username: "robot",
        password: "hub password",
        tokenRealm: undefined,
        cacheValidityHours: 24,
        deniedMeans: "absent",
        libraryPrefix: true,
        description: undefined,
        staleIfAbsentHours: 168,
        staleWhileRevalidate: false,
        cacheMaxBytes: undefined,
        verifiedGroup: undefined,
        ca: undefined,
        rules: [],
      },
      {
        group: "team",
        name: "inner",
        url: "https://registry.example.com/path",
        username: "a",
        password: "b",
        tokenRealm: "https://auth.example.com/token",
        cacheValidityHours: 0,
        deniedMeans: "absent",
        libraryPrefix: true,
        description: undefined,
        staleIfAbsentHours: 168,
        staleWhileRevalidate: false,
        cacheMaxBytes: undefined,
        verifiedGroup: undefined,
        ca: undefined,
        rules: [],
      },
    ],
    registries: [
      { id: 12, group: "team", name: "main", upstreams: ["inner"], ...plain },
      { id: undefined, group: "default", name: "main", upstreams: ["hub"], ...plain },
    ],
    users: [
      {
        username: "root",
        admin: true,
        memberships: [],
        tokens: [
          { name: "all", secret: token, scopes: ["api"], expiresAt: Date.UTC(2030, 11, 31) },
        ],
      },
      {
        username: "ci",
        admin: false,
        memberships: [
          { group: "team", role: "guest" },
          { group: "default", role: "owner" },
        ],
        tokens: [
          {
            name: "t",
            secret: other,
            scopes: ["read_virtual_registry"],
            expiresAt: Date.UTC(2030, 11, 31, 16),
          },
        ],
      },
    ],
    oidcIssuers: [],
    webhooks: [],
    prefetches: [],
  });
});

test("what choosing needs is read, authorities from a file too", () => {
  const { declared, problems } = read(`
upstreams:
  - name: a
    url: https://a.example.com
    description: ours
    stale_if_absent_hours: 0
    stale_while_revalidate: true
    ca_file: /run/ca
    rules:
      - { target: repository, effect: allow, pattern: "team/**" }
      - { target: tag, effect: deny, pattern: latest }
registries:
  - { name: r, description: everything, on_unsure: continue, ask: parallel, upstreams: [a] }
`);
  expect(problems).toEqual([]);
  expect(declared.upstreams).toMatchObject([
    {
      description: "ours",
      staleIfAbsentHours: 0,
      staleWhileRevalidate: true,
      cacheMaxBytes: undefined,
      verifiedGroup: undefined,
      ca: testCertificate.cert,
      rules: [
        { target: "repository", effect: "allow", pattern: "team/**" },
        { target: "tag", effect: "deny", pattern: "latest" },
      ],
    },
  ]);
  const registry = { description: "everything", onUnsure: "continue", ask: "parallel" };
  expect(declared.registries).toMatchObject([registry]);
});

test("issuers of id tokens", () => {
  const { declared, problems } = read(`
groups: [{ path: acme }, { path: acme/tools }]
oidc_issuers:
  - name: gitlab
    issuer: https://gitlab.example.com
    rules: [{ group: acme, claims: { project_path: acme/**, ref_protected: true } }]
  - name: k8s
    issuer: http://127.0.0.1:8443/
    jwks_uri: https://10.0.0.1/openid/v1/jwks
    audiences: [weir, other]
    algorithms: [ES256, EdDSA]
    ca_file: /run/ca
    leeway_seconds: 60
    required_claims: { sub: "system:serviceaccount:*" }
    rules:
      - { claims: { kubernetes.io: { namespace: [ci, ci-*], serviceaccount: { name: "*" } } } }
      - { group: acme/tools, claims: { sub: "*" } }
      - { group: acme, claims: { sub: a }, pull: [dependency_proxies] }
`);
  expect(problems).toEqual([]);
  expect(declared.oidcIssuers).toEqual([
    {
      name: "gitlab",
      issuer: "https://gitlab.example.com",
      jwksUri: undefined,
      audiences: undefined,
      algorithms: ["RS256", "ES256"],
      ca: undefined,
      leewaySeconds: 30,
      requiredClaims: {},
      rules: [
        {
          claims: { project_path: "acme/**", ref_protected: "true" },
          group: "acme",
          pull: ["registries", "dependency_proxies"],
        },
      ],
    },
    {
      name: "k8s",
      issuer: "http://127.0.0.1:8443/",
      jwksUri: "https://10.0.0.1/openid/v1/jwks",
      audiences: ["weir", "other"],
      algorithms: ["ES256", "EdDSA"],
      ca: testCertificate.cert,
      leewaySeconds: 60,
      requiredClaims: { sub: "system:serviceaccount:*" },
      rules: [
        {
          claims: { "kubernetes.io": { namespace: ["ci", "ci-*"], serviceaccount: { name: "*" } } },
          group: "default",
          pull: ["registries", "dependency_proxies"],
        },
        { claims: { sub: "*" }, group: "acme/tools", pull: ["dependency_proxies"] },
        { claims: { sub: "a" }, group: "acme", pull: ["dependency_proxies"] },
      ],
    },
  ]);
});

test("an upstream can be for the members of a group", () => {
  const { declared, problems } = read(`
groups: [{ path: team }]
upstreams:
  - { name: a, url: docker.io, access: verified, verified_group: Team }
  - { name: b, url: docker.io, access: shared }
`);
  expect(problems).toEqual([]);
  expect(declared.upstreams.map((one) => one.verifiedGroup)).toEqual(["Team", undefined]);
});

describe("problems", () => {
  const table: [what: string, yaml: string, wanted: (string | RegExp)[]][] = [
    ["an unknown part", "upstream: []", ["upstream: is not known; did you mean upstreams?"]],
    [
      "an unknown key",
      "upstreams: [{ name: a, url: docker.io, pasword: x, zzz: y }]",
      [
        "upstreams[0].pasword: is not known; did you mean password?",
        /^upstreams\[0\]\.zzz: is not known; there are group, name, url/,
      ],
    ],
    [
      "a key of the language",
      "__proto__: { admin: true }",
      [/^__proto__: is not known; there are settings, groups/],
    ],
    ["no list", "users: { username: a }", ["users: must be a list"]],
    ["no map", "users: [a]", [/^users\[0\]: must be a map with username, admin/]],
    [
      "missing keys",
      "upstreams: [{}]",
      [
        /^upstreams\[0\]\.name: is missing: it must be 1 to 255/,
        /^upstreams\[0\]\.url: is missing: it must be an address/,
      ],
    ],
    [
      "names",
      'groups: [{ path: "a b" }, { path: ok, name: " x" }]',
      [
        /^groups\[0\]\.path: must be 1 to 255 letters/,
        /^groups\[1\]\.name: must be 1 to 255 printable/,
      ],
    ],
    ...["a/", "/a", ".a", "a-", "a..b", "dependency_proxy", "a/Virtual_Registries"].map(
      (path): [string, string, RegExp[]] => [
        `a group that no image could name: ${path}`,
        `groups: [{ path: a }, { path: ${path} }]`,
        [/^groups\[1\]\.path: must be 1 to 255 letters and digits with/],
      ],
    ),
    [
      "subgroups",
      `
groups: [{ path: Acme }, { path: acme/Tools }, { path: b/c }, { path: acme }]
upstreams: [{ group: acme/tools, name: a, url: docker.io }]
registries: [{ group: ACME/Tools, name: r, upstreams: [b] }]
users: [{ username: u, memberships: [{ group: ACME/tools, role: guest }, { group: Acme/Tools, role: guest }] }]
`,
      [
        'groups[3].path: "acme" stands at groups[0].path already; keep one of them',
        'groups[2].path: there is no group "b"; declare it under groups',
        "upstreams[0].group: must be a top-level group: subgroups have no registries and upstreams",
        "registries[0].group: must be a top-level group: subgroups have no registries and upstreams",
        'registries[0].upstreams[0]: there is no upstream "b" in the group "ACME/Tools"; declare it under upstreams',
        'users[0].memberships[1].group: "acme/tools" stands at users[0].memberships[0].group already; keep one of them',
      ],
    ],
    [
      "whom an upstream is for",
      `
groups: [{ path: team }]
upstreams:
  - { name: a, url: docker.io, access: verified }
  - { name: b, url: docker.io, verified_group: team }
  - { name: c, url: docker.io, access: verified, verified_group: nobody }
  - { name: d, url: docker.io, access: hidden }
`,
      [
        "upstreams[3].access: must be one of shared, verified",
        "upstreams[0].verified_group: is missing: access: verified needs one",
        "upstreams[1].verified_group: needs access: verified beside it",
        'upstreams[2].verified_group: there is no group "nobody"; declare it under groups',
      ],
    ],
    [
      "Dependency Proxies with half a login",
      `
groups:
  - { path: a, dependency_proxy: { identity: hub } }
  - { path: b, dependency_proxy: { secret: pass } }
  - { path: c, dependency_proxy: { identity: hub, secret_env: NOT_SET, ttl_days: 0 } }
  - { path: d, dependency_proxy: on }
`,
      [
        "groups[2].dependency_proxy.ttl_days: must be a whole number of days from 1 to 36500",
        /^groups\[3\]\.dependency_proxy: must be a map with enabled, identity/,
        "groups[0].dependency_proxy.secret: is missing: an identity needs one",
        "groups[1].dependency_proxy.identity: is missing: a secret needs one",
        "groups[2].dependency_proxy.secret_env: names the variable NOT_SET, which is not set",
      ],
    ],
    [
      "cleanup policies",
      `
groups:
  - { path: a, cleanup_policy: { cadence: 2 } }
  - { path: a/b, cleanup_policy: {} }
`,
      [
        "groups[0].cleanup_policy.cadence: must be one of 1, 7, 14, 30, 90, in days",
        "groups[1].cleanup_policy: must be a top-level group: subgroups have no registries and upstreams",
      ],
    ],
    [
      "ends and states of users",
      "users: [{ username: a, state: gone, memberships: [{ group: default, role: guest, expires_at: 2030-12-31T10:00:00Z }] }]",
      [
        "users[0].state: must be one of active, blocked, deactivated",
        "users[0].memberships[0].expires_at: must be a day such as 2030-12-31",
      ],
    ],
    [
      "numbers",
      "registries: [{ id: 0, name: a, upstreams: [] }]",
      [/^registries\[0\]\.id: must be a whole number from 1/],
    ],
    [
      "words",
      "upstreams: [{ name: a, url: docker.io, denied_means: gone, library_prefix: 1 }]",
      [
        "upstreams[0].denied_means: must be one of absent, unsure",
        "upstreams[0].library_prefix: must be true or false",
      ],
    ],
    [
      "roles and scopes",
      `users: [{ username: a, memberships: [{ group: default, role: boss }], tokens: [{ name: t, token: ${token}, scopes: [pull] }] }]`,
      [
        /^users\[0\]\.memberships\[0\]\.role: must be one of guest, planner/,
        /^users\[0\]\.tokens\[0\]\.scopes\[0\]: must be one of api, read_api/,
      ],
    ],
    [
      "days",
      `users: [{ username: a, tokens: [{ name: t, token: ${token}, expires_at: 2030-02-30 }] }]`,
      [/^users\[0\]\.tokens\[0\]\.expires_at: must be a day such as 2030-12-31/],
    ],
    [
      "names that stand twice",
      `
groups: [{ path: g }, { path: g }]
upstreams: [{ name: a, url: docker.io }, { name: a, url: docker.io }, { group: g, name: a, url: docker.io }]
registries: [{ id: 1, name: r, upstreams: [a, a] }, { id: 1, name: r, upstreams: [a] }]
users: [{ username: u, memberships: [{ group: g, role: guest }, { group: g, role: owner }], tokens: [{ name: t, token: ${token} }, { name: t, token: ${other} }] }, { username: u }]
`,
      [
        'groups[1].path: "g" stands at groups[0].path already; keep one of them',
        'upstreams[1].name: "default/a" stands at upstreams[0].name already; keep one of them',
        'registries[1].id: "1" stands at registries[0].id already; keep one of them',
        'registries[1].name: "default/r" stands at registries[0].name already; keep one of them',
        'users[1].username: "u" stands at users[0].username already; keep one of them',
        'registries[0].upstreams[1]: "a" stands at registries[0].upstreams[0] already; keep one of them',
        'users[0].memberships[1].group: "g" stands at users[0].memberships[0].group already; keep one of them',
        'users[0].tokens[1].name: "t" stands at users[0].tokens[0].name already; keep one of them',
      ],
    ],
    [
      "names of nothing",
      `
groups: [{ path: g }]
upstreams: [{ group: x, name: a, url: docker.io }, { group: g, name: b, url: docker.io }]
registries: [{ group: y, name: r, upstreams: [a] }, { name: s, upstreams: [b] }]
users: [{ username: u, memberships: [{ group: z, role: guest }] }]
`,
      [
        'upstreams[0].group: there is no group "x"; declare it under groups',
        'registries[0].group: there is no group "y"; declare it under groups',
        'registries[0].upstreams[0]: there is no upstream "a" in the group "y"; declare it under upstreams',
        'registries[1].upstreams[0]: there is no upstream "b" in the group "default"; declare it under upstreams',
        'users[0].memberships[0].group: there is no group "z"; declare it under groups',
      ],
    ],
    [
      "a reference beside other problems",
      "upstreams: [{ name: a, url: x }]\nregistries: [{ name: r, upstreams: [a, b] }]",
      [
        /^upstreams\[0\]\.url: must be/,
        /^registries\[0\]\.upstreams\[1\]: there is no upstream "b"/,
      ],
    ],
    [
      "the administrator's name",
      "users: [{ username: admin }]",
      [
        /^users\[0\]\.username: "admin" is made at the first start, its token set by WEIR_ADMIN_TOKEN/,
      ],
    ],
    [
      "no token",
      "users: [{ username: a, tokens: [{ name: t }] }]",
      ["users[0].tokens[0].token: is missing: give one of token, token_file, token_env"],
    ],
    [
      "two tokens",
      `users: [{ username: a, tokens: [{ name: t, token: ${token}, token_env: CI }] }]`,
      ["users[0].tokens[0].token_env: stands beside token; keep one of them"],
    ],
    [
      "weak tokens",
      "users: [{ username: a, tokens: [{ name: t, token: short }, { name: u, token_file: /run/short }] }]",
      [
        /^users\[0\]\.tokens\[0\]\.token: must have 32 random characters/,
        /^users\[0\]\.tokens\[1\]\.token_file: must have 32 random characters/,
      ],
    ],
    [
      "secrets elsewhere that are not there",
      "upstreams: [{ name: a, url: docker.io, username: b, password_file: /none }, { name: c, url: docker.io, username: d, password_env: NONE }, { name: e, url: docker.io, username: f, password_env: EMPTY }]",
      [
        "upstreams[0].password_file: names a file that cannot be read (EACCES); check its path and permissions",
        "upstreams[1].password_env: names the variable NONE, which is not set",
        "upstreams[2].password_env: names the variable EMPTY, which is not set",
      ],
    ],
    [
      "rules and authorities",
      `
upstreams:
  - { name: a, url: docker.io, ca: none, rules: [{ target: image, effect: allow, pattern: a***b }, { target: tag, effect: deny }] }
  - { name: b, url: docker.io, ca: x, ca_file: /run/ca }
  - { name: c, url: docker.io, ca_file: /run/short, rules: [${"{ target: tag, effect: deny, pattern: a }, ".repeat(21)}] }
registries: [{ name: r, upstreams: [a], on_unsure: wait, ask: all }]`,
      [
        "upstreams[0].rules[0].target: must be one of repository, tag",
        /^upstreams\[0\]\.rules\[0\]\.pattern: must be 1 to 255 letters/,
        /^upstreams\[0\]\.rules\[1\]\.pattern: is missing: it must be 1 to 255/,
        "upstreams[2].rules: must be at most 20 rules",
        "registries[0].on_unsure: must be one of stop, continue",
        "registries[0].ask: must be one of in_order, parallel",
        /^upstreams\[0\]\.ca: must be one or more certificates in PEM/,
        "upstreams[1].ca_file: stands beside ca; keep one of them",
        /^upstreams\[2\]\.ca_file: must be one or more certificates in PEM/,
      ],
    ],
    [
      "issuers",
      `
groups: [{ path: acme }, { path: acme/tools }]
oidc_issuers:
  - { name: A, issuer: http://gitlab.example.com, audiences: [], algorithms: [HS256, none, RS256], leeway_seconds: 61, rules: [] }
  - { name: b, issuer: "https://a:secret@b.example.com", jwks_uri: "ftp://b.example.com", ca: none, leeway: 1 }
  - { name: c, issuer: https://c.example.com, rules: [{ group: nowhere }, { group: acme/tools, claims: { sub: a }, pull: [registries] }, { claims: { sub: a }, pull: [] }] }
  - { name: c, issuer: https://c.example.com, rules: [{ claims: { sub: a } }] }
  - name: d
    issuer: https://d.example.com
    required_claims: { a: [] }
    rules:
      - { claims: { a: a***b, b: { c: { d: { e: { f: g } } } } } }
      - { claims: [sub] }
`,
      [
        /^oidc_issuers\[0\]\.name: must be 1 to 32 lower-case letters/,
        /^oidc_issuers\[0\]\.issuer: must be the address that stands as iss/,
        "oidc_issuers[0].audiences: must name at least one audience",
        /^oidc_issuers\[0\]\.algorithms\[0\]: must be one of RS256/,
        /^oidc_issuers\[0\]\.algorithms\[1\]: must be one of RS256/,
        "oidc_issuers[0].leeway_seconds: must be a whole number of seconds from 0 to 60",
        "oidc_issuers[0].rules: must have at least one rule: without any no token opens anything",
        /^oidc_issuers\[1\]\.issuer: must be the address that stands as iss/,
        /^oidc_issuers\[1\]\.jwks_uri: must be the address of a set of keys/,
        "oidc_issuers[1].rules: must be a list",
        /^oidc_issuers\[1\]\.leeway: is not known; did you mean leeway_seconds\?/,
        /^oidc_issuers\[2\]\.rules\[0\]\.claims: is missing: it must be a map of 1 to 20 claims/,
        "oidc_issuers[2].rules[2].pull: must name at least one of registries, dependency_proxies",
        /^oidc_issuers\[4\]\.required_claims\.a: must be a text of at most 255/,
        /^oidc_issuers\[4\]\.rules\[0\]\.claims\.a: must be a text of at most 255/,
        /^oidc_issuers\[4\]\.rules\[0\]\.claims\.b\.c\.d\.e: must be a text of at most 255/,
        /^oidc_issuers\[4\]\.rules\[1\]\.claims: must be a map of 1 to 20 claims/,
        'oidc_issuers[3].name: "c" stands at oidc_issuers[2].name already; keep one of them',
        'oidc_issuers[3].issuer: "https://c.example.com" stands at oidc_issuers[2].issuer already; keep one of them',
        'oidc_issuers[2].rules[0].group: there is no group "nowhere"; declare it under groups',
        "oidc_issuers[2].rules[1].pull: must not have registries for a subgroup, which has none",
        /^oidc_issuers\[1\]\.ca: must be one or more certificates in PEM/,
      ],
    ],
    [
      "webhooks and prefetches",
      `
groups: [{ path: acme }, { path: acme/tools }]
upstreams: [{ group: acme, name: a, url: docker.io }]
registries: [{ group: acme, name: all, upstreams: [a] }]
webhooks:
  - { group: acme/tools, name: a, url: "https://u:p@example.com", secret: short, events: [nothing] }
  - { group: acme, name: b, url: https://example.com, events: ["*", "*"] }
  - { group: nowhere, name: b, url: https://example.com, secret_env: UNSET }
  - { group: acme, name: b, url: https://example.com, secret: x, secret_file: y }
prefetches:
  - { group: acme, registry: all, name: n, images: [], every_hours: 0 }
  - { group: acme, registry: other, name: n, images: [a b], platforms: [linux] }
  - { group: acme, registry: all, name: n, images: [a, a], every_hours: 1 }
`,
      [
        /^webhooks\[0\]\.url: must be an address such as https:\/\/example.com\/hook, without user/,
        /^webhooks\[0\]\.events\[0\]: must be one of \*, registry.created/,
        "webhooks[1].events: has one twice",
        "prefetches[0].images: must name at least one image",
        "prefetches[0].every_hours: must be a whole number of hours from 1 to 8760",
        /^prefetches\[1\]\.images\[0\]: must be <repository>/,
        /^prefetches\[1\]\.platforms\[0\]: must be all, or a system/,
        /^prefetches\[1\]\.every_hours: /,
        "prefetches[2].images: has one twice",
        'webhooks[2].group: there is no group "nowhere"; declare it under groups',
        "webhooks[0].group: must be a top-level group: subgroups have no registries and upstreams",
        'webhooks[3].name: "acme/b" stands at webhooks[1].name already; keep one of them',
        'prefetches[1].registry: there is no registry "other" in the group "acme"; declare it under registries',
        'prefetches[2].name: "acme/all/n" stands at prefetches[0].name already; keep one of them',
        /^webhooks\[0\]\.secret: must be whsec_ and 24 to 64 random bytes/,
        "webhooks[1].secret: is missing: give one of secret, secret_file, secret_env",
        "webhooks[2].secret_env: names the variable UNSET, which is not set",
        "webhooks[3].secret_file: stands beside secret; keep one of them",
      ],
    ],
    [
      "rules that would let in everybody",
      `
oidc_issuers:
  - { name: a, issuer: https://a.example.com, rules: [{ claims: { sub: "**", x: { y: "*/*" }, z: [a, "*"] } }, { claims: { z: [a, b] } }] }
  - name: github
    issuer: https://token.actions.githubusercontent.com
    rules:
      - { claims: { ref: refs/heads/main } }
      - { claims: { repository: "acme*/app" } }
      - { claims: { repository: [acme/app, "*/app"] } }
      - { claims: { repository: acme/* } }
      - { claims: { sub: "repo:acme/app:*" } }
      - { claims: { repository_owner: acme } }
  - name: gitlab
    issuer: https://gitlab.com
    required_claims: { namespace_id: 4711 }
    rules: [{ claims: { ref: main } }]
`,
      [
        "oidc_issuers[0].rules[0].claims: must have a claim with more in it than stars: every token of this issuer would do",
        ...[0, 1, 2].map(
          (rule) =>
            new RegExp(
              `^oidc_issuers\\[1\\]\\.rules\\[${rule}\\]\\.claims: must say whose tokens are meant, .* one of sub, repository, `,
            ),
        ),
      ],
    ],
    [
      "half a login",
      "upstreams: [{ name: a, url: docker.io, username: b }, { name: c, url: docker.io, password: d }]",
      [
        "upstreams[0].password: is missing: a username needs one",
        "upstreams[1].username: is missing: a password needs one",
      ],
    ],
    [
      "one token for two",
      `users: [{ username: a, tokens: [{ name: t, token: ${token} }] }, { username: b, tokens: [{ name: t, token_file: /run/token }] }]`,
      ["users[1].tokens[0]: has the same token as users[0].tokens[0]; make another"],
    ],
  ];
  test.each(table)("%s", (_, yaml, wanted) => {
    const { declared, problems } = read(yaml);
    expect(problems).toEqual(
      wanted.map((text) => (typeof text === "string" ? text : expect.stringMatching(text))),
    );
    expect(Object.values(declared).flat()).toEqual([]);
  });
});
