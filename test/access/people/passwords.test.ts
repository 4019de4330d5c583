import { expect, test } from "bun:test";
import { createLogins } from "../../../src/access/logins.ts";
import { Hashing } from "../../../src/access/people/hashing.ts";
import { quickCost } from "../../fakes/hashing.ts";
import { PasswordLogins } from "../../../src/access/people/passwords.ts";
import { clientsBy } from "../../../src/lib/address-ranges.ts";
import { FixedMap } from "../../../src/lib/fixed-map.ts";
import { FixedSet } from "../../../src/lib/fixed-set.ts";
import { createLog } from "../../../src/lib/log.ts";
import type { UserPassword, UserRights } from "../../../src/metadata/contract.ts";
import { SteppedClock } from "../../fakes/clock.ts";

const password = "the one that is known to others";
const from = { address: "192.0.2.7", requestId: undefined };
const rights: UserRights = {
  user: { id: 7, username: "ada", admin: false },
  memberships: new FixedMap([]),
  projects: new FixedMap([]),
  projectGroups: new FixedSet([]),
  validUntil: undefined,
};

/** Logins of one user; `begins` is called when a password of hers is about to be hashed. */
async function logins(begins: (set: () => void) => void) {
  const hash = await new Hashing(undefined, quickCost).hash(password);
  let stored: UserPassword = { userId: 7, hash, changedAt: 1 };
  const set = () => (stored = { userId: 7, hash: "another", changedAt: 2 });
  const results: string[] = [];
  let asked = 0;
  return {
    results,
    passwords: new PasswordLogins({
      isEnabled: true,
      passwords: { of: async () => stored, ofLogin: async () => stored, set: async () => true },
      ofUser: async () => rights,
      holderOf: () => ({
        actor: { kind: "user", name: "ada" },
        mayPullAnything: true,
        mayPull: () => undefined,
        mayPullVerified: () => false,
      }),
      hashing: new Hashing(undefined, quickCost),
      attempts: {
        mayTry: () => void (++asked === 2 && begins(set)),
        failed: () => void results.push("failed"),
        isShut: () => false,
        known: () => {},
        succeeded: () => void results.push("succeeded"),
      },
    }),
  };
}

test("a password that gets another while it is checked lets nobody in", async () => {
  const { passwords, results } = await logins((set) => set());
  expect(passwords.check({ username: "ada", password }, from)).rejects.toMatchObject({
    problem: "wrong",
  });
  expect(results).toEqual(["failed"]);
});

test("one that stays does", async () => {
  const { passwords, results } = await logins(() => {});
  expect(await passwords.check({ username: "ada", password }, from)).toBe(7);
  expect(results).toEqual(["succeeded"]);
});

/** As the real one, but for what it computes; how often it has done so is what its time is made of. */
class QuickHashing extends Hashing {
  count = 0;

  override async verify(
    { password: given, hash }: { password: string; hash: string | undefined },
    begin: () => void,
  ): Promise<boolean> {
    begin();
    this.count++;
    return hash !== undefined && hash === given;
  }
}

test("of one user by his name and by his address failures are one user's, and nobody is told so", async () => {
  const clock = new SteppedClock();
  const lines: string[] = [];
  const log = createLog(clock, "warn", {
    write: (line) => void lines.push(line),
    async flush() {},
  });
  const incidents = { note() {}, async flush() {} };
  const clientAt = clientsBy(() => false);
  const attempts = createLogins({ clock, log, banSeconds: 3600, clientAt, incidents });
  const hashing = new QuickHashing();
  const stored: UserPassword = { userId: 7, hash: password, changedAt: 1 };
  const hers = ["ada", "ada@example.com"];
  const passwords = new PasswordLogins({
    isEnabled: true,
    passwords: {
      of: async () => stored,
      ofLogin: async (name) => (hers.includes(name) ? stored : undefined),
      set: async () => true,
    },
    ofUser: async () => rights,
    holderOf: () => ({
      actor: { kind: "user", name: "ada" },
      mayPullAnything: true,
      mayPull: () => undefined,
      mayPullVerified: () => false,
    }),
    hashing,
    attempts,
  });
  /** What is answered, and how often something was hashed for it. */
  const tried = async (username: string, given: string, address: string) => {
    const before = hashing.count;
    const answer = await passwords
      .check({ username, password: given }, { address, requestId: undefined })
      .catch((error: unknown) => (error as Error).message);
    return [answer, hashing.count - before];
  };
  /** So slowly that the network itself is not banned. */
  const fail = async (names: readonly string[], address: string, count: number) => {
    const seen: unknown[] = [];
    for (let i = 0; i < count; i++) {
      clock.step(7000);
      seen.push(await tried(names[i % names.length] ?? "", `wrong ${i}`, address));
    }
    return seen;
  };
  const [home, away, elsewhere] = ["192.0.2.1", "198.51.100.1", "203.0.113.1"];
  await fail(hers, home, 29);
  expect(await tried("ada", password, home)).toEqual([7, 1]);
  // That was forgotten. Once more as often as she may fail, by whichever name.
  const seen = await fail(hers, home, 30);
  const wrong = ["the user name or the password is wrong", 1];
  for (const name of hers) expect(await tried(name, password, home)).toEqual(wrong);
  expect(await tried("ada", password, away)).toEqual([7, 1]);
  // Two names of nobody are answered the same, in the same time.
  const nobodys = ["bob", "bob@example.com"];
  expect(await fail(nobodys, elsewhere, 30)).toEqual(seen);
  for (const name of nobodys) expect(await tried(name, password, elsewhere)).toEqual(wrong);
  expect(lines.join("\n")).toContain(
    "too many failed logins of one user: he is closed to this network",
  );
  clock.step(3_600_000);
  for (const name of hers) expect(await tried(name, password, home)).toEqual([7, 1]);
});
