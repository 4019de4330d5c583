import { expect } from "bun:test";
import type { Client } from "./lab/clients/contract.ts";
import { docker, dockerWith, skopeo, succeed } from "./lab/clients/index.ts";
import { e2e, type Lab } from "./lab/lab.ts";
import { waitFor } from "./lab/processes.ts";

const tokenSeconds = 65;
const layerSeconds = 40;
const oneAtATime = dockerWith({ "max-concurrent-downloads": 1 });

/** A pull whose third layer is asked for when the token that opened the first two has expired. */
async function pullSlowly(lab: Lab, kind: { start(folder: string): Promise<Client> }) {
  const { herd } = lab.images;
  const [layer] = herd.platforms[0]?.layers ?? [];
  if (!layer) throw new Error("the image has no layer");
  const proxy = await lab.proxy(await lab.registry());
  const env = { WEIR_TOKEN_SECONDS: String(tokenSeconds) };
  const weir = await lab.weir({ upstream: proxy.url, env });
  const client = await lab.client(kind);
  succeed(await client.login(weir.host, "admin", weir.token));

  proxy.limit(layer.size / layerSeconds);
  const started = performance.now();
  const { byTag } = weir.names(herd);
  const pulling = client.pull(byTag);
  await waitFor("two layers", () => proxy.bytes(/blobs/) >= 2 * layer.size, 300);
  expect(performance.now() - started).toBeGreaterThan(tokenSeconds * 1000);
  // The rest shows no more than these two do.
  proxy.limit(Number.POSITIVE_INFINITY);
  succeed(await pulling);
  expect(await client.stored(byTag)).toBe(herd.platforms[0]?.config.digest ?? "");
  // The log has all of a server that has stopped: a token for the login, one for the pull, one in its place.
  expect(await weir.stop()).toBe(0);
  expect(weir.log().match(/"path":"\/jwt\/auth","status":200/g)).toHaveLength(3);
}

await e2e(
  `docker and skopeo renew a token of ${tokenSeconds} s between layers of ${layerSeconds} s, and finish`,
  { needs: [docker, skopeo], seconds: 150 },
  async (lab) => {
    await Promise.all([oneAtATime, skopeo].map((kind) => pullSlowly(lab, kind)));
  },
);
