import type { Clock } from "../../lib/clock.ts";
import { hashSecret, isWellFormedSecret, newSecret } from "../../lib/secret.ts";
import type {
  Author,
  Credentials,
  Session,
  Sessions,
  SignedInBy,
  UserCredential,
  UserRights,
} from "../../metadata/contract.ts";
import type { Caller } from "../contract.ts";
import {
  type Attempts,
  type From,
  type NewLogin,
  type SessionAccess,
  type SignedIn,
  SignInError,
} from "./contract.ts";

const prefix = "weir_ses_";
/** When somebody was here is noted no more often, in milliseconds. */
const noteAfter = 60_000;
const maxSessions = 50;
/** More than any access token. */
const maxTokenLength = 1024;

export interface SessionOptions {
  clock: Clock;
  sessions: Sessions;
  credentials: Pick<Credentials, "byHash" | "byId" | "noteUse">;
  ofUser: (userId: number) => Promise<UserRights | undefined>;
  /** What he makes ends at `expiresAt`, if it is given: see `Caller`. */
  callerOf: (rights: UserRights, expiresAt: number | undefined) => Caller;
  attempts: Attempts;
  /** Whether one can still sign in so: what was begun by a way that is shut has ended with it. */
  isOffered: (by: SignedInBy) => boolean;
  idleSeconds: number;
  /** How long one lasts, whatever happens. */
  seconds: number;
}

/** `SessionAccess` over the stored sessions. */
export class LoginSessions implements SessionAccess {
  readonly idleSeconds: number;
  readonly #options: SessionOptions;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.idleSeconds = options.idleSeconds;
  }

  begin(userId: number, by: "password" | { provider: string }): Promise<NewLogin> {
    const signedInBy: SignedInBy =
      by === "password" ? { method: "password" } : { method: "provider", ...by };
    return this.#begin(userId, signedInBy);
  }

  async beginByToken(token: string, from: From): Promise<NewLogin> {
    const { credentials, attempts } = this.#options;
    const attempt = { ...from, account: undefined };
    attempts.mayTry(attempt);
    const credential =
      token.length <= maxTokenLength ? await credentials.byHash(hashSecret(token)) : undefined;
    const tokenId = credential?.tokenId ?? -1;
    const live = credential && (await this.#liveToken(tokenId));
    if (!live) {
      attempts.failed(attempt);
      throw new SignInError("wrong", "the access token is not valid, or has not the scope api");
    }
    credentials.noteUse(tokenId);
    const { user } = live;
    const actor = { kind: "user", name: user.username } as const;
    attempts.succeeded(attempt, { actor, credential: `token:${tokenId}`, isOfUse: true });
    return this.#begin(user.id, { method: "token", tokenId });
  }

  async #begin(userId: number, by: SignedInBy): Promise<NewLogin> {
    const { clock, sessions, seconds } = this.#options;
    const now = clock.now();
    const secret = newSecret(prefix);
    const session = await sessions.begin(
      { userId, hash: hashSecret(secret), by, expiresAt: now + seconds * 1000 },
      { now, idleSince: now - this.idleSeconds * 1000, most: maxSessions },
    );
    return { secret, session };
  }

  async find(secret: string): Promise<SignedIn | undefined> {
    const found = await this.peek(secret);
    if (!found) return undefined;
    const { clock, sessions } = this.#options;
    const { id, lastSeenAt } = found.session;
    const now = clock.now();
    if (now >= lastSeenAt + noteAfter) await sessions.seen(id, now);
    return found;
  }

  async peek(secret: string): Promise<SignedIn | undefined> {
    const { sessions, ofUser, callerOf, isOffered } = this.#options;
    if (!isWellFormedSecret(secret, prefix)) return undefined;
    const session = await sessions.byHash(hashSecret(secret));
    if (!session || !this.#isLive(session)) return undefined;
    const { by, userId } = session;
    if (!isOffered(by)) return undefined;
    // A session is worth no more than the token that it was begun with, and lives no longer.
    const token = by.method === "token" ? await this.#liveToken(by.tokenId) : undefined;
    if (by.method === "token" && token?.user.id !== userId) return undefined;
    const rights = await ofUser(userId);
    if (!rights) return undefined;
    return { caller: callerOf(rights, token?.expiresAt), session };
  }

  csrfToken(secret: string): string {
    return hashSecret(`csrf ${secret}`);
  }

  async ofUser(userId: number): Promise<Session[]> {
    const all = await this.#options.sessions.ofUser(userId);
    return all.filter((session) => this.#isLive(session));
  }

  end(userId: number, id: number, author: Author): Promise<boolean> {
    return this.#options.sessions.end(userId, id, author);
  }

  #isLive({ expiresAt, lastSeenAt }: Session): boolean {
    const now = this.#options.clock.now();
    return now < expiresAt && now < lastSeenAt + this.idleSeconds * 1000;
  }

  /** The token, if it opens all that its owner may. */
  async #liveToken(tokenId: number): Promise<UserCredential | undefined> {
    const credential = await this.#options.credentials.byId(tokenId);
    // Bots and jobs do not look at consoles.
    if (credential?.kind !== "personal" || !credential.scopes.includes("api")) return undefined;
    return credential;
  }
}
