import type { Client } from "../lib/address-ranges.ts";
import type { Clock } from "../lib/clock.ts";
import { clip, type Log } from "../lib/log.ts";
import { RegistryError } from "../oci/error.ts";
import type { Attempt, Incident, Incidents, LoggedIn, Logins } from "./contract.ts";
import { type Limits, LoginLimiter } from "./login-limiter.ts";

const minute = 60_000;
const limits: Limits = {
  network: { failures: 10, withinMs: minute },
  account: { failures: 30, withinMs: 60 * minute },
};
/** What jobs do wrong must not close the door to those that run beside them, but for a flood of it. */
const limitsOfJobs: Limits = { ...limits, network: { failures: 1000, withinMs: minute } };

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
  const people = new LoginLimiter({ ...options, limits });
  const jobs = new LoginLimiter({ ...options, limits: limitsOfJobs });
  const foreign = new LoginLimiter({ ...options, limits });
  const limiterOf = ({ ofJob }: Attempt) => (ofJob ? jobs : people);
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
      const wait = limiterOf(attempt).wait(attempt);
      if (wait === 0) return;
      note(attempt, { result: "refused" });
      throw banned(wait);
    },
    failed(attempt) {
      note(attempt, { result: "failure" });
      if (!limiterOf(attempt).failed(attempt)) return;
      const { address, requestId } = attempt;
      log.warn("too many failed logins: banned", { address: clip(address ?? ""), banSeconds });
      const details = { seconds: banSeconds };
      const ban = { action: "login.ban", result: "refused", actor: undefined } as const;
      incidents.note({ ...ban, address, requestId, details });
    },
    isShut: (attempt, userId) => limiterOf(attempt).isShut(attempt, userId),
    known(attempt, userId, isRight) {
      if (!limiterOf(attempt).known(attempt, userId, isRight)) return;
      const { address } = attempt;
      const fields = { address: clip(address ?? ""), userId, banSeconds };
      log.warn("too many failed logins of one user: he is closed to this network", fields);
    },
    succeeded(attempt, { actor, credential, isOfUse }: LoggedIn) {
      limiterOf(attempt).succeeded(attempt);
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
    mayBeOurs: (attempt) => people.wait(attempt) === 0 && foreign.wait(attempt) === 0,
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
