import type { Images } from "../lab/images.ts";
import { waitFor } from "../lab/processes.ts";
import type { Weir } from "../lab/weir.ts";
import { call, longName, oddName } from "./people.ts";

const containers = "/virtual_registries/container";

/** What the screens of the cache and its policies have to show: odd names, a prefetch that has run, a policy. */
export async function cached(weir: Weir, images: Images): Promise<void> {
  const group = "/groups/default/-/virtual_registries";
  for (const [host, name] of Object.entries({ odd: oddName, long: longName })) {
    const url = `https://${host}.example.com`;
    await call(weir, "POST", `${group}/container/upstreams`, { name, url });
  }
  const { repository, tag } = images.multi;
  const { id } = await call(weir, "POST", `${containers}/registries/1/prefetches`, {
    images: [`${repository}:${tag}`, "library/not-there:1"],
    platforms: ["all"],
    every_hours: 24,
  });
  await waitFor("the end of a prefetch", async () => {
    const { last_run_at: last, status } = await call(weir, "GET", `${containers}/prefetches/${id}`);
    return last !== null && status !== "running";
  });
  await call(weir, "POST", `${group}/cleanup/policy`, { enabled: true, cadence: 14 });
}
