import { expect } from "bun:test";
import { existsSync } from "node:fs";
import path from "node:path";
import { skopeo } from "./lab/clients/index.ts";
import { e2e } from "./lab/lab.ts";
import { waitFor } from "./lab/processes.ts";
import { openssl } from "./lab/token-server.ts";

// What the other tests rely on, tried against docker-registry itself.

await e2e("the rig: the proxy counts and holds to its rate", { needs: [] }, async (lab) => {
  const registry = await lab.registry();
  const proxy = await lab.proxy(registry);
  const { repository, platforms } = lab.images.herd;
  const [layer] = platforms[0]?.layers ?? [];
  const url = `/v2/${repository}/blobs/${layer?.digest}`;
  proxy.limit(16 << 20);
  const started = performance.now();
  const bytes = await Promise.all(
    [1, 2].map(async () => (await fetch(proxy.url + url)).arrayBuffer()),
  );
  expect(performance.now() - started).toBeGreaterThan(900);
  expect(bytes.map(({ byteLength }) => byteLength)).toEqual([layer?.size ?? 0, layer?.size ?? 0]);
  expect(proxy.counts("GET", /blobs/)).toEqual({ [`GET ${url}`]: 2 });
  await registry.stop();
  expect((await fetch(proxy.url + url).catch(() => undefined))?.ok).not.toBe(true);
});

await e2e("the rig: a registry with token login", { needs: [skopeo, openssl] }, async (lab) => {
  const account = { username: "reader", password: "secret", anonymous: false };
  const tokens = await lab.tokenServer(account);
  const registry = await lab.registry({ auth: tokens.auth });
  const client = await lab.client(skopeo);
  const host = `127.0.0.1:${registry.port}`;
  const name = `${host}/${lab.images.hello.repository}:latest`;
  expect((await client.pull(name)).code).not.toBe(0);
  expect((await client.login(host, "reader", "wrong")).code).not.toBe(0);
  expect((await client.login(host, account.username, account.password)).code).toBe(0);
  expect((await client.pull(name)).output).toBe("");
  expect(await client.stored(name)).toBe(lab.images.hello.platforms[0]?.config.digest ?? "");
});

await e2e("the rig: a killed runner leaves nothing behind", { needs: [] }, async (lab) => {
  const script = `
    const { Lab } = await import(${JSON.stringify(path.join(import.meta.dir, "lab/lab.ts"))});
    const lab = await Lab.open();
    const registry = await lab.registry();
    console.log(JSON.stringify({ folder: lab.folder(), url: registry.url }));
    setInterval(() => {}, 1000);`;
  const file = path.join(lab.folder(), "runner.ts");
  await Bun.write(file, script);
  const runner = Bun.spawn([process.execPath, file], { stdout: "pipe" });
  const { value } = await runner.stdout.getReader().read();
  const { folder, url } = JSON.parse(new TextDecoder().decode(value)) as Record<string, string>;
  expect((await fetch(`${url}/v2/`)).status).toBe(200);
  runner.kill("SIGKILL");
  await waitFor("the folder to go", () => !existsSync(folder ?? ""));
  expect(await fetch(`${url}/v2/`).catch(() => "refused")).toBe("refused");
});
