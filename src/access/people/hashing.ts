/** 64 MiB and two passes: more than the least that RFC 9106, section 4, and OWASP name. */
const argon2id = { algorithm: "argon2id", memoryCost: 64 << 10, timeCost: 2 } as const;
/** Of a random text that nobody knows, with the same costs. */
const nobodys =
  "$argon2id$v=19$m=65536,t=2,p=1$L2t64uf/hKxEP3crOCCs3eZAWCS1gU6p7Ryzz/fOUoc$aABwnrI07C40UPQ59rfC+2tG2LTgV+6ogzB1OJMpHhE";
/** Hashing has the thread pool in common with the file system and name look-ups. */
const maxRunning = 2;
/** Together they wait for about two seconds. */
const maxWaiting = 16;
/** Of one account, running ones too: whoever has a good password must not keep all others from theirs. */
const maxOfAccount = 4;

/** Says that too many want to be hashed: nothing was computed. */
export class HashingBusyError extends Error {
  override readonly name = "HashingBusyError";
}

/** Hashes passwords, two at a time. What comes when too many wait is refused with a `HashingBusyError`. */
export class Hashing {
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  /** How many are running or waiting. */
  readonly #accounts = new Map<string, number>();

  hash(password: string): Promise<string> {
    return this.#inTurn(() => Bun.password.hash(password, argon2id));
  }

  /**
   * Without a hash it takes as long, and is false. `begin` is called when it is its turn, before anything is computed, and
   * ends it by throwing.
   */
  async verify(
    { password, hash, account }: { password: string; hash: string | undefined; account: string },
    begin: () => void,
  ): Promise<boolean> {
    const own = this.#accounts.get(account) ?? 0;
    if (own >= maxOfAccount) throw new HashingBusyError();
    this.#accounts.set(account, own + 1);
    try {
      return await this.#inTurn(async () => {
        begin();
        const isRight = await Bun.password.verify(password, hash ?? nobodys, "argon2id");
        return isRight && hash !== undefined;
      });
    } finally {
      const left = (this.#accounts.get(account) ?? 1) - 1;
      if (left > 0) this.#accounts.set(account, left);
      else this.#accounts.delete(account);
    }
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= maxRunning) {
      if (this.#waiting.length >= maxWaiting) throw new HashingBusyError();
      // Who is let go on has the place of the one that has ended.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running++;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
