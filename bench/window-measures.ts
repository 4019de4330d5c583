import { now } from "./clock.ts";
import { sizeText, type Blob } from "./content.ts";
import type { Bench, Measure } from "./contract.ts";
import { download } from "./download.ts";
import { measured } from "./measured.ts";
import { median } from "./stats.ts";
import { readManifest, type Target } from "./targets.ts";
import { unlimited } from "./upstream.ts";

interface Part {
  first: number;
  last: number;
}

export function coldWindow({ upstream, options }: Bench): Measure {
  return {
    id: "window",
    name: "window",
    title: `First byte of 64 KiB in the middle of an uncached blob of ${options.missBytes / 1e6} MB, 1 client`,
    turns: upstream.content.miss.length,
    prepare: async (target) => {
      await target.startEmpty();
      await readManifest(target, "miss");
    },
    turn: async (target, number) => {
      const blob = upstream.content.miss[number];
      if (!blob) throw new Error(`there is no blob ${number}`);
      const first = Math.floor(blob.size / 2);
      const read = await reader(target, blob);
      await upstream.reset(unlimited);
      const cost = await measured(target, () => read({ first, last: first + 65535 }));
      const asked = (await upstream.gets(blob)).filter(({ firstByte }) => firstByte > 0);
      if (asked.length === 0) throw new Error("the upstream was not asked");
      const sooner = Math.min(...asked.map(({ firstByte }) => firstByte));
      const delayMs = cost.result.firstByte - sooner;
      return { delayMs, foreign: cost.foreign, bad: cost.result.bad };
    },
  };
}

/** As a lazy puller reads: here and there, 64 KiB to 4 MiB at a time, four at once. */
export function lazyReading({ upstream, options }: Bench): Measure {
  const { big } = upstream.content;
  return {
    id: "lazy",
    name: "window",
    title: `Uncached blob of ${sizeText(big)}, 400 random parts of 64 KiB to 4 MiB, 4 clients`,
    turns: options.runs,
    prepare: async () => {},
    turn: async (target) => {
      await target.startEmpty();
      await readManifest(target, "big");
      const read = await reader(target, big);
      await upstream.reset(options.slowRate);
      const parts = randomParts(400, big.size);
      const firsts: number[] = [];
      let bad = 0;
      const client = async () => {
        for (let part = parts.pop(); part; part = parts.pop()) {
          const begin = now();
          const got = await read(part);
          firsts.push(got.firstByte - begin);
          bad += got.bad;
        }
      };
      const cost = await measured(target, () => Promise.all([1, 2, 3, 4].map(client)), true);
      const asked = (await upstream.gets(big)).reduce((sum, { bytes }) => sum + bytes, 0);
      return {
        seconds: cost.seconds,
        firstMedianMs: median(firsts),
        firstLastMs: Math.max(...firsts),
        upstreamRatio: asked / big.size,
        peakMb: cost.peakMb,
        foreign: cost.foreign,
        bad,
      };
    },
  };
}

async function reader(target: Target, blob: Blob) {
  const headers = await target.headers();
  return async ({ first, last }: Part) => {
    const Range = `bytes=${first}-${last}`;
    const got = await download(`${target.base}/blobs/${blob.digest}`, { ...headers, Range });
    // Who ignores ranges answers with the whole, which is slow but not wrong.
    const length = got.status === 206 ? last - first + 1 : blob.size;
    const isRight = (got.status === 206 || got.status === 200) && got.bytes === length;
    return { ...got, bad: isRight ? 0 : 1 };
  };
}

/** The same at each run. */
function randomParts(count: number, size: number): Part[] {
  let seed = 42;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  return Array.from({ length: count }, () => {
    const length = (64 << 10) + random((4 << 20) - (64 << 10));
    const first = random(size - length);
    return { first, last: first + length - 1 };
  });
}
