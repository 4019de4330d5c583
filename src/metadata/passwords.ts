import type { Log } from "../lib/log.ts";
import type { Sealer } from "../lib/seal.ts";

/** An upstream as far as its password is bound to it. */
interface Holder {
  id: number;
  name: string;
  url: string;
  sealed_password: string | null;
}

/** Upstreams' passwords at rest, each bound to its upstream's id and origin. */
export class Passwords {
  constructor(
    readonly sealer: Sealer,
    readonly log: Log,
  ) {}

  seal(upstream: { id: number; url: string }, password: string): Promise<string> {
    return this.sealer.seal(password, context(upstream));
  }

  /** Undefined where there is none, or where it cannot be opened: a wrong key closes this login and nothing else. */
  async open(upstream: Holder): Promise<string | undefined> {
    if (upstream.sealed_password === null) return undefined;
    const password = await this.sealer.open(upstream.sealed_password, context(upstream));
    if (password === undefined) {
      this.log.warn("the password of an upstream cannot be opened with this secret key", {
        upstream: upstream.name,
      });
    }
    return password;
  }
}

function context({ id, url }: { id: number; url: string }): string {
  return `upstream:${id}:${new URL(url).origin}`;
}
