import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { e2e, fromClone, type Lab } from "./lab/lab.ts";
import { environment, type Outcome, run } from "./lab/processes.ts";
import type { Weir } from "./lab/weir.ts";

// The commands as operators type them, beside a server that was started as they start it.

const launcher = path.join(import.meta.dir, "../../bin/weir.mjs");

/** A shell whose `weir` is ours, set up for this server. */
function shellFor(lab: Lab, weir: Weir) {
  const folder = lab.folder();
  const token = path.join(folder, "token");
  writeFileSync(token, `${weir.token}\n`, { mode: 0o600 });
  const env = environment(folder, {
    ...weir.stores,
    WEIR_DATA_DIR: weir.data,
    WEIR_LISTEN: weir.host,
    WEIR_EXTERNAL_URL: weir.externalUrl,
    WEIR_ALLOWED_UPSTREAM_ADDRESSES: "127.0.0.0/8",
    WEIR_TOKEN_FILE: token,
  });
  const shell = (line: string): Promise<Outcome> =>
    run(["bash", "-c", `weir() { node ${launcher} "$@"; }; set -o pipefail; ${line}`], env);
  return { shell, folder };
}

await e2e(
  "weir export | weir apply -f - --dry-run tells of no change, and a file is applied",
  { needs: [] },
  async (lab) => {
    const upstream = await lab.registry();
    const weir = await lab.weir({ upstream: upstream.url, ...fromClone });
    const { shell, folder } = shellFor(lab, weir);
    expect(await shell("weir export | weir apply -f - --dry-run")).toMatchObject({
      code: 0,
      stdout: "nothing to change\n",
    });
    const file = path.join(folder, "weir.yaml");
    const text = `
groups: [{ path: acme }]
upstreams: [{ group: acme, name: one, url: "${upstream.url}", username: u, password_env: ONE }]
registries: [{ id: 40, group: acme, name: all, upstreams: [one] }]
`;
    writeFileSync(file, text);
    expect(await shell(`weir apply -f ${file} --dry-run`)).toMatchObject({ code: 1 });
    expect(await shell(`ONE=secret weir apply -f ${file} --dry-run`)).toMatchObject({ code: 10 });
    expect(await shell(`ONE=secret weir apply -f ${file}`)).toMatchObject({ code: 0 });
    expect(await shell(`weir apply -f ${file}`)).toMatchObject({ stdout: "nothing to change\n" });
    const shown = await shell("weir registry show 40 --json");
    expect(JSON.parse(shown.stdout)).toMatchObject({ name: "all", upstreams: [{ name: "one" }] });
    expect(await shell("weir export | weir apply -f - --dry-run")).toMatchObject({ code: 0 });
  },
);

await e2e(
  "weir doctor finds a server well, and without it says what it can",
  { needs: [] },
  async (lab) => {
    const { hello } = lab.images;
    const upstream = await lab.registry();
    const weir = await lab.weir({ upstream: upstream.url, ...fromClone });
    const { shell } = shellFor(lab, weir);
    await (await weir.manifest(hello)).arrayBuffer();
    const headers = { authorization: `Bearer ${await weir.bearer(hello)}` };
    const [layer] = hello.platforms.map(({ config }) => config.digest);
    await (await fetch(`${weir.apiUrl(hello)}/blobs/${layer}`, { headers })).arrayBuffer();

    const well = await shell("weir doctor --json");
    const findings = JSON.parse(well.stdout) as { check: string; status: string }[];
    expect(findings.filter(({ status }) => status !== "ok")).toEqual([]);
    expect(findings.length).toBeGreaterThanOrEqual(11);
    expect(well.code).toBe(0);

    const listed = await shell("weir cache ls 1 | head -n 1");
    expect(listed.stdout).toMatch(/^ID +PATH +SIZE/);
    await weir.stop();
    const alone = await shell("weir doctor");
    expect(alone.code).toBe(0);
    expect(alone.stdout).toContain("skip  server");
    expect(await shell("weir registry list")).toMatchObject({ code: 5, stdout: "" });
  },
);

await e2e(
  "a token that is made is alone on the standard output, and counts",
  { needs: [] },
  async (lab) => {
    const upstream = await lab.registry();
    const weir = await lab.weir({ upstream: upstream.url, ...fromClone });
    const { shell } = shellFor(lab, weir);
    const line = "TOKEN=$(weir token create ci --scope api 2>/dev/null)";
    const own = await shell(`${line}; WEIR_TOKEN=$TOKEN WEIR_TOKEN_FILE= weir user show --json`);
    expect(JSON.parse(own.stdout)).toMatchObject({ username: "admin" });
  },
);
