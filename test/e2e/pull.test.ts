import { expect } from "bun:test";
import type { Client } from "./lab/clients/contract.ts";
import { allClients, containerd, docker, podman, succeed } from "./lab/clients/index.ts";
import type { ImageName } from "./lab/catalogue.ts";
import type { Image } from "./lab/images.ts";
import { e2e, type Lab } from "./lab/lab.ts";
import type { Weir } from "./lab/weir.ts";

/** What a client on this machine stores of an image: one platform, named by its configuration. */
function configurationOf({ platforms }: Image): string {
  return platforms.find(({ architecture }) => architecture === "amd64")?.config.digest ?? "";
}

type Naming = keyof ReturnType<Weir["names"]>;

async function pullAll(
  client: Client,
  weir: Weir,
  images: readonly Image[],
  namings: readonly Naming[],
): Promise<void> {
  for (const image of images) {
    const names = weir.names(image);
    for (const name of namings.map((naming) => names[naming])) {
      succeed(await client.pull(name));
      expect(await client.stored(name)).toBe(configurationOf(image));
    }
  }
}

/** From a logged-in client with nothing, twice: through Weir, then with the upstream stopped. */
async function pullTwice(
  lab: Lab,
  kind: (typeof allClients)[number],
  names: readonly ImageName[],
  namings: readonly Naming[],
): Promise<void> {
  const images = names.map((name) => lab.images[name]);
  const registry = await lab.registry();
  const weir = await lab.weir({ upstream: registry.url });
  const client = await lab.client<Client>(kind);
  succeed(await client.login(weir.host, "admin", weir.token));
  await pullAll(client, weir, images, namings);
  await registry.stop();
  await client.wipe();
  await pullAll(client, weir, images, namings);
}

const small: ImageName[] = ["hello", "schema2", "multi", "list"];
for (const kind of allClients) {
  const title = `${kind.name} logs in, pulls by tag and digest, and again with the upstream stopped`;
  await e2e(`${title}: OCI, Docker schema 2, index, list`, { needs: [kind] }, (lab) =>
    pullTwice(lab, kind, small, ["byTag", "byDigest"]),
  );
}

// One of each family: the bytes are the same for all, and take most of these tests' time.
for (const kind of [podman, containerd]) {
  const title = `${kind.name} pulls 200 MB, and again with the upstream stopped`;
  await e2e(title, { needs: [kind] }, (lab) => pullTwice(lab, kind, ["medium"], ["byTag"]));
}

await e2e(
  "docker pulls a 1 GiB layer, and again with the upstream stopped",
  { needs: [docker], seconds: 180 },
  (lab) => pullTwice(lab, docker, ["big"], ["byTag"]),
);
