import type { UserPassword, UserPasswords, UserRights } from "../../metadata/contract.ts";
import { RegistryError } from "../../oci/error.ts";
import type { BasicCredentials, Visitor } from "../contract.ts";
import type { Holder, Proven, Prover } from "../holder.ts";
import { looksOurs } from "../visitors.ts";
import { type Attempts, type PasswordAccess, passwordLength, SignInError } from "./contract.ts";
import { type Hashing, HashingBusyError } from "./hashing.ts";

/** More than any user name or e-mail address. */
const maxLogin = 320;
const busySeconds = 2;

export interface PasswordOptions {
  isEnabled: boolean;
  passwords: UserPasswords;
  ofUser: (userId: number) => Promise<UserRights | undefined>;
  holderOf: (rights: UserRights) => Holder;
  hashing: Hashing;
  attempts: Attempts;
}

/** Passwords of users: for signing in, and at the token endpoint. */
export class PasswordLogins implements PasswordAccess, Prover {
  readonly kind = "user";
  readonly isEnabled: boolean;
  readonly #options: PasswordOptions;
  readonly #holders = new WeakMap<UserRights, Holder>();

  constructor(options: PasswordOptions) {
    this.#options = options;
    this.isEnabled = options.isEnabled;
  }

  async check(given: BasicCredentials, address: string | undefined): Promise<number> {
    if (!this.isEnabled) throw new SignInError("unknown", "signing in by password is switched off");
    const { userId } = (await this.#find(given, address)) ?? {};
    if (userId === undefined || !(await this.#options.ofUser(userId))) throw wrong();
    return userId;
  }

  async set(userId: number, password: string): Promise<boolean> {
    const hash = await busyAsSignInError(this.#options.hashing.hash(normal(password)));
    return this.#options.passwords.set(userId, hash, { before: undefined, keep: undefined });
  }

  async change(
    userId: number,
    { old, password }: { old: string; password: string },
    { address, keep }: { address: string | undefined; keep: number | undefined },
  ): Promise<void> {
    const { hashing, passwords } = this.#options;
    const attempt = { address, account: `user ${userId}` };
    const stored = await passwords.of(userId);
    if (!(await this.#isRight(old, stored, attempt)) || !stored) throw wrong();
    const hash = await busyAsSignInError(hashing.hash(normal(password)));
    // Two at once: the later one's old password is no more.
    if (!(await passwords.set(userId, hash, { before: stored.hash, keep }))) throw wrong();
  }

  /**
   * At the token endpoint. What is plainly no password is not hashed, nor what somebody gives who would get the same
   * without it: a mirror's clients send the logins that they have elsewhere.
   */
  async prove(
    given: BasicCredentials,
    visitor: Visitor,
    isOpen: boolean,
  ): Promise<Proven | undefined> {
    const { ofUser } = this.#options;
    if (!this.isEnabled || isOpen || looksOurs(given.password)) return undefined;
    try {
      const stored = await this.#find(given, visitor.address());
      const rights = stored && (await ofUser(stored.userId));
      if (!rights) return undefined;
      const id = `${stored.userId}.${stored.changedAt}`;
      return { id, holder: this.#holderOf(rights), expiresAt: undefined };
    } catch (error) {
      if (!(error instanceof SignInError)) throw error;
      const headers = { "Retry-After": String(error.retryAfterSeconds) };
      throw new RegistryError("rate_limited", error.message, { headers });
    }
  }

  async find(id: string): Promise<Holder | undefined> {
    const { passwords, ofUser } = this.#options;
    const [userId, changedAt] = id.split(".").map(Number);
    if (userId === undefined || !this.isEnabled) return undefined;
    const stored = await passwords.of(userId);
    const rights = stored?.changedAt === changedAt ? await ofUser(userId) : undefined;
    return rights && this.#holderOf(rights);
  }

  async #find(
    { username, password }: BasicCredentials,
    address: string | undefined,
  ): Promise<UserPassword | undefined> {
    if (username === "" || username.length > maxLogin) return undefined;
    const stored = await this.#options.passwords.ofLogin(username);
    const attempt = { address, account: username.toLowerCase() };
    return (await this.#isRight(password, stored, attempt)) ? stored : undefined;
  }

  /** It takes as long where nothing is stored. */
  async #isRight(
    password: string,
    stored: UserPassword | undefined,
    attempt: { address: string | undefined; account: string },
  ): Promise<boolean> {
    const { attempts, hashing } = this.#options;
    const seconds = attempts.mayTry(attempt);
    if (seconds !== undefined) throw busy(seconds);
    // None of ours, whoever it is said to be.
    if (Buffer.byteLength(password) > passwordLength.mostBytes) return false;
    const isRight = await busyAsSignInError(hashing.verify(normal(password), stored?.hash));
    attempts.tried(attempt, isRight);
    return isRight;
  }

  #holderOf(rights: UserRights): Holder {
    const known = this.#holders.get(rights);
    if (known) return known;
    const holder = this.#options.holderOf(rights);
    this.#holders.set(rights, holder);
    return holder;
  }
}

/** The same letters can be typed as different code points (NIST SP 800-63B, section 5.1.1.2). */
const normal = (password: string) => password.normalize("NFC");

const wrong = () => new SignInError("wrong", "the user name or the password is wrong");

function busy(seconds: number): SignInError {
  const message = "too many sign-ins at the moment; wait, and try again";
  return new SignInError("busy", message, seconds);
}

async function busyAsSignInError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof HashingBusyError ? busy(busySeconds) : error;
  }
}
