import { yieldTurn } from "../lib/clock.ts";
import type { Peer } from "./transport.ts";

const maxSessions = 512;

/** Connections that can be used again. */
export interface Pool {
  /** Closes those that are idle. */
  close(): void;
}

/** The connections of one version of an upstream to one origin. */
export class Session<P extends Pool> {
  #isRetired = false;

  constructor(
    readonly peer: Pick<Peer, "id" | "version">,
    readonly pool: P,
  ) {}

  /** Closes what is idle, and later what becomes so. */
  retire(): void {
    this.#isRetired = true;
    this.pool.close();
  }

  /** A request by it has ended. */
  async ended(): Promise<void> {
    if (!this.#isRetired) return;
    await yieldTurn(); // the connection goes back to the pool first
    this.pool.close();
  }
}

/** Kept-alive connections, apart for each upstream, version of its credentials and origin (security S31). */
export class Sessions<P extends Pool> {
  /** The one used last is the last in it. */
  readonly #kept = new Map<string, Session<P>>();

  constructor(readonly open: (peer: Peer, url: URL) => P) {}

  of(peer: Peer, url: URL): Session<P> {
    const { id, version } = peer;
    const key = `${id} ${url.origin}`;
    const kept = this.#kept.get(key);
    this.#kept.delete(key);
    const isSame = kept?.peer.version === version;
    if (!isSame) kept?.retire();
    const session = isSame ? kept : new Session({ id, version }, this.open(peer, url));
    this.#kept.set(key, session);
    this.#forgetOldest();
    return session;
  }

  forget(upstreamId: number): void {
    for (const [key, session] of this.#kept) {
      if (session.peer.id !== upstreamId) continue;
      session.retire();
      this.#kept.delete(key);
    }
  }

  close(): void {
    for (const session of this.#kept.values()) session.retire();
    this.#kept.clear();
  }

  #forgetOldest(): void {
    if (this.#kept.size <= maxSessions) return;
    for (const [key, session] of this.#kept) {
      session.retire();
      this.#kept.delete(key);
      return;
    }
  }
}
