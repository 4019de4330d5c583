import { beforeEach, describe, expect, test } from "bun:test";
import type { Attempt, Incident, Logins } from "../../src/access/contract.ts";
import { LoginLimiter } from "../../src/access/login-limiter.ts";
import { createLogins } from "../../src/access/logins.ts";
import { clientsBy } from "../../src/lib/address-ranges.ts";
import { createLog } from "../../src/lib/log.ts";
import type { RegistryError } from "../../src/oci/error.ts";
import { SteppedClock } from "../fakes/clock.ts";

const minute = 60_000;
const text = "too many failed logins from this address; wait, and see to the credentials";

let clock: SteppedClock;
let noted: Incident[];
let lines: string[];
let logins: Logins;

function create(banSeconds = 3600): Logins {
  const log = createLog(clock, "debug", {
    write: (line) => void lines.push(line),
    async flush() {},
  });
  const incidents = { note: (incident: Incident) => void noted.push(incident), async flush() {} };
  const clientAt = clientsBy((address) => address === "10.0.0.1");
  return createLogins({ clock, log, banSeconds, clientAt, incidents });
}

beforeEach(() => {
  clock = new SteppedClock();
  noted = [];
  lines = [];
  logins = create();
});

const from = (address: string | undefined, account?: string): Attempt => ({
  address,
  account,
  requestId: "r-1",
});
const home = from("192.0.2.1");
const ann = { actor: { kind: "user", name: "ann" }, credential: "token:5", isOfUse: true } as const;

function fail(attempt: Attempt, times: number, stepMs = 0): void {
  for (let i = 0; i < times; i++) {
    logins.mayTry(attempt);
    logins.failed(attempt);
    clock.step(stepMs);
  }
}

/** Seconds that an attempt has to wait. */
function wait(attempt: Attempt): number {
  try {
    logins.mayTry(attempt);
    return 0;
  } catch (error) {
    expect(error).toMatchObject({ code: "banned", status: 403, message: text });
    const seconds = (error as RegistryError).headers["Retry-After"] ?? "";
    expect(seconds).toMatch(/^[1-9]\d*$/);
    return Number(seconds);
  }
}

describe("an address", () => {
  test("is banned at the tenth failure within a minute, for an hour, and then begins anew", () => {
    fail(home, 9);
    expect(wait(home)).toBe(0);
    fail(home, 1);
    expect(wait(home)).toBe(3600);
    clock.step(59.5 * minute);
    expect(wait(home)).toBe(30);
    clock.step(minute / 2);
    expect(wait(home)).toBe(0);
    fail(home, 9);
    expect(wait(home)).toBe(0);
  });

  test("is not banned for failures that come slowly", () => {
    fail(home, 100, 6667);
    expect(wait(home)).toBe(0);
  });

  test("is not banned where a login succeeds in between; a ban that stands does not end by one", () => {
    fail(home, 9);
    logins.succeeded(home, ann);
    fail(home, 9);
    expect(wait(home)).toBe(0);
    fail(home, 1);
    logins.succeeded(home, ann);
    expect(wait(home)).toBe(3600);
  });

  test("is one with all of its /64, and no other's matter", () => {
    for (let i = 0; i < 10; i++) fail(from(`2001:db8:0:1::${i}`), 1);
    expect(wait(from("2001:db8:0:1:ffff::1"))).toBe(3600);
    expect(wait(from("2001:db8:0:2::1"))).toBe(0);
    fail(home, 10);
    expect(wait(from("::ffff:192.0.2.1"))).toBe(3600);
    expect(wait(from("192.0.2.2"))).toBe(0);
  });

  test("that cannot be told is one with all such", () => {
    fail(from(undefined), 5);
    fail(from("_hidden"), 5);
    expect([wait(from(undefined)), wait(from("other text")), wait(home)]).toEqual([3600, 3600, 0]);
  });

  test("is never banned if it is this machine's, or is not to be limited", () => {
    for (const address of ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.1"]) {
      fail(from(address, "ann"), 100);
      expect(wait(from(address, "ann"))).toBe(0);
    }
  });

  test("is not banned where bans are switched off", () => {
    logins = create(0);
    fail(home, 1000);
    expect(wait(home)).toBe(0);
  });

  test("stays banned while attempts that were under way go on to fail", () => {
    for (let i = 0; i < 40; i++) logins.failed(home);
    clock.step(2 * minute);
    for (let i = 0; i < 40; i++) logins.failed(home);
    expect(wait(home)).toBe(3600 - 120);
    clock.step(58 * minute);
    expect(wait(home)).toBe(0);
  });
});

describe("an account", () => {
  test("is closed to the address that fails for it slowly, whatever else succeeds there, and to no other", () => {
    for (let i = 0; i < 30; i++) {
      fail(from("192.0.2.1", "ann"), 1, minute);
      logins.succeeded(from("192.0.2.1", "eve"), ann);
    }
    expect(wait(from("192.0.2.1", "Ann"))).toBeGreaterThan(3000);
    expect(wait(from("192.0.2.1", "eve"))).toBe(0);
    expect(wait(from("192.0.2.2", "ann"))).toBe(0);
  });

  test("is closed to nobody by strangers, however many they are", () => {
    for (let i = 0; i < 250; i++) fail(from(`198.51.100.${i}`, "ann"), 9);
    expect(wait(from("192.0.2.1", "ann"))).toBe(0);
  });

  test("opens again by its own success", () => {
    const own = from("192.0.2.1", "ann");
    fail(own, 29, 2 * minute - 1);
    logins.succeeded(own, ann);
    fail(own, 29, minute);
    expect(wait(own)).toBe(0);
  });
});

describe("credentials that were meant for somebody else", () => {
  test("are tried no more when too many were not ours, and nobody is refused for it", () => {
    for (let i = 0; i < 10; i++) {
      expect(logins.mayBeOurs(home)).toBe(true);
      logins.wasForeign(home);
    }
    expect(logins.mayBeOurs(home)).toBe(false);
    expect(wait(home)).toBe(0);
    expect(noted).toEqual([]);
  });

  test("are not tried from where logins are banned", () => {
    fail(home, 10);
    expect(logins.mayBeOurs(home)).toBe(false);
  });
});

test("memory stays bounded, however many addresses fail", () => {
  const limit = { failures: 10, withinMs: minute };
  const clientAt = clientsBy(() => false);
  const limits = { network: limit, account: limit };
  const limiter = new LoginLimiter({ limits, clock, banSeconds: 60, clientAt });
  for (let i = 0; i < 120_000; i++) {
    const [high, low] = [(i >> 12).toString(16), (i & 4095).toString(16)];
    limiter.failed(from(`2001:db8:${high}:${low}::1`, `n${i}`));
  }
  expect(limiter.size).toBeGreaterThan(40_000);
  expect(limiter.size).toBeLessThanOrEqual(100_000);
});

describe("jobs", () => {
  const job = { ...home, ofJob: true };

  test("neither ban whoever is at their address, nor are they banned with them", () => {
    fail(job, 100);
    expect([wait(job), wait(home)]).toEqual([0, 0]);
    fail(home, 10);
    expect([wait(job), wait(home)]).toEqual([0, 3600]);
  });

  test("are refused after a flood, alone", () => {
    fail(job, 1000);
    expect([wait(job), wait(home)]).toEqual([3600, 0]);
  });
});

test("what happens is on record, without anything that was tried as a secret", () => {
  fail(from("192.0.2.1", "ann"), 10);
  wait(from("192.0.2.1", "ann"));
  logins.succeeded(from("192.0.2.9"), ann);
  logins.succeeded(from("192.0.2.9"), { ...ann, isOfUse: false });
  const kinds = noted.map(({ action, result }) => `${action} ${result}`);
  expect(kinds).toEqual([
    ...Array.from({ length: 10 }, () => "login failure"),
    "login.ban refused",
    "login refused",
    "login success",
    "login refused",
  ]);
  expect(noted[0]).toEqual({
    action: "login",
    result: "failure",
    actor: undefined,
    claimed: "ann",
    address: "192.0.2.1",
    requestId: "r-1",
  });
  expect(noted.at(-1)).toMatchObject({ actor: ann.actor, details: { credential: "token:5" } });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('"address":"192.0.2.1","banSeconds":3600');
});
