import type { Changes } from "./changes.ts";
import type { Passwords } from "./passwords.ts";
import type { Db } from "./schema.ts";

/** How many passwords of upstreams stay closed with this secret key, counted anew when something has been changed. */
export class ClosedPasswords {
  #generation = -1;
  #count = 0;

  constructor(
    readonly probe: Db,
    readonly changes: Changes,
    readonly passwords: Passwords,
  ) {}

  async told(): Promise<string | undefined> {
    const generation = await this.changes.generation();
    if (generation !== this.#generation) {
      this.#count = await this.#counted();
      this.#generation = generation;
    }
    if (this.#count === 0) return undefined;
    return `the secret key does not open the passwords of upstreams (${this.#count})`;
  }

  async #counted(): Promise<number> {
    const rows = await this.probe
      .selectFrom("upstreams")
      .select(["id", "name", "url", "sealed_password"])
      .where("sealed_password", "is not", null)
      .execute();
    let count = 0;
    for (const row of rows) if (!(await this.passwords.opens(row))) count++;
    return count;
  }
}
