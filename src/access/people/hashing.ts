/** What a hash takes, in KiB and passes of argon2id (RFC 9106, section 3.1). */
export interface HashingCost {
  memoryCost: number;
  timeCost: number;
  /** The hash of a random text that nobody knows, with the same costs. */
  nobodys: string;
}

/** More than the least that RFC 9106, section 4, and OWASP name. */
const strongCost: HashingCost = {
  memoryCost: 64 << 10,
  timeCost: 2,
  nobodys:
    "$argon2id$v=19$m=65536,t=2,p=1$L2t64uf/hKxEP3crOCCs3eZAWCS1gU6p7Ryzz/fOUoc$aABwnrI07C40UPQ59rfC+2tG2LTgV+6ogzB1OJMpHhE",
};
/**
 * Hashing has the thread pool in common with the file system and name look-ups; and where there are two processors, one is
 * for pulls: with both hashing, cached pulls wait for tens of milliseconds.
 */
const maxRunning = navigator.hardwareConcurrency > 2 ? 2 : 1;
/** Together they wait for about two seconds. */
const maxWaiting = 16;
/** Of one account, running ones too: whoever has a good password must not keep all others from theirs. */
const maxOfAccount = 4;

/** Says that too many want to be hashed: nothing was computed. */
export class HashingBusyError extends Error {
  override readonly name = "HashingBusyError";
}

/** Hashes passwords, one or two at a time. What comes when too many wait is refused with a `HashingBusyError`. */
export class Hashing {
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  /** How many are running or waiting. */
  readonly #accounts = new Map<string, number>();

  constructor(
    readonly most: number = maxRunning,
    readonly cost: HashingCost = strongCost,
  ) {}

  hash(password: string): Promise<string> {
    const { memoryCost, timeCost } = this.cost;
    const argon2id = { algorithm: "argon2id", memoryCost, timeCost } as const;
    return this.#inTurn(() => Bun.password.hash(password, argon2id));
  }

  /** False where `verify` would be refused: then nothing has to be looked up for it. */
  hasRoom(account: string): boolean {
    const isFull = this.#running >= this.most && this.#waiting.length >= maxWaiting;
    return !isFull && (this.#accounts.get(account) ?? 0) < maxOfAccount;
  }

  /**
   * Without a hash it takes as long, and is false. `begin` is called when it is its turn, before anything is computed, and
   * ends it by throwing.
   */
  async verify(
    { password, hash, account }: { password: string; hash: string | undefined; account: string },
    begin: () => void,
  ): Promise<boolean> {
    if (!this.hasRoom(account)) throw new HashingBusyError();
    const own = this.#accounts.get(account) ?? 0;
    this.#accounts.set(account, own + 1);
    try {
      return await this.#inTurn(async () => {
        begin();
        const isRight = await Bun.password.verify(password, hash ?? this.cost.nobodys, "argon2id");
        return isRight && hash !== undefined;
      });
    } finally {
      const left = (this.#accounts.get(account) ?? 1) - 1;
      if (left > 0) this.#accounts.set(account, left);
      else this.#accounts.delete(account);
    }
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.most) {
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
