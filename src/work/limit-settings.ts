import { addressRanges } from "./addresses.ts";
import type { Settings } from "./settings.ts";
import { integer } from "./text.ts";

/** What one client may do before it is put off, and for how long what was done is on record. */
export interface LimitSettings {
  /** How long an address with too many failed logins is refused; 0: none is. */
  loginBanSeconds: number;
  /** Requests of the registry protocol from one address in 15 seconds; 0: as many as it likes. */
  pullRateLimit: number;
  /** CIDR ranges of clients to which neither applies. */
  unlimitedAddresses: string[];
  /** How long audit events are kept; 0: for ever. */
  auditDays: number;
}

export function readLimitSettings(settings: Settings): LimitSettings {
  return {
    loginBanSeconds: settings.get("login_ban_seconds", integer(0, 86_400, "seconds"), "3600"),
    pullRateLimit: settings.get("pull_rate_limit", integer(0, 1_000_000_000), "20000"),
    unlimitedAddresses: settings.find("unlimited_addresses", addressRanges) ?? [],
    auditDays: settings.get("audit_days", integer(0, 36_500, "days"), "365"),
  };
}
