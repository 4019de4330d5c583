import { expect, test } from "bun:test";
import { Hashing } from "../../../src/access/people/hashing.ts";
import { PasswordLogins } from "../../../src/access/people/passwords.ts";
import { FixedMap } from "../../../src/lib/fixed-map.ts";
import { FixedSet } from "../../../src/lib/fixed-set.ts";
import type { UserPassword, UserRights } from "../../../src/metadata/contract.ts";

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
  const hash = await new Hashing().hash(password);
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
      hashing: new Hashing(),
      attempts: {
        mayTry: () => void (++asked === 2 && begins(set)),
        failed: () => void results.push("failed"),
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
