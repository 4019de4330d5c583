import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "./fakes/port.ts";
import { until } from "./fakes/until.ts";

const launcher = path.join(import.meta.dir, "../bin/weir.mjs");
let folder: string;
let running: Bun.Subprocess[];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "weir-main-"));
  running = [];
});
afterEach(async () => {
  for (const process of running) process.kill("SIGTERM");
  await Promise.all(running.map((process) => process.exited));
  rmSync(folder, { recursive: true });
});

/** The server as a user starts it. */
function start(env: Record<string, string> = {}, args: string[] = ["serve"]) {
  const { PATH = "" } = process.env;
  const child = Bun.spawn(["node", launcher, ...args], {
    env: { PATH, WEIR_DATA_DIR: path.join(folder, "data"), WEIR_LISTEN: "127.0.0.1:0", ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  running.push(child);
  const output = { text: "" };
  const gather = async (stream: ReadableStream<Uint8Array>) => {
    for await (const bytes of stream) output.text += new TextDecoder().decode(bytes);
  };
  const ended = Promise.all([gather(child.stdout), gather(child.stderr)]);
  return {
    child,
    output,
    async exit(): Promise<{ code: number; text: string }> {
      await ended;
      return { code: await child.exited, text: output.text };
    },
    async listening(): Promise<number> {
      const line = () =>
        /"port":(\d+),"url".*"message":"listening"|"message":"listening".*"port":(\d+)/.exec(
          output.text,
        );
      await until(() => line() !== null || child.exitCode !== null);
      const [, a, b] = line() ?? [];
      return Number(a ?? b);
    },
  };
}

const unused = () => `127.0.0.1:${freePort()}`;

/** Somebody else who has a port. */
async function takePort(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  const port = freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return { server, port };
}

describe("the process", () => {
  test("prints its token once, serves, ends with 0 on SIGTERM, and prints no secret again", async () => {
    const WEIR_LISTEN = unused();
    const first = start({ WEIR_LISTEN });
    const port = await first.listening();
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
    const token = /weir_pat_\w+/.exec(first.output.text)?.[0] ?? "";
    expect(token).not.toBe("");
    const service = `localhost:${port}`;
    const login = () =>
      fetch(`http://127.0.0.1:${port}/jwt/auth?service=${service}`, {
        headers: { Authorization: `Basic ${btoa(`admin:${token}`)}` },
      });
    expect((await login()).status).toBe(200);
    first.child.kill("SIGTERM");
    expect((await first.exit()).code).toBe(0);

    const second = start({ WEIR_LISTEN });
    await second.listening();
    expect((await login()).status).toBe(200);
    expect(second.output.text).not.toContain("weir_pat_");
    second.child.kill("SIGINT");
    expect((await second.exit()).code).toBe(0);
  });

  test("a first start that fails on its port does not lose the token", async () => {
    const { server, port } = await takePort();
    const WEIR_LISTEN = `127.0.0.1:${port}`;
    expect((await start({ WEIR_LISTEN }).exit()).code).toBe(1);
    await new Promise((resolve) => server.close(resolve));
    const again = start({ WEIR_LISTEN });
    await again.listening();
    expect(again.output.text).toContain("weir_pat_");
  });

  test("a signal that comes twice ends it once, and well", async () => {
    const weir = start({ WEIR_LISTEN: unused() });
    await weir.listening();
    weir.child.kill("SIGTERM");
    weir.child.kill("SIGTERM");
    expect((await weir.exit()).code).toBe(0);
  });

  test("an upstream that is down delays nothing", async () => {
    const WEIR_LISTEN = unused();
    const weir = start({ WEIR_LISTEN, WEIR_FIRST_UPSTREAM_URL: `http://${unused()}` });
    const port = await weir.listening();
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
  });

  test("what stands in the way is told with its name and the fix", async () => {
    const { server, port } = await takePort();
    writeFileSync(path.join(folder, "file"), "");
    const table: [env: Record<string, string>, told: RegExp][] = [
      [{ WEIR_LISTEN: `127.0.0.1:${port}` }, /WEIR_LISTEN: 127\.0\.0\.1 port \d+ is in use/],
      [
        { WEIR_DATA_DIR: path.join(folder, "file", "below") },
        /WEIR_DATA_DIR: .* cannot be written to \(ENOTDIR\)/,
      ],
      [
        { WEIR_LISTEN: "nowhere", WEIR_TOKEN_SECONDS: "1" },
        /WEIR_LISTEN: [\s\S]*WEIR_TOKEN_SECONDS: /,
      ],
    ];
    for (const [env, told] of table) {
      const { code, text } = await start(env).exit();
      expect(text).toMatch(told);
      expect(text).not.toContain("    at "); // no stack
      expect(code).toBe(1);
    }
    server.close();
  });

  test("a port that another Weir has is refused too", async () => {
    const WEIR_LISTEN = unused();
    const first = start({ WEIR_LISTEN });
    await first.listening();
    const second = await start({ WEIR_LISTEN, WEIR_DATA_DIR: path.join(folder, "other") }).exit();
    expect(second.text).toMatch(/WEIR_LISTEN: .* is in use/);
    expect(second.code).toBe(1);
  });

  test("a second process on the same folder is refused, the first goes on", async () => {
    const first = start({ WEIR_LISTEN: unused() });
    const port = await first.listening();
    const { code, text } = await start({ WEIR_LISTEN: unused() }).exit();
    expect(code).toBe(1);
    expect(text).toMatch(/another process/i);
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
  });

  test("config prints what is in force without secrets; a wrong command is a usage error", async () => {
    const secret = "a-secret-that-must-not-be-printed-at-all";
    const shown = await start({ WEIR_ADMIN_TOKEN: secret, WEIR_LISTEN: "127.0.0.1:5999" }, [
      "config",
    ]).exit();
    expect(shown.code).toBe(0);
    expect(shown.text).toContain("127.0.0.1:5999");
    expect(shown.text).not.toContain(secret);
    expect((await start({}, ["serv"]).exit()).code).toBe(2);
  });
});
