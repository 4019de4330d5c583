/** What a refusal does not say, since its words are those of the API that clients know. */
const hints: readonly [refusal: RegExp, hint: string][] = [
  [
    /registries is the maximum allowed/,
    "delete some, or raise WEIR_MAX_REGISTRIES_PER_GROUP of the server",
  ],
  [
    /upstreams is the maximum allowed/,
    "take some out of the registry, or raise WEIR_MAX_UPSTREAMS_PER_REGISTRY of the server",
  ],
];

/** The refusal, and in a line below what helps, where something is known to. */
export function withHint(refusal: string): string {
  const hint = hints.find(([words]) => words.test(refusal))?.[1];
  return hint === undefined ? refusal : `${refusal}\n${hint}`;
}
