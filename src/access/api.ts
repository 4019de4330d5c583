import { hashSecret } from "../lib/secret.ts";
import type {
  Credential,
  Credentials,
  TokenKind,
  UserCredential,
  UserRights,
} from "../metadata/contract.ts";
import type { ApiAccess, ApiCredentials, Caller } from "./contract.ts";
import { type Authority, opens } from "./doors.ts";
import { actions, judge, reaches, standingOf } from "./permissions.ts";

/** More than any secret of ours: what is longer is not hashed. */
const maxSecretLength = 1024;

export function createApiAccess({ credentials }: { credentials: Credentials }): ApiAccess {
  return {
    async caller(headers) {
      const given = secretIn(headers);
      if (!given || given.secret.length > maxSecretLength) return undefined;
      const credential = await credentials.byHash(hashSecret(given.secret));
      if (!credential || !isOfUser(credential) || !given.kinds.includes(credential.kind)) {
        return undefined;
      }
      credentials.noteUse(credential.tokenId);
      return callerOf(credential);
    },
  };
}

const accessTokens: readonly TokenKind[] = ["personal", "group"];

/** The first credential that is given, and the kinds that may come in that header. */
function secretIn({
  privateToken,
  jobToken,
  authorization,
}: ApiCredentials): { secret: string; kinds: readonly TokenKind[] } | undefined {
  if (privateToken !== undefined) return { secret: privateToken, kinds: accessTokens };
  if (jobToken !== undefined) return { secret: jobToken, kinds: ["job"] };
  const secret = /^Bearer +([^\s,]+)$/i.exec(authorization ?? "")?.[1];
  return secret === undefined ? undefined : { secret, kinds: accessTokens };
}

function isOfUser(credential: Credential): credential is UserCredential {
  return credential.kind !== "deploy";
}

function callerOf(credential: UserCredential): Caller {
  const { kind, scopes, expiresAt } = credential;
  return createCaller({ kind, scopes, rights: credential }, expiresAt);
}

/** A caller who may what the table of permissions says of this authority. `expiresAt`: see `Caller`. */
export function createCaller(
  authority: Extract<Authority, { rights: UserRights }>,
  expiresAt: number | undefined,
): Caller {
  const { user } = authority.rights;
  return {
    actor: { kind: "user", name: user.username },
    userId: user.id,
    isAdministrator: user.admin && opens(authority, "read"),
    expiresAt,
    shutTo(action) {
      const { door } = actions[action];
      if (opens(authority, door)) return undefined;
      return door === "mint" && opens(authority, "write") ? "kind" : "scope";
    },
    judge: (action, subject) => judge(authority, action, subject),
    reaches: (role, subject) => reaches(standingOf(authority, subject), role),
  };
}
