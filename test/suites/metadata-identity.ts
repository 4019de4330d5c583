import { describe, expect, test } from "bun:test";
import { hashSecret } from "../../src/lib/secret.ts";
import type { TokenFields } from "../../src/metadata/contract.ts";
import { noon } from "../fakes/metadata-samples.ts";
import type { MetadataBench } from "./metadata.ts";

const dayMs = 86_400_000;

export function identitySuite(bench: MetadataBench): void {
  const fields = (changes: Partial<TokenFields> = {}): TokenFields => ({
    name: "t",
    hash: hashSecret("one"),
    scopes: ["api"],
    expiresAt: undefined,
    createdBy: 1,
    ...changes,
  });

  /** Groups `top` (1) and `top/in` (2), a project in the latter, and a user without rights. */
  const sample = async () => {
    const { directory, identity, credentials } = bench.metadata;
    await directory.saveGroup({ path: "top", name: "Top" });
    await directory.saveGroup({ path: "top/in", name: "In" });
    const project = await identity.projects.create(2, { path: "p", name: "P" });
    const user = await identity.users.create({
      username: "ann",
      name: "Ann",
      email: undefined,
      admin: false,
    });
    return { project, user, credentials, identity, management: bench.metadata.management };
  };

  test("a member is judged as he is when he is changed, and nothing is where that is refused", async () => {
    const { user, identity } = await sample();
    const of = { groupId: 1 };
    await identity.members.add(of, user.id, { role: "guest", expiresAt: undefined });
    const atMost = (role: string) => (present: { role: string }) => {
      if (present.role !== role) throw new Error(`is ${present.role}`);
    };
    const { members } = identity;
    const both = await Promise.allSettled([
      members.change(of, user.id, { role: "owner" }, atMost("guest")),
      members.remove(of, user.id, atMost("guest")),
      members.change(of, user.id, { role: "reporter" }, atMost("guest")),
    ]);
    // Who is first is a matter of the engine; a member that has been removed is nobody to be judged.
    const made = both.map((one) => (one.status === "fulfilled" ? one.value : "refused"));
    const member = await members.get(of, user.id);
    const outcomes = {
      owner: [{ role: "owner" }, "refused", "refused"],
      reporter: ["refused", "refused", { role: "reporter" }],
      none: [undefined, "removed", undefined],
    };
    const found = member?.role ?? "none";
    expect(Object.keys(outcomes)).toContain(found);
    expect(made).toMatchObject(outcomes[found as keyof typeof outcomes]);
  });

  test("events tell ends as times that can be read", async () => {
    const { user, identity } = await sample();
    const expiresAt = Date.UTC(2030, 0, 2);
    const of = { groupId: 1 };
    await identity.members.add(of, user.id, { role: "guest", expiresAt });
    await identity.members.change(of, user.id, { expiresAt: undefined }, () => {});
    await identity.tokens.createPersonal(user.id, fields({ expiresAt }));
    const { items } = await bench.metadata.audit.list({}, { page: 1, perPage: 3 });
    expect(items.map(({ action, details }) => [action, details["expires_at"]])).toEqual([
      ["token.create", "2030-01-02T00:00:00.000Z"],
      ["member.update", { from: "2030-01-02T00:00:00.000Z", to: null }],
      ["member.add", "2030-01-02T00:00:00.000Z"],
    ]);
  });

  describe("rights", () => {
    test("of a user: groups, projects, and the groups that these are in", async () => {
      const { user, project, credentials, identity } = await sample();
      const guest = { role: "guest", expiresAt: undefined } as const;
      await identity.members.add({ groupId: 2 }, user.id, { ...guest, role: "owner" });
      await identity.members.add({ projectId: project.id }, user.id, guest);
      const rights = await credentials.ofUser(user.id);
      expect(rights).toEqual({
        user: { id: user.id, username: "ann", admin: false },
        memberships: new Map([[2, "owner"]]),
        projects: new Map([[project.id, "guest"]]),
        projectGroups: new Set([2, 1]),
        validUntil: undefined,
      });
      expect(await credentials.ofUser(user.id)).toBe(rights);
      await identity.tokens.createPersonal(user.id, fields());
      expect(await credentials.byHash(hashSecret("one"))).toMatchObject({
        ...rights,
        kind: "personal",
      });
      for (const set of [
        rights?.projectGroups as Set<number>,
        rights?.memberships as Map<number, string>,
      ]) {
        expect(() => set.clear()).toThrow(TypeError);
      }
      const groups = rights?.projectGroups as Set<number> | undefined;
      expect(() => groups?.add(9)).toThrow(TypeError);
      expect(() => groups?.delete(1)).toThrow(TypeError);
      expect(await credentials.ofUser(999)).toBeUndefined();
    });

    test("of who is not active: none, by whatever token", async () => {
      const { user, credentials, identity, project } = await sample();
      await identity.tokens.createPersonal(user.id, fields());
      await identity.tokens.createJob(user.id, project.id, fields({ hash: hashSecret("two") }));
      const all = () =>
        Promise.all([
          credentials.ofUser(user.id),
          credentials.byHash(hashSecret("one")),
          credentials.byHash(hashSecret("two")),
        ]);
      expect((await all()).filter(Boolean)).toHaveLength(3);
      for (const state of ["blocked", "deactivated"] as const) {
        expect(await bench.raised(() => identity.users.setState(user.id, state))).toBe(1);
        expect((await all()).filter(Boolean)).toEqual([]);
      }
      await identity.users.setState(user.id, "active");
      expect((await all()).filter(Boolean)).toHaveLength(3);
    });

    test("end at their time, to the millisecond, though nothing was written", async () => {
      const { user, project, credentials, identity } = await sample();
      const start = bench.clock.now();
      const [groupEnd, projectEnd] = [start + 1000, start + 2000];
      await identity.members.add({ groupId: 1 }, user.id, { role: "guest", expiresAt: groupEnd });
      const until = { role: "guest", expiresAt: projectEnd } as const;
      await identity.members.add({ projectId: project.id }, user.id, until);
      await identity.tokens.createPersonal(user.id, fields({ expiresAt: start + 3000 }));
      const look = async () => {
        const found = await credentials.byHash(hashSecret("one"));
        if (!found || found.kind === "deploy") return undefined;
        const { memberships, projects, projectGroups, validUntil } = found;
        return [memberships.size, projects.size, projectGroups.size, validUntil];
      };
      expect(await look()).toEqual([1, 1, 2, groupEnd]);
      expect((await credentials.ofUser(user.id))?.validUntil).toBe(groupEnd);
      bench.clock.step(999);
      expect(await look()).toEqual([1, 1, 2, groupEnd]);
      bench.clock.step(1);
      expect(await look()).toEqual([0, 1, 2, projectEnd]);
      bench.clock.step(1000);
      expect(await look()).toEqual([0, 0, 0, start + 3000]);
      expect((await credentials.ofUser(user.id))?.validUntil).toBeUndefined();
      bench.clock.step(1000);
      expect(await look()).toBeUndefined();
    });

    test("of a deploy token: a group, a user name, and nobody", async () => {
      const { credentials, identity } = await sample();
      const scopes = ["read_virtual_registry"];
      const expiresAt = bench.clock.now() + dayMs;
      const made = await identity.tokens.createDeploy(2, fields({ scopes, expiresAt }), undefined);
      expect(await credentials.byHash(hashSecret("one"))).toEqual({
        kind: "deploy",
        tokenId: made.id,
        scopes,
        expiresAt,
        validUntil: expiresAt,
        groupId: 2,
        username: `gitlab+deploy-token-${made.id}`,
      });
      await identity.tokens.revoke(made.id);
      expect(await credentials.byId(made.id)).toBeUndefined();
      expect(await identity.tokens.revoke(made.id)).toBe("absent");
    });
  });

  describe("tokens that are made by hand", () => {
    test("can have the name of a declared one, which is still found by it", async () => {
      const { user, credentials, identity } = await sample();
      const declared = { name: "t", hash: hashSecret("d"), scopes: ["api"], expiresAt: noon };
      await credentials.saveToken(user.id, declared);
      for (const text of ["one", "two"]) {
        await identity.tokens.createPersonal(user.id, fields({ hash: hashSecret(text) }));
      }
      expect(await bench.raised(() => credentials.saveToken(user.id, declared))).toBe(0);
      await credentials.saveToken(user.id, { ...declared, hash: hashSecret("other") });
      const of = { kind: "personal", userId: user.id } as const;
      expect(await identity.tokens.list(of)).toHaveLength(3);
      expect(await credentials.byHash(hashSecret("d"))).toBeUndefined();
      expect(await credentials.byHash(hashSecret("two"))).toBeDefined();
    });

    test("a declared one that was revoked stays so; rotated, its secret does not come back", async () => {
      const { user, credentials, identity } = await sample();
      const declared = { name: "t", hash: hashSecret("d"), scopes: ["api"], expiresAt: undefined };
      await credentials.saveToken(user.id, declared);
      const { tokenId = 0 } = (await credentials.byHash(declared.hash)) ?? {};
      await identity.tokens.rotate(tokenId, fields({ hash: hashSecret("next") }));
      await credentials.saveToken(user.id, declared);
      expect(await credentials.byHash(declared.hash)).toBeUndefined();
      expect(await credentials.byHash(hashSecret("next"))).toBeDefined();
    });

    test("another declared secret ends what was rotated out of the former one, and nothing else", async () => {
      const { user, credentials, identity } = await sample();
      const declared = { name: "t", hash: hashSecret("d"), scopes: ["api"], expiresAt: undefined };
      await credentials.saveToken(user.id, declared);
      await identity.tokens.createPersonal(user.id, fields({ name: "t", hash: hashSecret("own") }));
      let { tokenId = 0 } = (await credentials.byHash(declared.hash)) ?? {};
      for (const secret of ["next", "last"]) {
        const rotated = await identity.tokens.rotate(tokenId, fields({ hash: hashSecret(secret) }));
        tokenId = rotated?.id ?? 0;
      }
      expect(await credentials.byHash(hashSecret("last"))).toBeDefined();
      const other = { ...declared, hash: hashSecret("other") };
      expect(await bench.raised(() => credentials.saveToken(user.id, other))).toBe(1);
      expect(await credentials.byHash(hashSecret("last"))).toBeUndefined();
      expect(
        (await identity.tokens.get({ kind: "personal", userId: user.id }, tokenId))?.revokedAt,
      ).toBeDefined();
      expect(await credentials.byHash(other.hash)).toBeDefined();
      expect(await credentials.byHash(hashSecret("own"))).toBeDefined();
    });

    test("making one raises nothing, taking one away does", async () => {
      const { user, identity } = await sample();
      let id = 0;
      const create = async () => {
        ({ id } = await identity.tokens.createPersonal(user.id, fields()));
      };
      expect(await bench.raised(create)).toBe(0);
      const next = fields({ hash: hashSecret("two") });
      expect(
        await bench.raised(
          async () => ({ id } = (await identity.tokens.rotate(id, next)) ?? { id }),
        ),
      ).toBe(1);
      expect(await bench.raised(() => identity.tokens.revoke(id))).toBe(1);
    });

    test("two cannot have one secret", async () => {
      const { user, identity } = await sample();
      await identity.tokens.createPersonal(user.id, fields());
      expect(identity.tokens.createPersonal(user.id, fields())).rejects.toThrow();
    });
  });

  test("a project's members and jobs go with it, and a group's projects with the group", async () => {
    const { user, project, credentials, identity, management } = await sample();
    const guest = { role: "guest", expiresAt: undefined } as const;
    await identity.members.add({ projectId: project.id }, user.id, guest);
    await identity.tokens.createJob(user.id, project.id, fields());
    expect(await bench.raised(() => identity.projects.remove(project.id))).toBe(1);
    expect((await credentials.ofUser(user.id))?.projects.size).toBe(0);
    expect(await credentials.byHash(hashSecret("one"))).toBeUndefined();
    expect(await identity.projects.remove(project.id)).toBe("absent");
    await identity.projects.create(2, { path: "q", name: "Q" });
    expect(await management.groups.remove(1)).toBe("removed");
    expect(await identity.projects.list()).toEqual([]);
    expect(await management.groups.remove(1)).toBe("absent");
  });

  test("a renamed group keeps members, projects and tokens", async () => {
    const { user, project, credentials, identity, management } = await sample();
    await identity.members.add({ groupId: 1 }, user.id, { role: "guest", expiresAt: undefined });
    await identity.tokens.createDeploy(1, fields(), "robot");
    await management.groups.change(1, { path: "moved" });
    expect(await identity.projects.get({ id: project.id })).toMatchObject({
      fullPath: "moved/in/p",
    });
    expect(await identity.projects.get({ path: "MOVED/in/p" })).toMatchObject({ id: project.id });
    expect(await identity.projects.get({ path: "top/in/p" })).toBeUndefined();
    expect((await credentials.ofUser(user.id))?.memberships.get(1)).toBe("guest");
    expect(await credentials.byHash(hashSecret("one"))).toMatchObject({ groupId: 1 });
  });
}
