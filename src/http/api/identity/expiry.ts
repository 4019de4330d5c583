import type { Caller } from "../../../access/contract.ts";
import { ApiError, invalidRecord } from "../errors.ts";

const dayMs = 86_400_000;
/** Of access tokens. */
const maxDays = 365;

/** When an access token ends: as late as may be, where nothing is said. */
export function accessTokenEnd(
  caller: Caller,
  now: number,
  given: number | null | undefined,
): number {
  const latest = startOfDay(now) + maxDays * dayMs;
  const end = tokenEnd(caller, now, given) ?? latest;
  if (given && end > latest) throw invalidEnd(`must be at most ${maxDays} days from now`);
  return Math.min(end, latest);
}

/**
 * When what takes an access token's place ends: where nothing is said, not later than that one, so that one without an
 * end (those that are declared) becomes another such, unless the caller's own credential ends (security S63).
 */
export function rotatedEnd(
  caller: Caller,
  now: number,
  given: number | undefined,
  former: number | undefined,
): number | undefined {
  if (given !== undefined) return accessTokenEnd(caller, now, given);
  if (former === undefined && caller.expiresAt === undefined) return undefined;
  return Math.min(accessTokenEnd(caller, now, undefined), former ?? Infinity);
}

/** The same for one that may live for ever. */
export function rotatedDeployEnd(
  caller: Caller,
  now: number,
  given: number | undefined,
  former: number | undefined,
): number | undefined {
  const end = tokenEnd(caller, now, given);
  if (given !== undefined || former === undefined) return end;
  return Math.min(former, end ?? Infinity);
}

/** When a token ends that may live for ever; what is made with a token that ends, ends with it at the latest. */
export function tokenEnd(
  { expiresAt: own }: Caller,
  now: number,
  given: number | null | undefined,
): number | undefined {
  if (given === null || given === undefined) return own === undefined ? undefined : cut(own, now);
  if (given <= now) throw invalidEnd("must be in the future");
  if (own !== undefined && given > own) {
    throw invalidEnd("must not be after that of the token that is used to make it");
  }
  return given;
}

/** Throws where the caller's own credential ends: what he gives here would not, and would be worth more (security S63). */
export function requireEndless({ expiresAt }: Caller): void {
  if (expiresAt === undefined) return;
  const message =
    "this lets somebody sign in without an end, and the access token used here ends: sign in by password or at an identity " +
    "provider, or use a token that never ends, as WEIR_ADMIN_TOKEN does";
  throw new ApiError(403, { message: `403 Forbidden - ${message}` });
}

export function invalidEnd(text: string) {
  return invalidRecord({ expires_at: [text] });
}

/** When a membership ends. */
export function membershipEnd(now: number, given: number | null | undefined): number | undefined {
  if (given === null || given === undefined) return undefined;
  if (given <= now) throw invalidEnd("must be in the future");
  return given;
}

const startOfDay = (time: number) => Math.floor(time / dayMs) * dayMs;

/** The beginning of that day, unless that is over. */
function cut(time: number, now: number): number {
  const start = startOfDay(time);
  return start > now ? start : time;
}
