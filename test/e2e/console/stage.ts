import { skopeo, succeed } from "../lab/clients/index.ts";
import type { Lab } from "../lab/lab.ts";
import type { Weir } from "../lab/weir.ts";
import { cached } from "./cached.ts";
import { peopled } from "./people.ts";

/** A server with something to see: a real upstream, images that were pulled, twice, and one that is not there. */
export async function furnished(lab: Lab): Promise<Weir> {
  const registry = await lab.registry();
  const weir = await lab.weir({ upstream: registry.url });
  const client = await lab.client(skopeo);
  succeed(await client.login(weir.host, "admin", weir.token));
  for (const name of ["hello", "multi", "hello", "multi"] as const) {
    succeed(await client.pull(weir.names(lab.images[name]).byTag));
    await client.wipe();
  }
  const { byTag } = weir.names(lab.images.hello);
  const { code } = await client.pull(byTag.replace(/:[^:]+$/, ":no-such-tag"));
  if (code === 0) throw new Error("a tag that is not there was pulled");
  await peopled(weir);
  await cached(weir, lab.images);
  return weir;
}
