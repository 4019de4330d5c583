import { describe } from "bun:test";
import { other, testProblems, token } from "./reading.ts";

describe("problems", () => {
  testProblems([
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
  ]);
});
