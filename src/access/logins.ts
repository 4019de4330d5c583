import type { Client } from "../lib/address-ranges.ts";
import type { Clock } from "../lib/clock.ts";
import { clip, type Log } from "../lib/log.ts";
import { RegistryError } from "../oci/error.ts";
import type { Attempt, Incident, Incidents, LoggedIn, Logins } from "./contract.ts";
import { LoginLimiter } from "./login-limiter.ts";

interface Options {
  clock: Clock;
  log: Log;
  /** How long an address is refused that has failed too often; 0: none is. */
  banSeconds: number;
  clientAt: (address: string) => Client;
  incidents: Incidents;
}

export function createLogins(options: Options): Logins {
  const { log, banSeconds, incidents } = options;
  const limiter = new LoginLimiter(options);
  const foreign = new LoginLimiter(options);
  const note = ({ address, account, requestId }: Attempt, incident: Pick<Incident, "result">) =>
    incidents.note({
      action: "login",
      actor: undefined,
      claimed: account,
      address,
      requestId,
      ...incident,
    });
  return {
    mayTry(attempt) {
      const wait = limiter.wait(attempt);
      if (wait === 0) return;
      note(attempt, { result: "refused" });
      throw banned(wait);
    },
    failed(attempt) {
      note(attempt, { result: "failure" });
      if (!limiter.failed(attempt)) return;
      const { address, requestId } = attempt;
      log.warn("too many failed logins: banned", { address: clip(address ?? ""), banSeconds });
      const details = { seconds: banSeconds };
      const ban = { action: "login.ban", result: "refused", actor: undefined } as const;
      incidents.note({ ...ban, address, requestId, details });
    },
    succeeded(attempt, { actor, credential, isOfUse }: LoggedIn) {
      limiter.succeeded(attempt);
      const { address, requestId } = attempt;
      const result = isOfUse ? "success" : "refused";
      incidents.note({
        action: "login",
        result,
        actor,
        address,
        requestId,
        details: { credential },
      });
    },
    mayBeOurs: (attempt) => limiter.wait(attempt) === 0 && foreign.wait(attempt) === 0,
    wasForeign(attempt) {
      foreign.failed(attempt);
    },
  };
}

function banned(wait: number): RegistryError {
  const message = "too many failed logins from this address; wait, and see to the credentials";
  return new RegistryError("banned", message, {
    detail: { retry_after_seconds: wait },
    headers: { "Retry-After": String(wait) },
  });
}
