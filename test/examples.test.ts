import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { startWeir } from "../src/app.ts";
import { loadConfig } from "../src/config.ts";
import { createLog } from "../src/lib/log.ts";
import { SteppedClock } from "./fakes/clock.ts";
import { FakeIssuer } from "./fakes/issuer.ts";
import { FakeUpstream } from "./fakes/upstream.ts";

const example = readFileSync(path.join(import.meta.dir, "../examples/ci.yaml"), "utf8");
const clock = new SteppedClock();
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** A server with this configuration file, at an address of its own. */
async function start(file: string, more: Record<string, string> = {}): Promise<string> {
  const dataDir = mkdtempSync(path.join(tmpdir(), "weir-example-"));
  closers.push(() => rmSync(dataDir, { recursive: true }));
  const env = {
    WEIR_CONFIG_FILE: "ci.yaml",
    WEIR_DATA_DIR: dataDir,
    WEIR_LISTEN: "127.0.0.1:0",
    WEIR_EXTERNAL_URL: "https://weir.example.com",
    WEIR_ALLOWED_UPSTREAM_ADDRESSES: "127.0.0.0/8",
    ...more,
  };
  const log = createLog(clock, "error", { write: () => undefined, flush: async () => {} });
  const config = loadConfig(env, () => file);
  const weir = await startWeir(config, { clock, log, version: "test", random: () => 0 });
  closers.push(() => weir.stop());
  return `http://127.0.0.1:${weir.port}`;
}

describe("examples/ci.yaml", () => {
  test("starts as it is", async () => {
    expect((await fetch(`${await start(example)}/readyz`)).status).toBe(200);
  });

  const registry = "virtual_registries/container/10/library/alpine";
  const proxy = "acme/dependency_proxy/containers/alpine";
  const gitlab = (project: string, isProtected: boolean) => ({
    sub: `project_path:${project}:ref_type:branch:ref:main`,
    project_path: project,
    namespace_path: project.replace(/\/[^/]*$/, ""),
    ref: "main",
    ref_type: "branch",
    ref_protected: String(isProtected),
  });
  const github = (repository: string, ref: string, owner = "4711") => ({
    sub: `repo:${repository}:ref:${ref}`,
    repository,
    repository_owner: repository.split("/")[0],
    repository_owner_id: owner,
    ref,
  });
  const cluster = (namespace: string, account: string) => ({
    sub: `system:serviceaccount:${namespace}:${account}`,
    aud: ["https://weir.example.com"],
    project_path: undefined,
    "kubernetes.io": {
      namespace,
      node: { name: "node-1", uid: "n" },
      pod: { name: "build", uid: "p" },
      serviceaccount: { name: account, uid: "s" },
    },
  });
  /** What a pull of registry 10, and of the Dependency Proxy, comes to with whose token. */
  const table: [issuer: string, claims: object, statuses: number[]][] = [
    ["gitlab", gitlab("acme/app", true), [200, 200]],
    ["gitlab", gitlab("acme/team/app", true), [200, 200]],
    ["gitlab", gitlab("acme/app", false), [404, 200]],
    ["gitlab", gitlab("acme-evil/app", true), [401, 401]],
    ["gitlab", gitlab("evil/acme/app", true), [401, 401]],
    ["github", github("acme/app", "refs/heads/main"), [200, 200]],
    ["github", github("acme/app", "refs/heads/release/1"), [200, 200]],
    ["github", github("acme/app", "refs/tags/v1/x"), [200, 200]],
    ["github", github("acme/app", "refs/pull/7/merge"), [401, 401]],
    ["github", github("acme/app", "refs/heads/main", "666"), [401, 401]],
    ["github", github("evil/app", "refs/heads/main"), [401, 401]],
    ["cluster", cluster("ci-acme", "builder"), [200, 200]],
    ["cluster", cluster("ci-acme", "default"), [401, 401]],
    ["cluster", cluster("default", "builder"), [401, 401]],
    ["cluster", { ...cluster("x", "y"), namespace: "ci-a", serviceaccount: "builder" }, [401, 401]],
  ];

  test("opens to jobs what it says, and to others nothing", async () => {
    const upstream = await FakeUpstream.start();
    closers.push(() => upstream.stop());
    upstream.image("library/alpine", "latest");
    let file = example.replace("url: docker.io", `url: ${upstream.url}`);
    const issuers: Record<string, FakeIssuer> = {};
    for (const [name, url] of [...example.matchAll(/name: (\w+)\n +issuer: (\S+)/g)].map((m) =>
      m.slice(1),
    )) {
      const issuer = await FakeIssuer.start();
      closers.push(() => issuer.stop());
      issuers[name ?? ""] = issuer;
      file = file.replace(url ?? "", issuer.url);
    }
    expect(Object.keys(issuers)).toEqual(["gitlab", "github", "cluster"]);
    const url = await start(file, { WEIR_DEPENDENCY_PROXY_URL: upstream.url });
    for (const [issuer, claims, wanted] of table) {
      const more = { aud: "https://weir.example.com", project_path: undefined, ...claims };
      const password = (await issuers[issuer]?.token(clock.now(), more)) ?? "";
      const statuses = await Promise.all(
        [registry, proxy].map((name) => pull(url, name, password)),
      );
      expect([claims, statuses]).toEqual([claims, wanted]);
    }
  });

  /** The status of a pull with this password. */
  async function pull(url: string, name: string, password: string): Promise<number> {
    const scope = `repository:${name}:pull`;
    const query = new URLSearchParams({ service: "weir.example.com", scope });
    const Authorization = `Basic ${btoa(`oidc:${password}`)}`;
    const login = await fetch(`${url}/jwt/auth?${query}`, { headers: { Authorization } });
    if (login.status !== 200) return login.status;
    const { token } = (await login.json()) as { token: string };
    const answer = await fetch(`${url}/v2/${name}/manifests/latest`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    return answer.status;
  }
});
