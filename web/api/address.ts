import { me } from "./session.ts";
import { useStore } from "./store.ts";

/** Where clients find the server. */
export interface PullHost {
  /** As it stands in the names of images: without a scheme. */
  host: string;
  /** Whether it is plain HTTP, which clients must be told. */
  isPlain: boolean;
}

export function pullHost(externalUrl: string): PullHost {
  const { host, protocol } = new URL(externalUrl);
  return { host, isPlain: protocol === "http:" };
}

export function usePullHost(): PullHost {
  const known = useStore(me);
  return pullHost(known?.external_url ?? location.origin);
}

/** What the names of a registry's images begin with. */
export const pullAddress = ({ host }: PullHost, registryId: number): string =>
  `${host}/virtual_registries/container/${registryId}`;
