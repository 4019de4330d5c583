import { expect, test } from "bun:test";
import { testCertificate } from "../../fakes/certificate.ts";
import { other, plain, read, token } from "./reading.ts";
import { dockerHub } from "../../fakes/docker-hub.ts";

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
        ...dockerHub,
        group: "default",
        name: "hub",
        username: "robot",
        password: "hub password",
      },
      {
        ...dockerHub,
        group: "team",
        name: "inner",
        url: "https://registry.example.com/path",
        username: "a",
        password: "b",
        tokenRealm: "https://auth.example.com/token",
        cacheValidityHours: 0,
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
