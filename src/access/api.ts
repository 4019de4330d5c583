import type { Clock } from "../lib/clock.ts";
import { hashSecret } from "../lib/secret.ts";
import { type Credential, type Credentials, type Role, roles } from "../metadata/contract.ts";
import type { Action, ApiAccess, Caller } from "./contract.ts";

/** More than any secret of ours: what is longer is not hashed. */
const maxSecretLength = 1024;

const scopesFor = {
  read: ["api", "read_api"],
  write: ["api"],
};
const rolesFor: Record<Action, readonly Role[]> = {
  read: Object.keys(roles) as Role[],
  write: ["owner", "maintainer"],
  administer: ["owner"],
};

export function createApiAccess({
  credentials,
  clock,
}: {
  credentials: Credentials;
  clock: Clock;
}): ApiAccess {
  return {
    async caller({ privateToken, authorization }) {
      const secret = privateToken ?? /^Bearer +([^\s,]+)$/i.exec(authorization ?? "")?.[1];
      if (secret === undefined || secret.length > maxSecretLength) return undefined;
      const credential = await credentials.byHash(hashSecret(secret));
      const expiresAt = credential?.expiresAt ?? Number.POSITIVE_INFINITY;
      return credential && clock.now() < expiresAt ? callerOf(credential) : undefined;
    },
  };
}

/** Who comes with a token; undefined for one without a user. */
export function callerOf(credential: Credential): Caller | undefined {
  if (credential.kind === "deploy") return undefined;
  const { user, scopes, memberships } = credential;
  return {
    actor: { kind: "user", name: user.username },
    userId: user.id,
    isAdministrator: user.admin && scopesFor.read.some((scope) => scopes.includes(scope)),
    hasScopeTo: (action) => scopesFor[action].some((scope) => scopes.includes(scope)),
    may(action, lineage) {
      const isEnough = (role: Role | undefined) => role && rolesFor[action].includes(role);
      return user.admin || lineage.some((groupId) => isEnough(memberships.get(groupId)));
    },
  };
}
