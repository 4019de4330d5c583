import { describe, expect, test } from "bun:test";
import { hashSecret } from "../../src/lib/secret.ts";
import type { Role, TokenSettings } from "../../src/metadata/contract.ts";
import { noon, usersToken } from "../fakes/metadata-samples.ts";
import type { MetadataBench } from "./metadata.ts";

const token = (changes: Partial<TokenSettings> = {}): TokenSettings => ({
  name: "laptop",
  hash: hashSecret("secret"),
  scopes: ["read_virtual_registry"],
  expiresAt: noon,
  ...changes,
});

export function credentialsSuite(bench: MetadataBench): void {
  /** A user with a role in one of two groups, and a token. */
  const sampleUser = async () => {
    const { directory, credentials } = bench.metadata;
    const one = await directory.saveGroup({ path: "one", name: "One" });
    const two = await directory.saveGroup({ path: "two", name: "Two" });
    const memberships = new Map<number, Role>([[one.id, "guest"]]);
    const user = await credentials.saveUser({ username: "ada", admin: false }, memberships);
    await credentials.saveToken(user.id, token());
    return { credentials, one, two, user, memberships };
  };

  describe("credentials", () => {
    test("a token is found by hash and by id, with everything a decision needs", async () => {
      const { credentials, user, memberships } = await sampleUser();
      const found = await usersToken(credentials, hashSecret("secret"));
      const { tokenId = -1, ...rest } = found ?? {};
      const { scopes, expiresAt } = token();
      expect(rest).toEqual({
        kind: "personal",
        scopes,
        expiresAt,
        user,
        memberships,
        projects: new Map(),
        projectGroups: new Set(),
        validUntil: expiresAt,
      });
      expect(await credentials.byId(tokenId)).toEqual(found);
      expect(await credentials.byHash(hashSecret("other"))).toBeUndefined();
      expect(await credentials.byId(tokenId + 1)).toBeUndefined();
    });

    test("a token without expiry, and a user without groups", async () => {
      const { credentials } = bench.metadata;
      const root = await credentials.saveUser({ username: "root", admin: true }, new Map());
      await credentials.saveToken(root.id, token({ expiresAt: undefined }));
      const found = await usersToken(credentials, hashSecret("secret"));
      expect(found).toMatchObject({ expiresAt: undefined, user: { ...root, admin: true } });
      expect(found?.memberships).toEqual(new Map());
    });

    test("a membership that is to end ends, and said again changes nothing", async () => {
      const { credentials, one, two, user } = await sampleUser();
      const roles = new Map<number, Role>([
        [one.id, "guest"],
        [two.id, "owner"],
      ]);
      const end = bench.clock.now() + 60_000;
      const save = () => credentials.saveUser(user, roles, new Map([[two.id, end]]));
      await save();
      expect((await credentials.ofUser(user.id))?.validUntil).toBe(end);
      const generation = await bench.metadata.generation();
      await save();
      expect(await bench.metadata.generation()).toBe(generation);
      bench.clock.step(60_000);
      expect((await credentials.ofUser(user.id))?.memberships).toEqual(
        new Map([[one.id, "guest"]]),
      );
      await credentials.saveUser(user, roles);
      expect((await credentials.ofUser(user.id))?.validUntil).toBeUndefined();
    });

    test("users and tokens said twice change nothing", async () => {
      const { credentials, user, memberships } = await sampleUser();
      const again = async () => {
        await credentials.saveUser({ username: "ada", admin: false }, memberships);
        await credentials.saveToken(user.id, token());
      };
      expect(await bench.raised(again)).toBe(0);
    });

    test("memberships are replaced and count at the next look-up", async () => {
      const { credentials, one, two } = await sampleUser();
      for (const wanted of [
        new Map<number, Role>([
          [one.id, "owner"],
          [two.id, "reporter"],
        ]),
        new Map<number, Role>([[two.id, "reporter"]]),
        new Map<number, Role>(),
      ]) {
        const save = () => credentials.saveUser({ username: "ada", admin: false }, wanted);
        expect(await bench.raised(save)).toBe(1);
        expect((await usersToken(credentials, hashSecret("secret")))?.memberships).toEqual(wanted);
      }
    });

    test("the administrator's flag is changed without another user", async () => {
      const { credentials, user, memberships } = await sampleUser();
      const save = () => credentials.saveUser({ username: "ada", admin: true }, memberships);
      expect(await bench.raised(save)).toBe(1);
      expect((await usersToken(credentials, hashSecret("secret")))?.user).toEqual({
        ...user,
        admin: true,
      });
    });

    test("scopes and expiry change in place", async () => {
      const { credentials, user } = await sampleUser();
      const before = await credentials.byHash(hashSecret("secret"));
      for (const change of [{ scopes: ["api"] }, { scopes: ["api"], expiresAt: undefined }]) {
        const save = () => credentials.saveToken(user.id, token(change));
        expect(await bench.raised(save)).toBe(1);
        const after = await credentials.byHash(hashSecret("secret"));
        expect(after).toMatchObject({ tokenId: before?.tokenId, ...change });
      }
    });

    test("another secret ends the former one, its id included", async () => {
      const { credentials, user } = await sampleUser();
      const before = await credentials.byHash(hashSecret("secret"));
      await credentials.saveToken(user.id, token({ hash: hashSecret("new") }));
      expect(await credentials.byHash(hashSecret("secret"))).toBeUndefined();
      expect(await credentials.byId(before?.tokenId ?? -1)).toBeUndefined();
      expect((await usersToken(credentials, hashSecret("new")))?.user).toEqual(user);
    });

    test("two tokens cannot have one secret", async () => {
      const { credentials, user } = await sampleUser();
      const other = await credentials.saveUser({ username: "eve", admin: false }, new Map());
      for (const id of [user.id, other.id]) {
        const save = credentials.saveToken(id, token({ name: "second" }));
        expect(save).rejects.toMatchObject({ name: "MetadataError", problem: "refused" });
      }
      expect((await usersToken(credentials, hashSecret("secret")))?.user).toEqual(user);
    });

    test("hasToken goes by user and name", async () => {
      const { credentials } = await sampleUser();
      expect(await credentials.hasToken("ada", "laptop")).toBe(true);
      expect(await credentials.hasToken("ada", "phone")).toBe(false);
      expect(await credentials.hasToken("eve", "laptop")).toBe(false);
    });

    test("no caller can give itself rights", async () => {
      const { credentials, two, memberships } = await sampleUser();
      const given = await usersToken(credentials, hashSecret("secret"));
      const change = () =>
        (given?.memberships as Map<number, string> | undefined)?.set(two.id, "owner");
      expect(change).toThrow(TypeError);
      expect(() => Object.assign(given?.user ?? {}, { admin: true })).toThrow(TypeError);
      expect(() => Object.assign(given?.scopes ?? [], ["api"])).toThrow(TypeError);
      const next = await usersToken(credentials, hashSecret("secret"));
      expect(next).toMatchObject({ user: { admin: false }, scopes: token().scopes });
      expect([...(next?.memberships ?? [])]).toEqual([...memberships]);
    });

    test("they are there after opening again", async () => {
      const { memberships } = await sampleUser();
      const { credentials } = await bench.reopen();
      expect((await usersToken(credentials, hashSecret("secret")))?.memberships).toEqual(
        memberships,
      );
    });
  });
}
