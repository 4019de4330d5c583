import type { RegistrySettings } from "../../src/metadata/contract.ts";
import type { WeirOptions } from "./weir.ts";

/** A registry of a group, with these upstreams, as a configuration file would declare it. */
export function declareRegistry(
  group: string,
  id: number,
  list: WeirOptions["upstreams"],
  settings: Partial<RegistrySettings> = {},
) {
  const upstreams = list.map(({ fake, settings: own }, i) => ({
    group,
    name: `up${i + 1}`,
    url: fake.url,
    username: undefined,
    password: undefined,
    tokenRealm: undefined,
    cacheValidityHours: 24,
    deniedMeans: "unsure" as const,
    libraryPrefix: false,
    description: undefined,
    staleIfAbsentHours: 168,
    staleWhileRevalidate: false,
    ca: undefined,
    rules: [],
    cacheMaxBytes: undefined,
    verifiedGroup: undefined,
    ...own,
  }));
  const registry = {
    group,
    id,
    name: group,
    description: undefined,
    onUnsure: "stop" as const,
    ask: "in_order" as const,
    upstreams: upstreams.map(({ name }) => name),
    ...settings,
  };
  return { upstreams, registry };
}
