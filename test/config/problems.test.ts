import { describe, expect, test } from "bun:test";
import { load, loadYaml, pems, problems, secret, shared } from "../fakes/configuration.ts";

describe("bad settings", () => {
  test.each([
    ["WEIR_TLS_CERT", "cert.pem", "WEIR_TLS_KEY"],
    ["WEIR_TLS_KEY", "key.pem", "WEIR_TLS_CERT"],
    ["WEIR_MIRROR_LISTEN", "127.0.0.1:5443", "WEIR_MIRROR_CLIENT_CA"],
    ["WEIR_MIRROR_CLIENT_CA", "cert.pem", "WEIR_MIRROR_LISTEN"],
    ["WEIR_FIRST_UPSTREAM_USERNAME", "a", "WEIR_FIRST_UPSTREAM_PASSWORD"],
    ["WEIR_FIRST_UPSTREAM_PASSWORD", "a", "WEIR_FIRST_UPSTREAM_USERNAME"],
  ])("%s alone", (given, value, missing) => {
    expect(problems(() => load({ [given]: value }, pems))).toEqual([
      `${missing}: is missing: ${given} needs it; give both or none`,
    ]);
  });

  const found: [what: string, run: () => unknown, wanted: string[]][] = [
    [
      "a key of another certificate",
      () => load({ WEIR_TLS_CERT: "cert.pem", WEIR_TLS_KEY: "other.pem" }, pems),
      ["WEIR_TLS_KEY: is not the key of the certificate; give the one it was made with"],
    ],
    [
      "a value given twice",
      () => load({ WEIR_LISTEN: "127.0.0.1:1", WEIR_LISTEN_FILE: "f" }, { f: "127.0.0.1:2" }),
      ["WEIR_LISTEN: stands beside WEIR_LISTEN_FILE; keep one of them"],
    ],
    [
      "a value in a file that is not there",
      () => load({ WEIR_ADMIN_TOKEN_FILE: "/run/secrets/none" }),
      [
        "WEIR_ADMIN_TOKEN_FILE: names a file that cannot be read (ENOENT); check its path and permissions",
      ],
    ],
    [
      "a value in an empty file",
      () => load({ WEIR_LOG_LEVEL_FILE: "f" }, { f: "\n" }),
      ["WEIR_LOG_LEVEL_FILE: must be one of debug, info, warn, error"],
    ],
    [
      "unknown variables, with the nearest known",
      () =>
        load({
          WEIR_LISTN: "a",
          WEIR_ADMIN_TOKENS_FILE: "b",
          WEIR_NONSENSE: "c",
          WEIR_CONFIG: "d",
        }),
      [
        "WEIR_LISTN: is not a setting; did you mean WEIR_LISTEN?",
        "WEIR_ADMIN_TOKENS_FILE: is not a setting; did you mean WEIR_ADMIN_TOKEN?",
        "WEIR_NONSENSE: is not a setting; see docs/configuration.md",
        "WEIR_CONFIG: is not a setting; did you mean WEIR_CONFIG_FILE?",
      ],
    ],
    [
      "a database without the secret that its servers share",
      () => load({ WEIR_DATABASE_URL: "postgres://u:p@host/db" }),
      [
        "WEIR_SECRET_KEY: is missing: WEIR_DATABASE_URL needs it, the same for each server of that database",
      ],
    ],
    [
      "authorities that nobody asks for",
      () => load({ WEIR_DATABASE_CA: "cert.pem", ...shared }, pems),
      ["WEIR_DATABASE_CA: is of use with sslmode=verify-full in WEIR_DATABASE_URL alone"],
    ],
    [
      "variables of later versions",
      () => load({ WEIR_WORKERS: "4" }),
      ["WEIR_WORKERS"].map((name) => `${name}: is not supported by this version; leave it out`),
    ],
    [
      "settings of the file",
      () =>
        loadYaml(
          "settings: { lisen: a, workers: 2, config_file: b, log_level: {}, data_dir: [[a]] }",
        ),
      [
        "settings.log_level: must be a single value or a list of them",
        "settings.data_dir: must be a single value or a list of them",
        "settings.lisen: is not a setting; did you mean settings.listen?",
        "settings.workers: is not supported by this version; leave it out",
        "settings.config_file: is not a setting; see docs/configuration.md",
      ],
    ],
    [
      "no map of settings",
      () => loadYaml("settings: [a]"),
      ["settings: must be a map of settings"],
    ],
    [
      "no configuration file",
      () => load({ WEIR_CONFIG_FILE: "weir.yaml" }),
      [
        "WEIR_CONFIG_FILE: names a file that cannot be read (ENOENT); check its path and permissions",
      ],
    ],
    [
      "a file that is not YAML, and a variable",
      () => loadYaml("settings:\n  listen: a\n  listen: b\n", { WEIR_DRAIN_SECONDS: "x" }),
      [
        'WEIR_CONFIG_FILE (weir.yaml): line 3, column 3 has the key "listen" for the second time; keep one',
        "WEIR_DRAIN_SECONDS: must be a whole number of seconds from 0 to 86400",
      ],
    ],
    [
      "the administrator's token given to a user",
      () =>
        loadYaml(`users: [{ username: ci, tokens: [{ name: t, token: ${secret} }] }]`, {
          WEIR_ADMIN_TOKEN: secret,
        }),
      ["WEIR_ADMIN_TOKEN: is a token of the user ci as well; make another"],
    ],
    [
      "one secret key given as the present and the former one",
      () => load({ WEIR_SECRET_KEY: secret, WEIR_SECRET_KEY_PREVIOUS: secret }),
      ["WEIR_SECRET_KEY_PREVIOUS: is the same as WEIR_SECRET_KEY; give the former one"],
    ],
  ];
  for (const [what, run, wanted] of found) {
    test(what, () => {
      expect(problems(run)).toEqual(wanted);
    });
  }

  test("all problems at once, from the environment and the file", () => {
    const yaml = `
settings: { token_seconds: 1 }
upstreams: [{ name: hub, url: nonsense }]
registries: [{ name: main, upstreams: [hub, gone] }]
`;
    const found = problems(() =>
      loadYaml(yaml, { WEIR_LISTEN: "x", WEIR_SECRET_KEY: "y", WEIR_X: "z" }),
    );
    expect(found.map((problem) => problem.split(": ")[0])).toEqual([
      "upstreams[0].url",
      "registries[0].upstreams[1]",
      "WEIR_LISTEN",
      "WEIR_SECRET_KEY",
      "settings.token_seconds",
      "WEIR_X",
    ]);
  });
});
