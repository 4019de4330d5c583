import type { Bench, Measure } from "./contract.ts";
import { gib, sizeText } from "./content.ts";
import { download } from "./download.ts";
import { blobLoad, requestLoad } from "./load.ts";
import { measured } from "./measured.ts";
import { readManifest, type Target } from "./targets.ts";
import { unlimited } from "./upstream.ts";

export function cachedManifest({ options }: Bench): Measure {
  return {
    id: "manifest",
    name: "manifest",
    title: "Cached manifest by tag, Bearer token, 64 connections",
    turns: options.runs,
    prepare: warm,
    turn: async (target) => {
      const headers = await target.headers();
      const url = `${target.base}/manifests/small`;
      await readManifest(target, "small");
      const cost = await measured(target, () => requestLoad(url, headers, options.manifestSeconds));
      const { requests, seconds, medianMs, slowestMs, bad } = cost.result;
      return {
        requestsPerSecond: requests / seconds,
        requestsPerCpu: requests / cost.cpuSeconds,
        cpuPer10k: (cost.cpuSeconds / requests) * 10_000,
        medianMs,
        slowestMs,
        peakMb: cost.peakMb,
        foreign: cost.foreign,
        bad,
      };
    },
  };
}

export function cachedBlob({ options, upstream }: Bench, clients: number): Measure {
  const { big } = upstream.content;
  // CPU time is read in hundredths of a second: one download by one client would be too few of them.
  const rounds = Math.ceil(4 / clients);
  return {
    id: `blob${clients}`,
    name: "blob",
    title: `Cached blob of ${sizeText(big)}, ${count(clients)}`,
    turns: options.runs,
    prepare: async (target) => {
      await warm(target);
      await readManifest(target, "big");
      await download(`${target.base}/blobs/${big.digest}`, await target.headers());
    },
    turn: async (target) => {
      const headers = await target.headers();
      const url = `${target.base}/blobs/${big.digest}`;
      await upstream.reset(unlimited);
      const cost = await measured(target, () => blobLoad(url, headers, clients, rounds, big.size));
      const moved = (clients * rounds * big.size) / gib;
      const asked = await upstream.gets(big);
      return {
        gibPerSecond: moved / cost.seconds,
        cpuPerGib: cost.cpuSeconds / moved,
        peakMb: cost.peakMb,
        foreign: cost.foreign,
        // A cached blob that was asked for upstream is no cached blob.
        bad: cost.result + asked.length,
      };
    },
  };
}

async function warm(target: Target): Promise<void> {
  if (target.pids().length === 0) await target.startEmpty();
}

function count(clients: number): string {
  return clients === 1 ? "1 client" : `${clients} clients`;
}
