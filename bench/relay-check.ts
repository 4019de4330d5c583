import { download } from "./download.ts";
import { repository } from "./content.ts";
import { cpuSeconds } from "./procfs.ts";
import { figure } from "./stats.ts";
import type { Upstream } from "./upstream.ts";

/** What the relay itself can carry, against its registry without it: a server's figures mean nothing beyond. */
export async function checkRelay(upstream: Upstream): Promise<string> {
  const { big } = upstream.content;
  const rate = async (origin: string, clients: number) => {
    const url = `${origin}/v2/${repository}/blobs/${big.digest}`;
    const begin = performance.now();
    await Promise.all(Array.from({ length: clients }, () => download(url, {})));
    return (clients * big.size) / 2 ** 30 / ((performance.now() - begin) / 1000);
  };
  const direct = [await rate(upstream.directUrl, 1), await rate(upstream.directUrl, 8)];
  const before = cpuSeconds([upstream.relayPid]);
  const relayed = [await rate(upstream.url, 1), await rate(upstream.url, 8)];
  const used = (cpuSeconds([upstream.relayPid]) - before) / ((9 * big.size) / 2 ** 30);
  const both = (rates: number[]) => rates.map(figure).join(" and ");
  return `relay to the upstream: ${both(relayed)} GiB/s with 1 and 8 clients, ${figure(used)} CPU s per GiB; the upstream without it ${both(direct)}`;
}
