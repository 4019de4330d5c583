import { describe } from "bun:test";
import { testProblems } from "./reading.ts";

describe("problems", () => {
  testProblems([
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
  ]);
});
