import type { Access } from "../../access/contract.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { Directory } from "../../metadata/contract.ts";
import type { Puller } from "../../pull/contract.ts";
import type { BunServer, Exchange } from "../exchange.ts";
import type { PullRate } from "../pull-rate.ts";

export interface V2Options {
  access: Access;
  directory: Directory;
  puller: Puller;
  clock: Clock;
  log: Log;
  /** How often an address may ask. */
  pullRate: PullRate;
  /** Whether the connection comes from a proxy that this server trusts. */
  isTrustedProxy: (address: string) => boolean;
  /** The registry that stands behind names that are none of ours. */
  mirrorRegistry: number;
  hasDependencyProxies: boolean;
  /** What clients know this server by. */
  externalUrl: string;
  /** Is told of the bytes of content that a client has taken, where their number was not known before. */
  sent: (bytes: number) => void;
  /** Seconds that a connection may be idle, as the server is set up. */
  idleSeconds: number;
}

/** One request of the registry protocol, with all that answers it. */
export interface V2Asked {
  readonly request: Request;
  readonly server: BunServer;
  readonly exchange: Exchange;
  readonly options: V2Options;
}

/** Waiting for an upstream is not idleness of the client; a hit, which does not wait, need not say so. */
export async function patiently<T>(
  { request, server, options }: V2Asked,
  work: (waits: () => void) => Promise<T>,
): Promise<T> {
  let isWaiting = false;
  const waits = () => {
    isWaiting = true;
    server.timeout(request, 0);
  };
  try {
    return await work(waits);
  } finally {
    if (isWaiting) server.timeout(request, options.idleSeconds);
  }
}
