import { describe, expect, test } from "bun:test";
import type { World } from "../../src/cli/command.ts";
import { runCli } from "../../src/cli/index.ts";
import { MetadataError } from "../../src/metadata/contract.ts";
import { DataDirError } from "../../src/work/contract.ts";

const served = { first: false, adminToken: undefined, registry: undefined };

/** One command line in a world of its own: exit code, both outputs, and what the server was started with. */
async function run(
  argv: string[],
  { env = {}, serve }: { env?: Record<string, string>; serve?: World["serve"] } = {},
) {
  const out: string[] = [];
  const err: string[] = [];
  const ports: number[] = [];
  const code = await runCli(argv, {
    io: { out: (text) => out.push(text), err: (text) => err.push(text) },
    env,
    readFile: (file) => {
      throw Object.assign(new Error(file), { code: "ENOENT" });
    },
    version: "1.2.3",
    serve:
      serve ??
      (async ({ listen }, started) => {
        ports.push(listen.port);
        started(served);
      }),
  });
  return { code, out: out.join("\n"), err: err.join("\n"), ports };
}

describe("serve", () => {
  test.each([[[]], [["serve"]]])("%p runs the server with the configuration", async (argv) => {
    const result = await run(argv, { env: { WEIR_LISTEN: "127.0.0.1:6000" } });
    expect(result).toEqual({
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

  const commands = ["serve", "config", "help"];
  test.each(commands)("on %s, asked for in two ways, has examples that run", async (name) => {
    const { code, out } = await run([name, "--help"]);
    expect(code).toBe(0);
    expect(await run(["help", name])).toMatchObject({ code: 0, out });
    expect(out).toStartWith(`Usage: weir ${name} `);
    const examples = out.slice(out.indexOf("Examples:")).split("\n").slice(1);
    for (const example of examples) {
      const words = example.trim().split(" ");
      const argv = words.slice(words.indexOf("weir") + 1);
      expect((await run(argv)).code).toBe(0);
    }
    expect(examples.length).toBeGreaterThan(0);
  });

  test("--version", async () => {
    expect(await run(["--version"])).toMatchObject({ code: 0, out: "weir 1.2.3", ports: [] });
  });
});

describe("a wrong command line", () => {
  const table: [argv: string[], told: string][] = [
    [["sevre"], 'there is no command "sevre"; did you mean serve?'],
    [["conf"], 'there is no command "conf"; did you mean config?'],
    [
      ["frobnicate"],
      'there is no command "frobnicate"; there are serve, config, healthcheck, help',
    ],
    [["help", "sevre"], 'there is no command "sevre"; did you mean serve?'],
    [["config", "--jsn"], "config has no option --jsn; did you mean --json?"],
    [["config", "-j"], "config has no option -j; there are --json, --help"],
    [["config", "--version"], "config has no option --version; there are --json, --help"],
    [["--json"], "serve has no option --json; there are --help, --version"],
    [["config", "--json=yes"], "--json takes no value"],
    [["config", "now"], 'config has no use for "now"'],
    [["serve", "--", "--help"], 'serve has no use for "--help"'],
    [["help", "config", "serve"], 'help has no use for "serve"'],
  ];
  test.each(table)("%p", async (argv, told) => {
    expect(await run(argv)).toEqual({
      code: 2,
      out: "",
      err: `weir: ${told}\nweir: see weir help`,
      ports: [],
    });
  });
});
