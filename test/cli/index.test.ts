import { describe, expect, test } from "bun:test";
import { commands } from "../../src/cli/index.ts";
import { MetadataError } from "../../src/metadata/contract.ts";
import { DataDirError } from "../../src/work/contract.ts";
import { run } from "./world.ts";

describe("serve", () => {
  test.each([[[]], [["serve"]]])("%p runs the server with the configuration", async (argv) => {
    const result = await run(argv, { env: { WEIR_LISTEN: "127.0.0.1:6000" } });
    expect(result).toMatchObject({
      code: 0,
      out: "",
      err: "Weir listens on 127.0.0.1:6000. Clients reach it at http://localhost:6000",
      ports: [6000],
    });
  });

  test("a bad configuration starts nothing and says all that is wrong", async () => {
    const env = { WEIR_LISTEN: "x", WEIR_DRAIN_SECONDS: "y", WEIR_LOG_LEVL: "z" };
    const { code, out, err, ports } = await run([], { env });
    expect({ code, out, ports }).toEqual({ code: 1, out: "", ports: [] });
    expect(err.split("\n")).toEqual([
      expect.stringMatching(/^weir: WEIR_LISTEN: must be an address and a port/),
      "weir: WEIR_DRAIN_SECONDS: must be a whole number of seconds from 0 to 86400",
      "weir: WEIR_LOG_LEVL: is not a setting; did you mean WEIR_LOG_LEVEL?",
    ]);
  });

  const failures: [what: string, error: unknown, told: RegExp][] = [
    ["the data folder", new DataDirError("WEIR_DATA_DIR: /x"), /^weir: WEIR_DATA_DIR: \/x$/],
    ["the database", new MetadataError("in_use", "it is in use"), /^weir: it is in use$/],
    [
      "the port",
      Object.assign(new Error("x"), { code: "EADDRINUSE", syscall: "listen" }),
      /^weir: WEIR_LISTEN: 127\.0\.0\.1 port 5000 is in use .* choose another port$/,
    ],
    [
      "the port for mirrors",
      Object.assign(new Error("x"), {
        code: "EADDRINUSE",
        syscall: "listen",
        setting: "WEIR_MIRROR_LISTEN",
      }),
      /^weir: WEIR_MIRROR_LISTEN: .* is in use .* choose another port$/,
    ],
    [
      "a port for the privileged",
      Object.assign(new Error("x"), { code: "EACCES", syscall: "listen" }),
      /^weir: WEIR_LISTEN: .* choose a port from 1024 on$/,
    ],
    [
      "a fault of ours",
      Object.assign(new Error("no"), { code: "EACCES" }),
      /^weir: failed: Error: no\n\s+at /,
    ],
    ["no error at all", "text", /^weir: failed: text$/],
  ];
  test.each(failures)("fails on %s", async (_, error, told) => {
    const { code, err } = await run([], { serve: () => Promise.reject(error) });
    expect(code).toBe(1);
    expect(err).toMatch(told);
  });
});

describe("config", () => {
  test("prints what is in force", async () => {
    const { code, out, ports } = await run(["config"], { env: { WEIR_LOG_LEVEL: "warn" } });
    expect({ code, ports }).toEqual({ code: 0, ports: [] });
    expect(out).toContain("\n  log_level: warn # WEIR_LOG_LEVEL\n");
  });

  test("as JSON", async () => {
    const { code, out } = await run(["config", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      settings: { token_seconds: 900, anonymous_pull: false, admin_token: null },
      registries: [],
    });
  });

  test("fails where serve would", async () => {
    const { code, out, err } = await run(["config"], { env: { WEIR_LISTEN: "x" } });
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toStartWith("weir: WEIR_LISTEN: ");
  });
});

describe("help", () => {
  test.each([[["help"]], [["--help"]], [["-h"]]])("%p is about all commands", async (argv) => {
    const { code, out, err, ports } = await run(argv);
    expect({ code, err, ports }).toEqual({ code: 0, err: "", ports: [] });
    for (const part of ["serve", "config", "help", "--version", "Examples:"]) {
      expect(out).toContain(part);
    }
  });

  test.each(commands.map(({ name }) => name))("on %s, asked for in two ways", async (name) => {
    const words = name.split(" ");
    const { code, out } = await run([...words, "--help"]);
    expect(code).toBe(0);
    expect(await run(["help", ...words])).toMatchObject({ code: 0, out });
    expect(out).toStartWith(`Usage: weir ${name} `);
    expect(out.slice(out.indexOf("Examples:")).split("\n").length).toBeGreaterThan(1);
  });

  test("on a group of commands", async () => {
    const { code, out, err } = await run(["upstream", "--help"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("upstream add ");
    expect(out).not.toContain("registry list");
    expect(await run(["help", "upstream"])).toMatchObject({ code: 0, out });
    expect(await run(["upstream"])).toMatchObject({ code: 2, out: "", err: out });
  });

  test("--version", async () => {
    expect(await run(["--version"])).toMatchObject({ code: 0, out: "weir 1.2.3", ports: [] });
  });
});

describe("a wrong command line", () => {
  const table: [argv: string[], told: string | RegExp][] = [
    [["sevre"], 'there is no command "sevre"; did you mean serve?'],
    [["conf"], 'there is no command "conf"; did you mean config?'],
    [
      ["frobnicate"],
      /^weir: there is no command "frobnicate"; there are serve, config, healthcheck, doctor/,
    ],
    [["help", "sevre"], 'there is no command "sevre"; did you mean serve?'],
    [["upstream", "lst"], 'there is no command "upstream lst"; did you mean upstream list?'],
    [["help", "upstream", "ad"], 'there is no command "upstream ad"; did you mean upstream add?'],
    [["help", "config", "serve"], 'config has no command "serve"'],
    [["config", "--jsn"], "config has no option --jsn; did you mean --json?"],
    [["config", "-j"], "config has no option -j; there are --json, --help"],
    [["config", "--version"], "config has no option --version; there are --json, --help"],
    [["--json"], "serve has no option --json; there are --help, --version"],
    [["config", "--json=yes"], "--json takes no value"],
    [["config", "now"], 'config has no use for "now"'],
    [["serve", "--", "--help"], 'serve has no use for "--help"'],
    [["registry", "show"], "registry show needs registry"],
    [["registry", "show", "1", "2"], 'registry show has no use for "2"'],
    [["registry", "list", "--group"], "--group needs a value: --group GROUP"],
    [["registry", "list", "--group", "--json"], "--group needs a value: --group GROUP"],
    [["registry", "list", "--group", "a", "--group", "b"], "--group is given twice; give it once"],
    [["registry", "create", "a", "--ask", "x"], "--ask must be one of in_order, parallel"],
    [["cache", "ls", "a", "--limit", "-1"], "--limit must be a whole number from 0 on"],
    [["completion", "csh"], "shell must be one of bash, zsh, fish"],
    [["upstream", "move", "a", "0"], "position must be a whole number from 1 on"],
    [["upstream", "add", "1", "docker.io", "--rule", "allow all"], /--rule must be such as/],
    [["upstream", "update", "1"], "upstream update needs something to change: see its options"],
    [["token", "revoke", "mine"], /^weir: token must be the id of a token/],
    [["apply"], "apply needs --file, with - for the standard input"],
    [["cache", "purge"], "cache purge needs an upstream, --registry or --dependency-proxy"],
    [["registry", "list", "--url", "weir"], /^weir: --url must be an address such as/],
  ];
  test.each(table)("%p", async (argv, told) => {
    const { code, out, err, ports } = await run(argv);
    expect({ code, out, ports }).toEqual({ code: 2, out: "", ports: [] });
    if (typeof told === "string") expect(err).toStartWith(`weir: ${told}\nweir: see weir help`);
    else expect(err).toMatch(told);
  });

  test("an option means the same to each command that has it", () => {
    const kinds = new Map<string, boolean>();
    const options = commands.flatMap((command) => Object.entries(command.options));
    for (const [name, { value }] of options) {
      expect([name, kinds.get(name) ?? value !== undefined]).toEqual([name, value !== undefined]);
      kinds.set(name, value !== undefined);
    }
  });
});
