import type { BlobStore } from "../../blobs/contract.ts";
import type { Space } from "../../metadata/contract.ts";
import type { Overfull } from "./contract.ts";

/** What is over its limit is brought to this part of it, so that not each pull evicts. */
const lowShare = 0.95;
/**
 * Parts of the limit, or of the headroom: whoever has set it has not much more to give from the first on, and at the second it
 * has to come to an end, or what is stored beside grows for as long as it comes faster than it goes.
 */
const farOver = [1.1, 1.5] as const;
const farBelow = [0.5, 0] as const;
/** Eviction begins where so much, or this part of the floor if that is less, is left above the floor of free space. */
const maxHeadroom = 1 << 30;
const headroomShare = 0.5;

export interface LimitsOptions {
  space: Space;
  blobs: Pick<BlobStore, "room">;
  /** Of all content; undefined: no limit. */
  cacheMaxBytes: number | undefined;
  /** The floor of free space. */
  minFreeBytes: number;
}

/** What holds more than it may, the narrowest first: what is evicted for an upstream counts for its group and for all. */
export async function overfull(options: LimitsOptions): Promise<Overfull[]> {
  const found: Overfull[] = [];
  for (const { scope, id, name, bytes, maxBytes } of await options.space.bounded()) {
    const over = overLimit(bytes, maxBytes);
    if (over) found.push({ of: { scope, id }, name, ...over });
  }
  found.sort((a, b) => rank(a) - rank(b));
  return [...found, ...(await overInstance(options))];
}

const rank = ({ of }: Overfull) => ["upstream", "group", "instance"].indexOf(of.scope);

async function overInstance(options: LimitsOptions): Promise<Overfull[]> {
  const { space, blobs, cacheMaxBytes, minFreeBytes } = options;
  const { stored, leaving } = await space.usage();
  const whole = { of: { scope: "instance", id: 0 }, name: "cache" } as const;
  const over = cacheMaxBytes === undefined ? undefined : overLimit(stored - leaving, cacheMaxBytes);
  if (over) return [{ ...whole, ...over }];
  const room = await blobs.room();
  const headroom = Math.min(maxHeadroom, Math.floor(minFreeBytes * headroomShare));
  // What is leaving is free soon.
  if (room === undefined || room + leaving >= headroom || stored === leaving) return [];
  const excess = headroom - room - leaving;
  return [
    {
      ...whole,
      why: "free_space",
      bytes: room + minFreeBytes,
      bound: headroom + minFreeBytes,
      excess,
      urgency: urgencyOf((room + leaving) / headroom, farBelow),
    },
  ];
}

function overLimit(bytes: number, bound: number) {
  if (bytes <= bound) return undefined;
  const excess = bytes - Math.floor(bound * lowShare);
  return {
    why: "limit",
    bytes,
    bound,
    excess,
    urgency: urgencyOf(bytes / bound, farOver),
  } as const;
}

/** From 0 at the first of two parts to 1 at the second; undefined before the first. */
function urgencyOf(part: number, [first, second]: readonly [number, number]): number | undefined {
  const urgency = (part - first) / (second - first);
  return urgency > 0 ? Math.min(1, urgency) : undefined;
}
