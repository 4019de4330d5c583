import type { Client } from "../lib/address-ranges.ts";
import type { Clock } from "../lib/clock.ts";
import { LruMap } from "../lib/lru.ts";
import type { Attempt } from "./contract.ts";

interface Limit {
  failures: number;
  withinMs: number;
}

export interface Limits {
  /** Of one network, whatever for. */
  network: Limit;
  /** Of one network for one account, which no success for another makes undone. */
  account: Limit;
}

/** Each takes some hundred bytes. */
const maxCounts = 50_000;
const maxName = 100;

interface Count {
  failures: number;
  /** When the first one was. */
  since: number;
  bannedUntil: number;
}

interface Options {
  limits: Limits;
  clock: Clock;
  /** 0: nobody is banned. */
  banSeconds: number;
  clientAt: (address: string) => Client;
}

/**
 * Counts failed logins. An account is closed only to the network that has failed for it, never to all: who knows a name
 * locks nobody out. Addresses that cannot be told are one network; those of this machine are never banned.
 */
export class LoginLimiter {
  readonly #options: Options;
  readonly #networks = new LruMap<string, Count>(maxCounts);
  readonly #accounts = new LruMap<string, Count>(maxCounts);
  /** The same by users, who have several names. */
  readonly #users = new LruMap<string, Count>(maxCounts);

  constructor(options: Options) {
    this.#options = options;
  }

  /** How many counts there are. */
  get size(): number {
    return this.#networks.size + this.#accounts.size + this.#users.size;
  }

  /** Seconds until this attempt may be made again; 0: now. Costs three look-ups. */
  wait(attempt: Attempt): number {
    const keys = this.#keysOf(attempt);
    if (!keys) return 0;
    const now = this.#options.clock.elapsed();
    const until = Math.max(
      this.#networks.get(keys.network)?.bannedUntil ?? 0,
      (keys.account && this.#accounts.get(keys.account)?.bannedUntil) || 0,
    );
    return until > now ? Math.ceil((until - now) / 1000) : 0;
  }

  /** Whether this failure was one too many. */
  failed(attempt: Attempt): boolean {
    const keys = this.#keysOf(attempt);
    if (!keys) return false;
    const { network, account } = keys;
    const { limits } = this.#options;
    const isBanned = this.#count(this.#networks, network, limits.network);
    const isClosed = account !== undefined && this.#count(this.#accounts, account, limits.account);
    return isBanned || isClosed;
  }

  /** What was counted is forgotten; a ban runs to its end. */
  succeeded(attempt: Attempt): void {
    const keys = this.#keysOf(attempt);
    if (!keys) return;
    this.#forget(this.#networks, keys.network);
    if (keys.account !== undefined) this.#forget(this.#accounts, keys.account);
  }

  /** Whether the user is closed to this network. */
  isShut(attempt: Attempt, userId: number): boolean {
    const keys = this.#keysOf(attempt);
    const count = keys && this.#users.get(`${keys.network} ${userId}`);
    return count !== undefined && count.bannedUntil > this.#options.clock.elapsed();
  }

  /** Counts how an attempt went for the user that its name means, whichever of his it is; whether this failure was one too many. */
  known(attempt: Attempt, userId: number, isRight: boolean): boolean {
    const keys = this.#keysOf(attempt);
    if (!keys) return false;
    const key = `${keys.network} ${userId}`;
    if (!isRight) return this.#count(this.#users, key, this.#options.limits.account);
    this.#forget(this.#users, key);
    return false;
  }

  #forget(counts: LruMap<string, Count>, key: string): void {
    const count = counts.get(key);
    if (count && count.bannedUntil <= this.#options.clock.elapsed()) counts.delete(key);
  }

  /** What an attempt is counted by; undefined where it is not counted. */
  #keysOf({ address = "", account }: Attempt) {
    const { banSeconds, clientAt } = this.#options;
    const { network, isUnlimited } = clientAt(address);
    if (banSeconds === 0 || isUnlimited) return undefined;
    if (account === undefined) return { network, account };
    return { network, account: `${network} ${account.slice(0, maxName).toLowerCase()}` };
  }

  #count(counts: LruMap<string, Count>, key: string, limit: Limit): boolean {
    const now = this.#options.clock.elapsed();
    const known = counts.get(key);
    const isRunning =
      known !== undefined && (now - known.since < limit.withinMs || known.bannedUntil > now);
    const count = isRunning ? known : { failures: 0, since: now, bannedUntil: 0 };
    if (!isRunning) counts.set(key, count);
    // Attempts that were under way already do not make it longer.
    if (++count.failures < limit.failures || count.bannedUntil > now) return false;
    count.bannedUntil = now + this.#options.banSeconds * 1000;
    // Counted anew when it is over.
    count.failures = 0;
    return true;
  }
}
