import type { HashingCost } from "../../src/access/people/hashing.ts";

/** Nothing rests on the strength of a test's passwords. */
export const quickCost: HashingCost = {
  memoryCost: 64,
  timeCost: 1,
  nobodys:
    "$argon2id$v=19$m=64,t=1,p=1$HhgYt/ij3a9pmmByEn+Bm5B7AJ1nAXW21L8PAkn2Npc$qSjYDpFkrDnlsXM0l9yobKLMXP9LyBS+l+CGcCnfhEI",
};
