import type { Client } from "../lib/address-ranges.ts";
import type { Clock } from "../lib/clock.ts";
import { LruMap } from "../lib/lru.ts";
import { RegistryError } from "../oci/error.ts";
import { clientAddress } from "./client-address.ts";
import type { BunServer } from "./exchange.ts";

const windowMs = 15_000;
/** Each takes some hundred bytes. */
const maxClients = 20_000;

interface Window {
  count: number;
  endsAt: number;
}

interface Options {
  clock: Clock;
  /** Requests from one address in 15 seconds; 0: as many as it likes. */
  limit: number;
  clientAt: (address: string) => Client;
  isTrustedProxy: (address: string) => boolean;
}

/** How often one client may ask for pulls, whatever they are. One of this machine may always. */
export class PullRate {
  readonly #options: Options;
  readonly #windows = new LruMap<string, Window>(maxClients);

  constructor(options: Options) {
    this.#options = options;
  }

  /** Throws `RegistryError` (`rate_limited`, with `Retry-After`) for one request too many. */
  take(request: Request, server: BunServer): void {
    const { limit, isTrustedProxy, clientAt, clock } = this.#options;
    if (limit === 0) return;
    const peer = server.requestIP(request)?.address;
    const address = clientAddress(peer, request.headers, isTrustedProxy) ?? "";
    const { network, isUnlimited } = clientAt(address);
    if (isUnlimited) return;
    const now = clock.elapsed();
    let window = this.#windows.get(network);
    if (window === undefined || window.endsAt <= now) {
      window = { count: 0, endsAt: now + windowMs };
      this.#windows.set(network, window);
    }
    if (++window.count > limit) throw tooMany(Math.ceil((window.endsAt - now) / 1000));
  }
}

function tooMany(wait: number): RegistryError {
  return new RegistryError("rate_limited", "too many requests from this address; try again later", {
    headers: { "Retry-After": String(wait) },
  });
}
