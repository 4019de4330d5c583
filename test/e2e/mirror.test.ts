import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { testCertificate } from "../fakes/certificate.ts";
import { clientCa, clientCertificates } from "../fakes/client-certificates.ts";
import {
  containerd,
  docker,
  dockerWithMirrors,
  podman,
  podmanWithMirror,
  succeed,
} from "./lab/clients/index.ts";
import type { Client } from "./lab/clients/contract.ts";
import { e2e, type Lab } from "./lab/lab.ts";
import { freePort } from "./lab/processes.ts";
import type { CountingProxy } from "./lab/proxy.ts";
import type { Weir } from "./lab/weir.ts";

const image = "docker.io/library/hello:latest";
const prefix = "virtual_registries/container/1";
const anyone = { WEIR_MIRROR_ANONYMOUS_PULL: "true" };

interface Mirror {
  weir: Weir;
  /** Not what `docker.io` means, and before the other. */
  other: CountingProxy;
  /** Stands in for Docker Hub, as the upstream's setting says. */
  hub: CountingProxy;
  stopAll: () => Promise<void>;
}

/** Weir with two upstreams that both have the image. */
async function mirror(lab: Lab, env: Record<string, string> = {}): Promise<Mirror> {
  const registry = await lab.registry();
  const [other, hub] = [await lab.proxy(registry), await lab.proxy(registry)];
  const file = path.join(lab.folder(), "weir.yaml");
  const text = `upstreams:
  - { name: other, url: "${other.url}" }
  - { name: hub, url: "${hub.url}", library_prefix: true }
registries:
  - { id: 1, name: main, upstreams: [other, hub] }
`;
  writeFileSync(file, text);
  const weir = await lab.weir({ env: { WEIR_CONFIG_FILE: file, ...env } });
  return { weir, other, hub, stopAll: () => registry.stop() };
}

function configurationOf(lab: Lab): string {
  return lab.images.hello.platforms[0]?.config.digest ?? "";
}

type Pull = () => ReturnType<Client["pull"]>;

/** Each pull by a client with nothing comes through Weir, once from the right upstream, and again with every upstream stopped. */
async function pullsTwice(
  lab: Lab,
  client: Client,
  { weir, other, hub, stopAll }: Mirror,
  pulls: readonly Pull[],
): Promise<void> {
  const pullEach = async () => {
    for (const pull of pulls) {
      succeed(await pull());
      expect(await client.stored(image)).toBe(configurationOf(lab));
      await client.wipe();
    }
  };
  await pullEach();
  expect(Object.keys(hub.counts("GET", /manifests/))).toEqual([
    "GET /v2/library/hello/manifests/latest",
  ]);
  expect(Object.values(hub.counts("GET", /blobs/))).toEqual([1, 1]);
  expect(other.requests.size).toBe(0);
  await stopAll();
  await pullEach();
  await weir.logged('"cache":"hit"');
}

const hostsToml = (url: string, more = "") => `server = "http://127.0.0.1:9"
[host."${url}"]
  capabilities = ["pull", "resolve"]
${more}
`;

const forms: [what: string, path: string, more: string, asked: string][] = [
  ["a plain host", "", "", "/v2/library/hello/"],
  [
    "a path with override_path",
    `/v2/${prefix}`,
    "  override_path = true",
    `/v2/${prefix}/library/hello/`,
  ],
  ["a path without override_path", `/${prefix}`, "", `/${prefix}/v2/library/hello/`],
];
const ofForms = forms.map(([what]) => what).join(", ");
const inForms = (url: string) => forms.map(([, at, more]) => hostsToml(`${url}${at}`, more));

await e2e(
  `containerd by hosts.toml, ${ofForms}, nobody logged in`,
  { needs: [containerd] },
  async (lab) => {
    const set = await mirror(lab, anyone);
    const client = await lab.client(containerd);
    const pulls = inForms(set.weir.url).map((toml) => () => client.pullBy(toml, image));
    await pullsTwice(lab, client, set, pulls);
    for (const [, , , asked] of forms) {
      await set.weir.logged(`"path":"${asked}manifests/latest"`);
    }
  },
);

await e2e(
  `containerd by hosts.toml, ${ofForms}, logged in`,
  { needs: [containerd] },
  async (lab) => {
    const set = await mirror(lab);
    const client = await lab.client(containerd);
    const pulls = inForms(set.weir.url).map((toml) => () => client.pullBy(toml, image));
    for (const pull of pulls) expect((await pull()).code).not.toBe(0);
    expect(set.hub.requests.size).toBe(0);
    await client.login(set.weir.host, "admin", set.weir.token);
    await pullsTwice(lab, client, set, pulls);
  },
);

await e2e(
  "containerd by hosts.toml of another registry; of one that is not there it goes on to the server",
  { needs: [containerd] },
  async (lab) => {
    const registry = await lab.registry();
    const proxy = await lab.proxy(registry);
    const weir = await lab.weir({ upstream: proxy.url, env: anyone });
    const client = await lab.client(containerd);
    const named = `127.0.0.1:${proxy.port}/library/hello:latest`;
    succeed(await client.pullBy(hostsToml(weir.url), named));
    expect(Object.values(proxy.counts("GET", /blobs/))).toEqual([1, 1]);
    await client.wipe();
    const unknown = hostsToml(weir.url).replace("127.0.0.1:9", `127.0.0.1:${registry.port}`);
    succeed(await client.pullBy(unknown, image));
    expect(await client.stored(image)).toBe(configurationOf(lab));
    expect(Object.values(proxy.counts("GET", /blobs/))).toEqual([1, 1]);
    await weir.logged(/"path":"\/v2\/library\/hello\/manifests\/latest","status":404/);
  },
);

await e2e(
  "containerd with a client certificate, and without",
  { needs: [containerd] },
  async (lab) => {
    const folder = lab.folder();
    const file = (name: string, text: string) => {
      const at = path.join(folder, name);
      writeFileSync(at, text);
      return at;
    };
    const { node, stranger } = clientCertificates;
    const port = freePort();
    const ca = file("server.pem", testCertificate.cert);
    const set = await mirror(lab, {
      WEIR_TLS_CERT: ca,
      WEIR_TLS_KEY: file("server.key", testCertificate.key),
      WEIR_MIRROR_CLIENT_CA: file("clients.pem", clientCa),
      WEIR_MIRROR_LISTEN: `127.0.0.1:${port}`,
    });
    const client = await lab.client(containerd);
    const url = `https://127.0.0.1:${port}`;
    const toml = (name: string, { cert, key }: { cert: string; key: string }) => {
      const pair = [file(`${name}.crt`, cert), file(`${name}.key`, key)];
      return hostsToml(url, `  ca = "${ca}"\n  client = [["${pair.join('", "')}"]]`);
    };
    expect((await client.pullBy(hostsToml(url, `  ca = "${ca}"`), image)).code).not.toBe(0);
    expect((await client.pullBy(toml("stranger", stranger), image)).code).not.toBe(0);
    expect(set.hub.requests.size).toBe(0);
    await pullsTwice(lab, client, set, [() => client.pullBy(toml("node", node), image)]);
  },
);

const hubLogin = ["hub-user", "a-password-of-docker-hub"] as const;
const openings: [what: string, env: Record<string, string>][] = [
  ["for anybody", anyone],
  ["by address", { WEIR_MIRROR_CLIENT_ADDRESSES: "127.0.0.0/8" }],
];
for (const [what, env] of openings) {
  await e2e(
    `docker by registry-mirrors, ${what}, nobody logged in and logged in at Docker Hub`,
    { needs: [docker] },
    async (lab) => {
      const set = await mirror(lab, { ...env, WEIR_LOG_LEVEL: "debug" });
      const client = await lab.client(dockerWithMirrors(set.weir.url));
      // The name as people write it.
      const pull = () => {
        client.forgetLogins();
        return client.pull("hello");
      };
      const pullLoggedIn = () => {
        client.keepDockerHubLogin(...hubLogin);
        return client.pull("hello");
      };
      await pullsTwice(lab, client, set, [pull, pullLoggedIn]);
      // The log has all of a server that has stopped.
      expect(await set.weir.stop()).toBe(0);
      for (const secret of [...hubLogin, btoa(hubLogin.join(":"))]) {
        expect(set.weir.log()).not.toContain(secret);
      }
      expect(set.weir.log().includes('"status":401')).toBe(true);
    },
  );
}

await e2e(
  "docker by registry-mirrors gets nothing where a login is needed, and all with a token of ours in Docker Hub's place",
  { needs: [docker] },
  async (lab) => {
    const set = await mirror(lab, { WEIR_MIRROR_CLIENT_ADDRESSES: "10.0.0.0/8" });
    const client = await lab.client(dockerWithMirrors(set.weir.url));
    client.keepDockerHubLogin(...hubLogin);
    expect((await client.pull("hello")).code).not.toBe(0);
    expect(set.hub.requests.size + set.other.requests.size).toBe(0);
    client.keepDockerHubLogin("admin", set.weir.token);
    await pullsTwice(lab, client, set, [() => client.pull("hello")]);
  },
);

await e2e(
  "docker by registry-mirrors, the one upstream being what stands in for Docker Hub",
  { needs: [docker] },
  async (lab) => {
    const registry = await lab.registry();
    const weir = await lab.weir({ upstream: registry.url, env: anyone });
    const client = await lab.client(dockerWithMirrors(weir.url));
    succeed(await client.pull("hello"));
    expect(await client.stored(image)).toBe(configurationOf(lab));
  },
);

// By path the first upstream of the registry answers: there podman says nothing of the host it means.
const podmanForms: [what: string, paths: string[], env: Record<string, string>, login: boolean][] =
  [
    ["a path and a plain host, logged in", [`/${prefix}`, ""], {}, true],
    ["a path, nobody logged in", [`/${prefix}`], { WEIR_ANONYMOUS_PULL: "true" }, false],
    ["a plain host, nobody logged in", [""], anyone, false],
  ];
for (const [what, paths, env, login] of podmanForms) {
  await e2e(`podman by registries.conf, ${what}`, { needs: [podman] }, async (lab) => {
    const registry = await lab.registry();
    const proxy = await lab.proxy(registry);
    const weir = await lab.weir({ upstream: proxy.url, env });
    const clients = [];
    for (const at of paths) {
      const host = `${weir.host}${at}`;
      const client = await lab.client(podmanWithMirror(host));
      clients.push(client);
      if (login) {
        expect((await client.pull(image)).code).not.toBe(0);
        expect(proxy.requests.size).toBe(0);
        succeed(await client.login(host, "admin", weir.token));
      }
    }
    for (const client of clients) {
      succeed(await client.pull(image));
      expect(await client.stored(image)).toBe(configurationOf(lab));
      await client.wipe();
    }
    await registry.stop();
    for (const client of clients) succeed(await client.pull(image));
    expect(Object.values(proxy.counts("GET", /blobs/))).toEqual([1, 1]);
  });
}
