import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { docker, succeed } from "./lab/clients/index.ts";
import type { Image } from "./lab/images.ts";
import { e2e, fromClone, type Lab } from "./lab/lab.ts";
import type { CountingProxy } from "./lab/proxy.ts";
import type { Weir } from "./lab/weir.ts";

// The command lines of the first documents, as they stand there but for the host and the image.

/** Weir in front of a stand-in for Docker Hub, where a name without a slash means `library/…`. */
async function behindHub(lab: Lab) {
  const hub = await lab.proxy(await lab.registry());
  const file = path.join(lab.folder(), "weir.yaml");
  const text = `upstreams:
  - { name: hub, url: "${hub.url}", library_prefix: true }
registries:
  - { id: 1, name: main, upstreams: [hub] }
`;
  writeFileSync(file, text);
  return { hub, weir: await lab.weir({ env: { WEIR_CONFIG_FILE: file }, ...fromClone }) };
}

/** An engine that has logged in as the documents say, with the plural and the registry's path. */
async function loggedIn(lab: Lab, weir: Weir) {
  const client = await lab.client(docker);
  const place = `${weir.host}/virtual_registries/containers/1`;
  succeed(await client.login(place, "admin", weir.token));
  return client;
}

const configurationOf = ({ platforms }: Image) => platforms[0]?.config.digest ?? "";

/** Every content request that the upstream has had. */
const asked = (hub: CountingProxy) => ({
  ...hub.counts("GET", /manifests|blobs/),
  ...hub.counts("HEAD", /manifests|blobs/),
});

const forms = [
  ["the plural form", "virtual_registries/containers/1"],
  ["the singular form", "virtual_registries/container/1"],
] as const;
for (const [form, prefix] of forms) {
  await e2e(
    `docker login with a path, and a pull by ${form}: library/…, then without library/ as a hit`,
    { needs: [docker] },
    async (lab) => {
      const { hello } = lab.images;
      const { hub, weir } = await behindHub(lab);
      const client = await loggedIn(lab, weir);
      const long = `${weir.host}/${prefix}/${hello.repository}:${hello.tag}`;
      succeed(await client.pull(long));
      expect(await client.stored(long)).toBe(configurationOf(hello));
      const before = asked(hub);

      await client.wipe();
      const short = `${weir.host}/${prefix}/${hello.repository.replace("library/", "")}:${hello.tag}`;
      succeed(await client.pull(short));
      expect(await client.stored(short)).toBe(configurationOf(hello));
      expect(asked(hub)).toEqual(before);
      await weir.logged(`"cache":"hit"`);
    },
  );
}

await e2e(
  "docker pulls by digest what was cached under a tag, the upstream being asked no more",
  { needs: [docker] },
  async (lab) => {
    const { multi } = lab.images;
    const { hub, weir } = await behindHub(lab);
    const client = await loggedIn(lab, weir);
    const { byTag, byDigest } = weir.names(multi);
    succeed(await client.pull(byTag));
    const before = asked(hub);

    await client.wipe();
    succeed(await client.pull(byDigest));
    expect(await client.stored(byDigest)).toBe(configurationOf(multi));
    expect(asked(hub)).toEqual(before);
  },
);
