import type { Clock } from "../lib/clock.ts";
import { deriveKey, keyId } from "../lib/keys.ts";
import { LruMap } from "../lib/lru.ts";

type Root = Uint8Array<ArrayBuffer>;

/** How long one key signs. */
export const epochMs = 86_400_000;
/** More than count at a time, of a few secrets. */
const maxKeys = 16;
const hmac = { name: "HMAC", hash: "SHA-256" };
const form = /^(0|[1-9]\d{0,9})\.([0-9a-f]{8})$/;

export interface SigningKey {
  /** `<epoch>.<name of the secret>`, which says how to derive the key and nothing of it. */
  kid: string;
  key: CryptoKey;
}

interface Options {
  /** 32 bytes each: the first one signs, the others were signed with before. */
  roots: readonly [Root, ...Root[]];
  /** Life of what is signed, in seconds, with all leeway. */
  lifeSeconds: number;
  /** How far the clocks of those who sign may differ. */
  leewaySeconds: number;
  clock: Clock;
}

/**
 * Keys that change by themselves: each is derived from the secret and the number of the day, so that all processes have the
 * same ones and none is stored. A former one counts for as long as what it signed can.
 */
export class SigningKeys {
  readonly #options: Options;
  readonly #roots: ReadonlyMap<string, Root>;
  readonly #current: string;
  readonly #keys = new LruMap<string, Promise<CryptoKey>>(maxKeys);

  constructor(options: Options) {
    this.#options = options;
    const named = options.roots.map((root) => [keyId(root), root] as const);
    this.#roots = new Map(named);
    this.#current = keyId(options.roots[0]);
  }

  /** What signs at this time, in milliseconds since the epoch. */
  async at(time: number): Promise<SigningKey> {
    const kid = `${epochOf(time)}.${this.#current}`;
    const key = await this.#key(kid);
    if (!key) throw new Error("there is no key of the present day");
    return { kid, key };
  }

  /** Undefined for a name that is none of ours, or of a day whose tokens have all ended, or that is to come. */
  async find(kid: string | undefined): Promise<CryptoKey | undefined> {
    return kid === undefined ? undefined : this.#key(kid);
  }

  #key(kid: string): Promise<CryptoKey> | undefined {
    const [, day, name = ""] = form.exec(kid) ?? [];
    const root = this.#roots.get(name);
    if (!root || !this.#counts(Number(day))) return undefined;
    const known = this.#keys.get(kid);
    if (known) return known;
    const bytes = deriveKey(root, `epoch ${day}`);
    const key = crypto.subtle.importKey("raw", bytes, hmac, false, ["sign", "verify"]);
    this.#keys.set(kid, key);
    return key;
  }

  #counts(epoch: number): boolean {
    const { lifeSeconds, leewaySeconds, clock } = this.#options;
    const now = clock.now();
    return (
      epoch >= epochOf(now - lifeSeconds * 1000) && epoch <= epochOf(now + leewaySeconds * 1000)
    );
  }
}

/** Whether a key that signs at this time is of this name's day. */
export function isOfDay(kid: string, time: number): boolean {
  return form.exec(kid)?.[1] === String(epochOf(time));
}

const epochOf = (time: number) => Math.floor(time / epochMs);
