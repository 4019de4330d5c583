import { isLoopback, networkOf } from "../lib/address-ranges.ts";
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
  /** Whether an address may ask as often as it likes. */
  isUnlimited: (address: string) => boolean;
  isTrustedProxy: (address: string) => boolean;
}

/** How often one client may ask for pulls, whatever they are. One of this machine may always. */
export class PullRate {
  readonly #options: Options;
  readonly #windows = new LruMap<string, Window>(maxClients);
  /** By address as it is written, so that it need not be read each time; undefined: unlimited. */
  readonly #clients = new LruMap<string, { window: string | undefined }>(maxClients);

  constructor(options: Options) {
    this.#options = options;
  }

  /** Throws `RegistryError` (`rate_limited`, with `Retry-After`) for one request too many. */
  take(request: Request, server: BunServer): void {
    const { limit, isTrustedProxy, clock } = this.#options;
    if (limit === 0) return;
    const peer = server.requestIP(request)?.address;
    const address = clientAddress(peer, request.headers, isTrustedProxy) ?? "unknown";
    const client = this.#clients.get(address) ?? this.#met(address);
    if (client.window === undefined) return;
    const now = clock.elapsed();
    let window = this.#windows.get(client.window);
    if (window === undefined || window.endsAt <= now) {
      window = { count: 0, endsAt: now + windowMs };
      this.#windows.set(client.window, window);
    }
    if (++window.count > limit) throw tooMany(Math.ceil((window.endsAt - now) / 1000));
  }

  #met(address: string): { window: string | undefined } {
    const isFree = isLoopback(address) || this.#options.isUnlimited(address);
    const client = { window: isFree ? undefined : (networkOf(address) ?? "unknown") };
    this.#clients.set(address, client);
    return client;
  }
}

function tooMany(wait: number): RegistryError {
  return new RegistryError("rate_limited", "too many requests from this address; try again later", {
    headers: { "Retry-After": String(wait) },
  });
}
