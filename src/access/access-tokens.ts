import { hashSecret } from "../lib/secret.ts";
import type { Credential, Credentials } from "../metadata/contract.ts";
import type { Actor, BasicCredentials } from "./contract.ts";
import { createHolder, type Holder, type Proven, type Prover } from "./holder.ts";
import type { Authority } from "./doors.ts";

/** More than any secret of ours: what is longer is not hashed. */
const maxSecretLength = 1024;

/** As which a job's token comes, as in GitLab CI. */
const jobLogin = "gitlab-ci-token";

/** Tokens of all kinds as passwords. What the user name has to be depends on the kind. */
export class AccessTokens implements Prover {
  readonly kind = "token";
  readonly #credentials: Credentials;
  readonly #holders = new WeakMap<Credential, Holder>();

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
  }

  async prove({ username, password }: BasicCredentials): Promise<Proven | undefined> {
    if (password.length > maxSecretLength) return undefined;
    const credential = await this.#credentials.byHash(hashSecret(password));
    if (!credential || !isLoginOf(credential, username)) return undefined;
    const { tokenId, expiresAt } = credential;
    this.#credentials.noteUse(tokenId);
    return { id: String(tokenId), holder: this.#holderOf(credential), expiresAt };
  }

  async find(id: string): Promise<Holder | undefined> {
    const credential = await this.#credentials.byId(Number(id));
    return credential && this.#holderOf(credential);
  }

  #holderOf(credential: Credential): Holder {
    const known = this.#holders.get(credential);
    if (known) return known;
    const holder = createHolder(authorityOf(credential), actorOf(credential));
    this.#holders.set(credential, holder);
    return holder;
  }
}

function isLoginOf(credential: Credential, username: string): boolean {
  if (credential.kind === "deploy") return credential.username === username;
  return credential.kind !== "job" || username === jobLogin;
}

function authorityOf(credential: Credential): Authority {
  const { kind, scopes } = credential;
  return kind === "deploy"
    ? { kind, scopes, groupId: credential.groupId }
    : { kind, scopes, rights: credential };
}

function actorOf(credential: Credential): Actor {
  return credential.kind === "deploy"
    ? { kind: "deploy_token", name: credential.username }
    : { kind: "user", name: credential.user.username };
}
