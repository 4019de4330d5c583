import { hashSecret } from "../../lib/secret.ts";
import { SingleFlight } from "../../lib/single-flight.ts";
import type {
  Author,
  Condition,
  UserPassword,
  UserPasswords,
  UserRights,
} from "../../metadata/contract.ts";
import { RegistryError } from "../../oci/error.ts";
import type { BasicCredentials, Visitor } from "../contract.ts";
import type { Holder, Proven, Prover } from "../holder.ts";
import {
  type Attempt,
  type Attempts,
  type From,
  looksLikeToken,
  type PasswordAccess,
  passwordLength,
  SignInError,
} from "./contract.ts";
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
  /** The same from the same place at the same time is hashed once: jobs that begin together, and whoever knocks for hours. */
  readonly #flights = new SingleFlight<UserPassword | undefined>();
  readonly #salt = crypto.randomUUID();

  constructor(options: PasswordOptions) {
    this.#options = options;
    this.isEnabled = options.isEnabled;
  }

  async check(given: BasicCredentials, from: From): Promise<number> {
    if (!this.isEnabled) throw new SignInError("unknown", "signing in by password is switched off");
    const { attempts, passwords, ofUser } = this.#options;
    const attempt = { ...from, account: given.username };
    attempts.mayTry(attempt);
    const found = await this.#find(given, attempt);
    // It takes its time to hash: a password that was changed meanwhile opens nothing any more.
    const present = found && (await passwords.of(found.userId));
    const stored = present?.changedAt === found?.changedAt ? found : undefined;
    const rights = stored && (await ofUser(stored.userId));
    this.#note(attempt, stored, rights);
    if (!rights) throw wrong();
    return rights.user.id;
  }

  async set(
    userId: number,
    password: string,
    author: Author,
    condition: Condition = { unmodifiedSince: undefined },
  ): Promise<boolean> {
    const hash = await busyAsSignInError(this.#options.hashing.hash(normal(password)));
    const options = { before: undefined, keep: undefined, author, condition };
    return this.#options.passwords.set(userId, hash, options);
  }

  async changedAt(userId: number): Promise<number | undefined> {
    return (await this.#options.passwords.of(userId))?.changedAt;
  }

  async change(
    userId: number,
    { old, password }: { old: string; password: string },
    { keep, author, ...from }: From & { keep: number | undefined; author: Author },
  ): Promise<void> {
    const { hashing, passwords, attempts, ofUser } = this.#options;
    const [stored, rights] = [await passwords.of(userId), await ofUser(userId)];
    const attempt = { ...from, account: rights?.user.username };
    attempts.mayTry(attempt);
    const isRight = await this.#isRight(old, stored, attempt);
    this.#note(attempt, stored, isRight ? rights : undefined);
    if (!isRight || !stored) throw wrong();
    const hash = await busyAsSignInError(hashing.hash(normal(password)));
    // Two at once: the later one's old password is no more.
    const options = { before: stored.hash, keep, author };
    if (!(await passwords.set(userId, hash, options))) throw wrong();
  }

  /** How an attempt went. */
  #note(attempt: Attempt, stored: UserPassword | undefined, rights: UserRights | undefined): void {
    const { attempts, holderOf } = this.#options;
    if (!stored || !rights) return attempts.failed(attempt);
    const credential = `${this.kind}:${idOf(stored)}`;
    attempts.succeeded(attempt, { actor: holderOf(rights).actor, credential, isOfUse: true });
  }

  /**
   * At the token endpoint, which counts attempts for all kinds of credentials. What is plainly no password is not hashed, nor what somebody gives who would get the same
   * without it: a mirror's clients send the logins that they have elsewhere.
   */
  async prove(
    given: BasicCredentials,
    visitor: Visitor,
    isOpen: boolean,
  ): Promise<Proven | undefined> {
    const { ofUser } = this.#options;
    if (!this.isEnabled || isOpen || looksLikeToken(given.password)) return undefined;
    try {
      const from = { address: visitor.address(), requestId: undefined };
      const stored = await this.#find(given, { ...from, account: given.username });
      const rights = stored && (await ofUser(stored.userId));
      return rights && { id: idOf(stored), holder: this.#holderOf(rights), expiresAt: undefined };
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
    attempt: Attempt,
  ): Promise<UserPassword | undefined> {
    if (username === "" || username.length > maxLogin) return undefined;
    const same = hashSecret(JSON.stringify([this.#salt, attempt.address, username, password]));
    return this.#flights.do(same, () => this.#findAlone({ username, password }, attempt));
  }

  async #findAlone(
    { username, password }: BasicCredentials,
    attempt: Attempt,
  ): Promise<UserPassword | undefined> {
    // Whoever guesses faster than is hashed costs no look-up.
    if (!this.#options.hashing.hasRoom(username.toLowerCase())) throw busy();
    const stored = await this.#options.passwords.ofLogin(username);
    return (await this.#isRight(password, stored, attempt)) ? stored : undefined;
  }

  /** It takes as long where nothing is stored, and where it cannot be right any more: nobody is to tell these apart. */
  async #isRight(
    password: string,
    stored: UserPassword | undefined,
    attempt: Attempt,
  ): Promise<boolean> {
    const { attempts, hashing } = this.#options;
    // None of ours, whoever it is said to be.
    if (Buffer.byteLength(password) > passwordLength.mostBytes) return false;
    const begin = () => attempts.mayTry(attempt);
    const isShut = stored !== undefined && attempts.isShut(attempt, stored.userId);
    const isRight = await busyAsSignInError(
      hashing.verify(
        {
          password: normal(password),
          hash: isShut ? undefined : stored?.hash,
          account: attempt.account?.toLowerCase() ?? "",
        },
        begin,
      ),
    );
    if (stored) attempts.known(attempt, stored.userId, isRight);
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

/** What is issued for a password is issued for this one: another one has another time. */
const idOf = ({ userId, changedAt }: UserPassword) => `${userId}.${changedAt}`;

const wrong = () => new SignInError("wrong", "the user name or the password is wrong");

const busy = () =>
  new SignInError("busy", "too many sign-ins at the moment; wait, and try again", busySeconds);

async function busyAsSignInError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof HashingBusyError ? busy() : error;
  }
}
