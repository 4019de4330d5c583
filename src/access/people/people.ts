import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { Sealer } from "../../lib/seal.ts";
import type { Metadata, SignedInBy } from "../../metadata/contract.ts";
import type { WebClient } from "../../upstream/web/contract.ts";
import { createCaller } from "../api.ts";
import { createHolder } from "../holder.ts";
import type { Attempts } from "./contract.ts";
import type { Hashing } from "./hashing.ts";
import { PasswordLogins } from "./passwords.ts";
import type { ProviderSettings } from "./provider.ts";
import { ProviderLogins } from "./providers.ts";
import { LoginSessions } from "./sessions.ts";

export interface PeopleOptions {
  metadata: Pick<Metadata, "credentials" | "people">;
  web: WebClient;
  clock: Clock;
  log: Log;
  /** For what browsers keep while somebody signs in elsewhere. */
  sealer: Sealer;
  /** Without a slash at the end. */
  externalUrl: string;
  settings: {
    passwords: boolean;
    sessionIdleSeconds: number;
    sessionSeconds: number;
    providers: readonly ProviderSettings[];
  };
  attempts: Attempts;
  hashing: Hashing;
}

/** Everything by which people sign in; `logins` is for the token endpoint. */
export function createPeople(options: PeopleOptions) {
  const { metadata, web, clock, log, sealer, externalUrl, settings, attempts, hashing } = options;
  const { credentials, people } = metadata;
  const ofUser = (userId: number) => credentials.ofUser(userId);
  const logins = new PasswordLogins({
    isEnabled: settings.passwords,
    passwords: people.passwords,
    ofUser,
    holderOf: (rights) =>
      createHolder(
        { kind: "password", scopes: [], rights },
        { kind: "user", name: rights.user.username },
      ),
    hashing,
    attempts,
  });
  const sessions = new LoginSessions({
    clock,
    sessions: people.sessions,
    credentials,
    ofUser,
    callerOf: (rights, expiresAt) =>
      createCaller({ kind: "session", scopes: [], rights }, expiresAt),
    attempts,
    isOffered: (by) => isOffered(by, settings),
    idleSeconds: settings.sessionIdleSeconds,
    seconds: settings.sessionSeconds,
  });
  const providers = new ProviderLogins({
    providers: settings.providers,
    identities: people.identities,
    ofUser,
    web,
    clock,
    log,
    sealer,
    callbackUrl: (provider) => `${externalUrl}/api/v4/session/oidc/${provider}/callback`,
  });
  const { identities } = people;
  return { logins, passwords: logins, sessions, providers, identities, rightsOf: ofUser };
}

function isOffered(by: SignedInBy, settings: PeopleOptions["settings"]): boolean {
  if (by.method === "password") return settings.passwords;
  return by.method === "token" || settings.providers.some(({ name }) => name === by.provider);
}
