import type { Overfull } from "./contract.ts";

const stays = "is pinned, was pulled a moment ago, or shares its content with entries that stay";

/** Why not everything that is over a limit can be given up, to be said of what is left. */
export const whyItStays = (why: Overfull["why"]): string =>
  why === "limit"
    ? stays
    : `${stays}; or it is not the cache that fills the disk, or WEIR_MIN_FREE_BYTES is more than this disk can have`;
