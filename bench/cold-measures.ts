import { now } from "./clock.ts";
import { gib, sizeText, type Blob } from "./content.ts";
import type { Bench, Measure, Values } from "./contract.ts";
import { download, type Download } from "./download.ts";
import { measured } from "./measured.ts";
import { median } from "./stats.ts";
import { readManifest, type Target } from "./targets.ts";
import { unlimited } from "./upstream.ts";

export function coldBlob(bench: Bench): Measure {
  const { big } = bench.upstream.content;
  return {
    id: "cold",
    name: "cold",
    title: `Uncached blob of ${sizeText(big)}, 1 client`,
    turns: bench.options.runs,
    prepare: nothing,
    turn: async (target) => {
      const { values, cost } = await coldDownloads(bench, target, "big", big, 1, unlimited);
      return { ...values, cpuPerGib: cost.cpuSeconds / (big.size / gib) };
    },
  };
}

export function herd(bench: Bench): Measure {
  const blob = bench.upstream.content.herd;
  return {
    id: "herd",
    name: "herd",
    title: `Uncached blob of ${sizeText(blob)}, 32 clients at once`,
    turns: bench.options.runs,
    prepare: nothing,
    turn: async (target) =>
      (await coldDownloads(bench, target, "herd", blob, 32, unlimited)).values,
  };
}

export function slowHerd(bench: Bench): Measure {
  const blob = bench.upstream.content.herd;
  const { runs, slowRate } = bench.options;
  return {
    id: "slow",
    name: "slow",
    title: `The same with each upstream connection held to ${slowRate / 1e6} MB/s`,
    turns: runs,
    prepare: nothing,
    turn: async (target) => {
      const alone = await coldDownloads(bench, target, "herd", blob, 1, slowRate);
      const all = await coldDownloads(bench, target, "herd", blob, 32, slowRate);
      const [aloneSeconds, seconds] = [alone.cost.seconds, all.cost.seconds];
      return { aloneSeconds, ...all.values, seconds, slowdown: seconds / aloneSeconds };
    },
  };
}

export function miss({ upstream, options }: Bench): Measure {
  return {
    id: "miss",
    name: "miss",
    title: `First byte of an uncached blob of ${options.missBytes / 1e6} MB, 1 client`,
    turns: upstream.content.miss.length,
    prepare: async (target) => {
      await target.startEmpty();
      await readManifest(target, "miss");
    },
    turn: async (target, number) => {
      const blob = upstream.content.miss[number];
      if (!blob) throw new Error(`there is no blob ${number}`);
      const headers = await target.headers();
      await upstream.reset(unlimited);
      const cost = await measured(target, () =>
        download(`${target.base}/blobs/${blob.digest}`, headers),
      );
      const [first] = await upstream.gets(blob);
      if (!first) throw new Error("the upstream was not asked");
      const delayMs = cost.result.firstByte - first.firstByte;
      return { delayMs, foreign: cost.foreign, bad: whole(cost.result, blob) ? 0 : 1 };
    },
  };
}

/** Empties the cache, then lets clients ask for one blob at the same moment. */
async function coldDownloads(
  { upstream }: Bench,
  target: Target,
  tag: string,
  blob: Blob,
  clients: number,
  rate: number,
) {
  await target.startEmpty();
  await readManifest(target, tag);
  const headers = await target.headers();
  const url = `${target.base}/blobs/${blob.digest}`;
  await upstream.reset(rate);
  const begin = { at: 0 };
  const all = () => {
    begin.at = now();
    return Promise.all(Array.from({ length: clients }, () => download(url, headers)));
  };
  const cost = await measured(target, all, true);
  const firsts = cost.result.map(({ firstByte }) => firstByte - begin.at);
  const asked = (await upstream.gets(blob)).reduce((sum, { bytes }) => sum + bytes, 0);
  const values: Values = {
    seconds: cost.seconds,
    firstMedianMs: median(firsts),
    firstLastMs: Math.max(...firsts),
    upstreamRatio: asked / blob.size,
    peakMb: cost.peakMb,
    foreign: cost.foreign,
    bad: cost.result.filter((got) => !whole(got, blob)).length,
  };
  return { values, cost };
}

function whole({ status, bytes }: Download, blob: Blob): boolean {
  return status === 200 && bytes === blob.size;
}

async function nothing(): Promise<void> {}
