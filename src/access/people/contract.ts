import type { Author, Condition, Session } from "../../metadata/contract.ts";
import type { Actor, Caller } from "../contract.ts";

/** Where somebody comes from who tries a secret. */
export interface From {
  /** Undefined where that cannot be told. */
  address: string | undefined;
  requestId: string | undefined;
}

export interface Attempt extends From {
  /** The name that goes with the secret; undefined where the secret says it all. */
  account: string | undefined;
}

/** Whoever takes secrets says so here, before it hashes anything, again after having waited for its turn, and how it went. */
export interface Attempts {
  /** Throws while this attempt may not be made. */
  mayTry(attempt: Attempt): void;
  failed(attempt: Attempt): void;
  /**
   * Whether failures by any of this user's names have closed him to where the attempt comes from: then no password of his
   * is right, and nobody is told why.
   */
  isShut(attempt: Attempt, userId: number): boolean;
  /** How it went for whom the name was found to be, beside `failed` and `succeeded`. */
  known(attempt: Attempt, userId: number, isRight: boolean): void;
  /** `credential`: its kind and id, never a secret. `isOfUse`: whether it opens anything. */
  succeeded(attempt: Attempt, who: { actor: Actor; credential: string; isOfUse: boolean }): void;
}

/** A sign-in that is refused; whoever asked is told why in these words. */
export class SignInError extends Error {
  override readonly name = "SignInError";

  /**
   * `wrong`: whoever it was, it was not him. `busy`: not now. `foreign`: the identity provider did not confirm. `unavailable`:
   * it cannot be asked. `forbidden`: known, but not let in. `unknown`: there is no such way to sign in.
   */
  constructor(
    readonly problem: "wrong" | "busy" | "foreign" | "unavailable" | "forbidden" | "unknown",
    message: string,
    readonly retryAfterSeconds?: number,
  ) {
    super(message);
  }
}

export const passwordLength = { least: 12, mostBytes: 1024 };

/** Passwords cannot look so: a token that is wrong is not worth checking for one. */
export function looksLikeToken(text: string): boolean {
  return text.startsWith("weir_") || /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/.test(text);
}

/** User names with passwords. */
export interface PasswordAccess {
  /** Whether one can sign in and pull by them. */
  readonly isEnabled: boolean;
  /** The user whose password this is. Throws `SignInError`: `wrong` by one text and in one time, `busy`. */
  check(given: { username: string; password: string }, from: From): Promise<number>;
  /** When this user was given his; undefined where he has none. */
  changedAt(userId: number): Promise<number | undefined>;
  /** Gives a user a password, and ends his sessions. False where there is no such user. */
  set(userId: number, password: string, author: Author, condition?: Condition): Promise<boolean>;
  /** The same by himself, who stays in the session `keep`. Throws `SignInError` where the old one is wrong. */
  change(
    userId: number,
    change: { old: string; password: string },
    from: From & { keep: number | undefined; author: Author },
  ): Promise<void>;
}

/** Somebody who came by a login cookie. */
export interface SignedIn {
  caller: Caller;
  session: Session;
}

/** Logins of the console. They open the management API, and nothing else. */
export interface SessionAccess {
  readonly idleSeconds: number;
  /** The secret of a new session, shown to nobody but the browser. */
  begin(userId: number, by: "password" | { provider: string }): Promise<NewLogin>;
  /** The same for the owner of an access token that may do everything that its owner may. Throws `SignInError`. */
  beginByToken(token: string, from: From): Promise<NewLogin>;
  /** Who has this secret; undefined where the session is over, or its user or token may not come in any more. */
  find(secret: string): Promise<SignedIn | undefined>;
  /** The same for who does no more than listen: that does not keep the session from ending for want of use. */
  peek(secret: string): Promise<SignedIn | undefined>;
  /** What a page of ours repeats with each change, and no other page can know. */
  csrfToken(secret: string): string;
  ofUser(userId: number): Promise<Session[]>;
  /** False where he has no such session. */
  end(userId: number, id: number, author: Author): Promise<boolean>;
}

export interface NewLogin {
  secret: string;
  session: Session;
}

/** What a person sees of an identity provider. */
export interface ProviderInfo {
  name: string;
  title: string;
  issuer: string;
}

/** Signing in at identity providers (OpenID Connect Core 1.0, section 3.1: the code flow, with PKCE). */
export interface ProviderAccess {
  readonly providers: readonly ProviderInfo[];
  /**
   * Where the browser is to go, and what it keeps meanwhile: readable by this server alone. Throws `SignInError`.
   */
  begin(provider: string, returnTo: string): Promise<{ url: string; kept: string }>;
  /**
   * What the provider sent the browser back with, and what the browser kept. Throws `SignInError`.
   */
  finish(
    provider: string,
    answer: URLSearchParams,
    kept: string | undefined,
  ): Promise<{ userId: number; returnTo: string }>;
}
