import { describe, expect, test } from "bun:test";
import { hashSecret } from "../../src/lib/secret.ts";
import {
  type Author,
  type MetadataError,
  type NewSession,
  type Role,
  tagOf,
} from "../../src/metadata/contract.ts";
import type { MetadataBench } from "./metadata.ts";

const hour = 3_600_000;
const now = Date.UTC(2026, 0, 1);
const limits = { now, idleSince: now - hour, most: 3 };
const issuer = "https://id.example.com";
const author: Author = {
  actor: { kind: "user", id: 7, name: "admin" },
  address: "192.0.2.1",
  requestId: "r-1",
};
const anyone = { before: undefined, keep: undefined, author };

export function peopleSuite(bench: MetadataBench): void {
  describe("people", () => {
    passwordTests(bench);
    sessionTests(bench);
    identityTests(bench);
    providedTests(bench);
    recordTests(bench);
  });
}

function recordTests(bench: MetadataBench): void {
  test("of two who set a password, or link an identity, under the tag of what both have seen, one is told", async () => {
    const { passwords, identities } = bench.metadata.people;
    const { id: userId } = await user(bench);
    const outcome = (writes: Promise<boolean>[]) =>
      Promise.all(
        writes.map((write) => write.catch((error: unknown) => (error as MetadataError).problem)),
      ).then((all) => all.map(String).sort());
    const under = (record: object) => ({ unmodifiedSince: undefined, tags: [tagOf(record)] });
    for (const round of [1, 2]) {
      const changedAt = (await passwords.of(userId))?.changedAt;
      const condition = under({ userId, changedAt });
      const writes = [1, 2].map((n) =>
        passwords.set(userId, `hash ${round} ${n}`, { ...anyone, condition }),
      );
      expect(await outcome(writes)).toEqual(["changed", "true"]);
    }
    await identities.link(userId, { issuer, subject: "0" }, author);
    const seen = under({ issuer, subject: "0" });
    const links = ["1", "2"].map((subject) =>
      identities.link(userId, { issuer, subject }, author, seen),
    );
    expect(await outcome(links)).toEqual(["changed", "true"]);
    expect(await outcome([identities.unlink(userId, issuer, author, seen)])).toEqual(["changed"]);
    expect(await identities.ofUser(userId)).toHaveLength(1);
  });

  test("changes are on record, as whoever makes them, and only those", async () => {
    const { people, audit, directory } = bench.metadata;
    const { passwords, sessions, identities } = people;
    const group = await directory.saveGroup({ path: "acme", name: "acme" });
    const ada = await user(bench);
    const identity = { issuer, subject: "4711" };
    const secret = "the hash of a new password";
    await passwords.set(ada.id, secret, anyone);
    await passwords.set(ada.id, "other", { ...anyone, before: "wrong" });
    const { id } = await sessions.begin(session(ada.id, "s"), limits);
    await sessions.end(ada.id, id, author);
    await sessions.end(ada.id, id, author);
    await identities.link(ada.id, identity, author);
    await identities.link(ada.id, identity, author);
    await identities.provide(ada.id, issuer, new Map([[group.path, "guest"]]));
    await identities.provide(ada.id, issuer, new Map([[group.path, "guest"]]));
    await identities.unlink(ada.id, issuer, author);
    await identities.unlink(ada.id, issuer, author);
    await identities.createUser(identity, { username: "eve", name: "Eve", email: undefined });

    const { items } = await audit.list({}, { page: 1, perPage: 100 });
    const done = items.filter(({ actor }) => actor.name !== "configuration").toReversed();
    expect(done.map(({ action, actor }) => `${action} by ${actor.name}`)).toEqual([
      "password.set by admin",
      "session.end by admin",
      "identity.link by admin",
      "member.add by provider",
      "member.remove by admin",
      "identity.unlink by admin",
      "user.create by provider",
    ]);
    expect(done[0]).toMatchObject({ ...author, subject: { kind: "user", id: ada.id } });
    const ofGroup = await audit.list({ groupId: group.id }, { page: 1, perPage: 2 });
    expect(ofGroup.items).toMatchObject(
      ["member.remove", "member.add"].map((action) => {
        return { action, subject: { id: ada.id }, details: { role: "guest", issuer } };
      }),
    );
    expect(JSON.stringify(done)).not.toContain(secret);
  });
}

const user = (bench: MetadataBench, username = "ada") =>
  bench.metadata.credentials.saveUser({ username, admin: false }, new Map());

const session = (
  userId: number,
  secret: string,
  changes: Partial<NewSession> = {},
): NewSession => ({
  userId,
  hash: hashSecret(secret),
  by: { method: "password" },
  expiresAt: now + 24 * hour,
  ...changes,
});

function passwordTests(bench: MetadataBench): void {
  test("a password is found by user and by name, the same object while nothing changes", async () => {
    const { id } = await user(bench);
    const { passwords } = bench.metadata.people;
    expect(await passwords.of(id)).toBeUndefined();
    expect(await passwords.ofLogin("ada")).toBeUndefined();
    expect(await bench.raised(() => passwords.set(id, "hash 1", anyone))).toBe(1);
    const found = await passwords.of(id);
    expect(found).toEqual({ userId: id, hash: "hash 1", changedAt: expect.any(Number) } as never);
    expect(await passwords.of(id)).toBe(found as never);
    expect(await passwords.ofLogin("ada")).toEqual(found);
    for (const login of ["Ada", "ad", "", "%", "nobody"]) {
      expect([login, await passwords.ofLogin(login)]).toEqual([login, undefined]);
    }
    const { people } = await bench.reopen();
    expect(await people.passwords.of(id)).toEqual(found);
  });

  test("another one has another time, within the same millisecond too", async () => {
    const { id } = await user(bench);
    const { passwords } = bench.metadata.people;
    const times = new Set<number | undefined>();
    for (const hash of ["1", "2", "2"]) {
      await passwords.set(id, hash, anyone);
      times.add((await passwords.of(id))?.changedAt);
    }
    expect(times.size).toBe(3);
  });

  test("is set only over the one that is expected, and for users that are there", async () => {
    const { id } = await user(bench);
    const { passwords } = bench.metadata.people;
    expect(await passwords.set(id + 9, "1", anyone)).toBe(false);
    expect(await passwords.set(id, "1", { before: "0", keep: undefined, author })).toBe(false);
    expect(await passwords.of(id)).toBeUndefined();
    await passwords.set(id, "1", anyone);
    expect(await passwords.set(id, "2", { before: "0", keep: undefined, author })).toBe(false);
    expect(await passwords.set(id, "2", { before: "1", keep: undefined, author })).toBe(true);
    expect((await passwords.of(id))?.hash).toBe("2");
  });

  test("ends the sessions of its user but the one to keep, and no others", async () => {
    const [ada, bob] = [await user(bench), await user(bench, "bob")];
    const { passwords, sessions } = bench.metadata.people;
    const kept = await sessions.begin(session(ada.id, "1"), limits);
    await sessions.begin(session(ada.id, "2"), limits);
    await sessions.begin(session(bob.id, "3"), limits);
    await passwords.set(ada.id, "x", { before: undefined, keep: kept.id, author });
    expect(await sessions.ofUser(ada.id)).toEqual([kept]);
    await passwords.set(ada.id, "x", anyone);
    expect(await sessions.ofUser(ada.id)).toEqual([]);
    expect(await sessions.ofUser(bob.id)).toHaveLength(1);
  });
}

function sessionTests(bench: MetadataBench): void {
  test("a session is found by its hash, as it was begun, after opening again too", async () => {
    const { id } = await user(bench);
    const { sessions } = bench.metadata.people;
    await bench.metadata.credentials.saveToken(id, {
      name: "t",
      hash: hashSecret("token"),
      scopes: ["api"],
      expiresAt: undefined,
    });
    const { tokenId = -1 } = (await bench.metadata.credentials.byHash(hashSecret("token"))) ?? {};
    const ways = [
      { method: "password" },
      { method: "provider", provider: "company" },
      { method: "token", tokenId },
    ] as const;
    for (const [i, by] of ways.entries()) {
      const given = session(id, `secret ${i}`, { by });
      const begin = () => sessions.begin(given, limits);
      expect(await bench.raised(begin)).toBe(0);
      expect(await sessions.byHash(given.hash)).toEqual({
        ...given,
        id: expect.any(Number),
        createdAt: now,
        lastSeenAt: now,
      } as never);
    }
    expect(await sessions.byHash(hashSecret("another"))).toBeUndefined();
    const { people } = await bench.reopen();
    expect((await people.sessions.ofUser(id)).map(({ by }) => by)).toEqual([...ways]);
  });

  test("those of a token end with it", async () => {
    const { id } = await user(bench);
    const { credentials, people } = bench.metadata;
    const token = { name: "t", hash: hashSecret("1"), scopes: ["api"], expiresAt: undefined };
    await credentials.saveToken(id, token);
    const { tokenId = -1 } = (await credentials.byHash(token.hash)) ?? {};
    const by = { method: "token", tokenId } as const;
    await people.sessions.begin(session(id, "s", { by }), limits);
    await credentials.saveToken(id, { ...token, hash: hashSecret("2") });
    expect(await people.sessions.ofUser(id)).toEqual([]);
  });

  test("beginning one removes what is over, whoever's it is, and what is too many", async () => {
    const [ada, bob] = [await user(bench), await user(bench, "bob")];
    const { sessions } = bench.metadata.people;
    await sessions.begin(session(bob.id, "over", { expiresAt: now }), { ...limits, now: now - 1 });
    await sessions.begin(session(bob.id, "idle"), { ...limits, now: now - hour });
    const left = await sessions.begin(session(bob.id, "here"), {
      ...limits,
      now: now - hour + 1,
      idleSince: 0,
    });
    const [first] = [
      await sessions.begin(session(ada.id, "1"), limits),
      await sessions.begin(session(ada.id, "2"), limits),
      await sessions.begin(session(ada.id, "3"), limits),
    ];
    expect(await sessions.ofUser(bob.id)).toEqual([left]);
    await sessions.seen(first.id, now + 5);
    await sessions.begin(session(ada.id, "4"), { ...limits, now: now + 6 });
    const hashes = (await sessions.ofUser(ada.id)).map(({ hash }) => hash);
    expect(hashes).toEqual(["1", "3", "4"].map(hashSecret));
  });

  test("when somebody was seen is noted, and does not go back", async () => {
    const { id } = await user(bench);
    const { sessions } = bench.metadata.people;
    const begun = await sessions.begin(session(id, "1"), limits);
    expect(await bench.raised(() => sessions.seen(begun.id, now + 60_000))).toBe(0);
    await sessions.seen(begun.id, now + 30_000);
    await sessions.seen(begun.id + 9, now);
    expect((await sessions.byHash(begun.hash))?.lastSeenAt).toBe(now + 60_000);
  });

  test("it is ended by its own user alone", async () => {
    const [ada, bob] = [await user(bench), await user(bench, "bob")];
    const { sessions } = bench.metadata.people;
    const { id } = await sessions.begin(session(ada.id, "1"), limits);
    expect(await sessions.end(bob.id, id, author)).toBe(false);
    expect(await sessions.end(ada.id, id, author)).toBe(true);
    expect(await sessions.end(ada.id, id, author)).toBe(false);
    expect(await sessions.byHash(hashSecret("1"))).toBeUndefined();
  });

  test("two cannot have one secret", async () => {
    const { id } = await user(bench);
    const { sessions } = bench.metadata.people;
    await sessions.begin(session(id, "1"), limits);
    expect(sessions.begin(session(id, "1"), limits)).rejects.toThrow();
  });
}

function identityTests(bench: MetadataBench): void {
  const identity = { issuer, subject: "4711" };
  const person = { username: "ada", name: "Ada", email: "ada@example.com" };

  test("a new person has a user, the identity and nothing more", async () => {
    const { identities } = bench.metadata.people;
    const made = await identities.createUser(identity, person);
    expect(made).toEqual({ id: expect.any(Number), username: "ada", admin: false } as never);
    const { id = -1 } = made ?? {};
    expect(await identities.userOf(identity)).toBe(id);
    expect(await identities.ofUser(id)).toEqual([identity]);
    const rights = await bench.metadata.credentials.ofUser(id);
    expect(rights).toMatchObject({ user: made });
    expect(rights?.memberships.size).toBe(0);
    for (const other of [
      { issuer, subject: "471" },
      { issuer: `${issuer}/`, subject: "4711" },
      { issuer, subject: "4711 " },
    ]) {
      expect(await identities.userOf(other)).toBeUndefined();
    }
  });

  test("not where the name or the identity is another's; an address is left out where it is", async () => {
    const { identities, passwords } = bench.metadata.people;
    const bob = await user(bench, "bob");
    expect(await identities.createUser(identity, { ...person, username: "bob" })).toBeUndefined();
    expect(await identities.createUser(identity, { ...person, username: "Bob" })).toBeUndefined();
    expect(await identities.userOf(identity)).toBeUndefined();
    const ada = await identities.createUser(identity, person);
    expect(await identities.createUser(identity, { ...person, username: "eve" })).toBeUndefined();
    const second = { issuer, subject: "2" };
    const email = "ADA@example.com";
    const eve = await identities.createUser(second, { ...person, username: "eve", email });
    for (const id of [ada?.id ?? -1, eve?.id ?? -1, bob.id])
      await passwords.set(id, `${id}`, anyone);
    expect((await passwords.ofLogin("ada@EXAMPLE.com"))?.userId).toBe(ada?.id ?? -1);
  });

  test("a new person is not the one that a configuration declares, unless an administrator says so", async () => {
    const { people, credentials } = bench.metadata;
    const made = await people.identities.createUser(identity, person);
    const { id = -1 } = made ?? {};
    bench.clock.step(hour);
    const declare = () => credentials.saveUser({ username: "ada", admin: true }, new Map());
    const refused = { problem: "refused", message: expect.stringContaining(issuer) };
    expect(await declare().catch((error: unknown) => error)).toMatchObject(refused);
    expect((await credentials.ofUser(id))?.user.admin).toBe(false);
    await people.identities.unlink(id, issuer, author);
    expect(await declare()).toEqual({ id, username: "ada", admin: true });
    await people.identities.link(id, identity, author);
    expect(await declare()).toEqual({ id, username: "ada", admin: true });
  });

  test("an identity is linked to one user, who has one at each issuer", async () => {
    const { identities } = bench.metadata.people;
    const [ada, bob] = [await user(bench), await user(bench, "bob")];
    expect(await bench.raised(() => identities.link(ada.id, identity, author))).toBe(1);
    expect(await bench.raised(() => identities.link(ada.id, identity, author))).toBe(0);
    expect(identities.link(bob.id, identity, author)).rejects.toMatchObject({
      problem: "refused",
      invalid: { field: "subject" },
    });
    expect(await identities.link(bob.id + 9, { issuer, subject: "9" }, author)).toBe(false);
    await identities.link(ada.id, { issuer, subject: "2" }, author);
    await identities.link(ada.id, { issuer: "https://another.example", subject: "2" }, author);
    expect(await identities.ofUser(ada.id)).toEqual([
      { issuer: "https://another.example", subject: "2" },
      { issuer, subject: "2" },
    ]);
    expect(await identities.userOf(identity)).toBeUndefined();
    expect(await identities.link(bob.id, identity, author)).toBe(true);
  });

  test("unlinking ends what was begun by it", async () => {
    const { identities, sessions } = bench.metadata.people;
    const { id } = await user(bench);
    await identities.link(id, identity, author);
    const by = { method: "provider", provider: "company" } as const;
    await sessions.begin(session(id, "1", { by }), limits);
    const kept = await sessions.begin(session(id, "2"), limits);
    expect(await identities.unlink(id, "https://another.example", author)).toBe(false);
    expect(await identities.unlink(id, issuer, author)).toBe(true);
    expect(await identities.unlink(id, issuer, author)).toBe(false);
    expect(await sessions.ofUser(id)).toEqual([kept]);
  });
}

function providedTests(bench: MetadataBench): void {
  const setUp = async () => {
    const { directory, people, credentials } = bench.metadata;
    const one = await directory.saveGroup({ path: "one", name: "One" });
    const two = await directory.saveGroup({ path: "two", name: "Two" });
    const { id } = await user(bench);
    const provide = (roles: Record<string, Role>, by = issuer) =>
      bench.raised(() => people.identities.provide(id, by, new Map(Object.entries(roles))));
    const held = async () => [...((await credentials.ofUser(id))?.memberships ?? [])].toSorted();
    const give = (memberships: [number, Role][]) =>
      credentials.saveUser({ username: "ada", admin: false }, new Map(memberships));
    return { one, two, id, provide, held, give };
  };

  test("memberships follow what is provided, and the same again changes nothing", async () => {
    const { one, two, provide, held } = await setUp();
    expect(await provide({ ONE: "guest", nowhere: "owner" })).toBe(1);
    expect(await held()).toEqual([[one.id, "guest"]]);
    expect(await provide({ one: "guest" })).toBe(0);
    expect(await provide({ one: "owner", two: "guest" })).toBe(1);
    expect(await held()).toEqual([
      [one.id, "owner"],
      [two.id, "guest"],
    ]);
    expect(await provide({})).toBe(1);
    expect(await held()).toEqual([]);
  });

  test("what is no longer provided is taken from a group's last owner too, and the record says so", async () => {
    const { one, two, provide, held } = await setUp();
    await bench.metadata.credentials.saveUser(
      { username: "bob", admin: false },
      new Map([[two.id, "owner"]]),
    );
    await provide({ one: "owner", two: "owner" });
    expect(await provide({})).toBe(1);
    expect(await held()).toEqual([]);
    const { items } = await bench.metadata.audit.list(
      { action: "member.remove" },
      { page: 1, perPage: 9 },
    );
    const told = items.map(({ groupId, details }) => [groupId, details]);
    expect(told.toSorted()).toEqual([
      [one.id, { role: "owner", issuer, last_owner: true }],
      [two.id, { role: "owner", issuer }],
    ]);
  });

  test("a membership that has ended is none that stands in the way", async () => {
    const { one, id, provide, held } = await setUp();
    const ending = { role: "owner", expiresAt: now + hour } as const;
    await bench.metadata.identity.members.add({ groupId: one.id }, id, ending);
    bench.clock.step(hour);
    expect(await provide({ one: "guest" })).toBe(1);
    expect(await held()).toEqual([[one.id, "guest"]]);
  });

  test("what was given otherwise stays, and is not changed", async () => {
    const { one, provide, held, give } = await setUp();
    await give([[one.id, "maintainer"]]);
    expect(await provide({ one: "guest" })).toBe(0);
    expect(await provide({})).toBe(0);
    expect(await held()).toEqual([[one.id, "maintainer"]]);
  });

  test("what somebody has changed since is his", async () => {
    const { one, provide, held, give } = await setUp();
    await provide({ one: "guest" });
    await give([[one.id, "owner"]]);
    await provide({});
    expect(await held()).toEqual([[one.id, "owner"]]);
  });

  test("another issuer's are its own; unlinking takes back one's", async () => {
    const { one, two, id, provide, held } = await setUp();
    const { identities } = bench.metadata.people;
    await identities.link(id, { issuer, subject: "1" }, author);
    await provide({ one: "guest" });
    await provide({ one: "owner", two: "guest" }, "https://another.example");
    await provide({});
    expect(await held()).toEqual([[two.id, "guest"]]);
    await provide({ one: "guest" });
    await identities.unlink(id, issuer, author);
    expect(await held()).toEqual([[two.id, "guest"]]);
    expect(one.id).not.toBe(two.id);
  });
}
