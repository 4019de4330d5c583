import type { Clock } from "../lib/clock.ts";
import { hashSecret } from "../lib/secret.ts";
import type { Credential, Credentials } from "../metadata/contract.ts";
import type { BasicCredentials } from "./contract.ts";
import type { Holder, Proven, Prover } from "./holder.ts";
import { allowsPulling } from "./scopes.ts";

/** More than any secret of ours: what is longer is not hashed. */
const maxSecretLength = 1024;

/** Access tokens as passwords. The user name does not matter. */
export class AccessTokens implements Prover {
  readonly kind = "token";
  readonly #credentials: Credentials;
  readonly #clock: Clock;
  readonly #holders = new WeakMap<Credential, Holder>();

  constructor(credentials: Credentials, clock: Clock) {
    this.#credentials = credentials;
    this.#clock = clock;
  }

  async prove({ password }: BasicCredentials): Promise<Proven | undefined> {
    if (password.length > maxSecretLength) return undefined;
    const credential = await this.#credentials.byHash(hashSecret(password));
    if (!credential || !this.#isLive(credential)) return undefined;
    const { tokenId, expiresAt } = credential;
    const holder = this.#holderOf(credential);
    return holder && { id: String(tokenId), holder, expiresAt };
  }

  async find(id: string): Promise<Holder | undefined> {
    const credential = await this.#credentials.byId(Number(id));
    return credential && this.#isLive(credential) ? this.#holderOf(credential) : undefined;
  }

  #isLive({ expiresAt }: Credential): boolean {
    return expiresAt === undefined || this.#clock.now() < expiresAt;
  }

  #holderOf(credential: Credential): Holder | undefined {
    const known = this.#holders.get(credential);
    if (known) return known;
    const holder = holderOf(credential);
    if (holder) this.#holders.set(credential, holder);
    return holder;
  }
}

/** What a token opens; undefined for one without a user. */
export function holderOf(credential: Credential): Holder | undefined {
  if (credential.kind === "deploy") return undefined;
  const { user, memberships, scopes } = credential;
  return {
    actor: { kind: "user", name: user.username },
    mayPullAnything: allowsPulling(scopes),
    mayPull(registry) {
      if (user.admin) return true;
      if (!("readers" in registry)) return memberships.has(registry.groupId);
      return registry.readers.some((groupId) => memberships.has(groupId));
    },
  };
}
