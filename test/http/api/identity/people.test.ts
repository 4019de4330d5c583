import { describe, expect, test } from "bun:test";
import * as zod from "../../../../src/http/api/identity/fields.ts";
import { group } from "../../../../src/http/api/group-fields.ts";
import { call, day, forEachTest, given } from "./asking.ts";

const v4 = "/api/v4";
const members = `${v4}/groups/1/members`;

forEachTest();

describe("users", () => {
  test("are created with what is given, their names and addresses being one whatever the case", async () => {
    const ann = { username: "ann", name: "Ann", email: "ann@example.com", admin: true };
    const { status, body } = await call("admin", "POST", `${v4}/users`, ann);
    expect([status, zod.user.safeParse(body).error]).toEqual([201, undefined]);
    expect(body).toMatchObject({ username: "ann", is_admin: true, state: "active", bot: false });
    const plain = (await call("admin", "POST", `${v4}/users`, { username: "bob" })).body;
    expect(plain).toMatchObject({ name: "bob", email: null, is_admin: false });
    const taken = { message: { username: ["has already been taken"] } };
    expect((await call("admin", "POST", `${v4}/users`, { username: "ANN" })).body).toEqual(taken);
    const email = { username: "eve", email: "Ann@Example.com" };
    expect((await call("admin", "POST", `${v4}/users`, email)).body).toEqual({
      message: { email: ["has already been taken"] },
    });
    for (const wrong of [{ username: "a b" }, { username: "x", email: "nobody" }, {}]) {
      expect((await call("admin", "POST", `${v4}/users`, wrong)).status).toBe(400);
    }
    const found = (await call("admin", "GET", `${v4}/users?search=EXAMPLE.com`)).body;
    expect(found).toMatchObject([{ username: "ann" }]);
  });

  test("an administrator cannot shut himself out", async () => {
    const { body: self } = await call("admin", "GET", `${v4}/user`);
    for (const verb of ["block", "deactivate"]) {
      const { status, body } = await call(
        "admin",
        "POST",
        `${v4}/users/${Number(self["id"])}/${verb}`,
      );
      expect([status, body]).toEqual([
        403,
        { message: `403 Forbidden - you cannot ${verb} yourself` },
      ]);
    }
    expect((await call("admin", "POST", `${v4}/users/999/block`)).status).toBe(404);
  });

  test("get another name, address and standing, which counts at once", async () => {
    const { users } = given;
    const path = `${v4}/users/${users["guest"]}`;
    const changes = { name: "Gus", email: "gus@example.com", admin: true };
    const changed = await call("admin", "PATCH", path, changes);
    expect([changed.status, zod.user.safeParse(changed.body).error]).toEqual([200, undefined]);
    expect(changed.body).toMatchObject({ username: "guest", name: "Gus", is_admin: true });
    expect((await call("guest", "GET", `${v4}/users`)).status).toBe(200);
    expect((await call("guest", "PATCH", path, { admin: false })).status).toBe(200);
    expect((await call("guest", "GET", `${v4}/users`)).status).toBe(403);
    expect((await call("admin", "PATCH", path, { email: null })).body).toMatchObject({
      email: null,
    });
    const other = `${v4}/users/${users["owner"]}`;
    await call("admin", "PATCH", other, { email: "gus@example.com" });
    expect((await call("admin", "PATCH", path, { email: "GUS@example.com" })).body).toEqual({
      message: { email: ["has already been taken"] },
    });
    expect((await call("admin", "PATCH", path, {})).status).toBe(400);
    expect((await call("admin", "PATCH", path, { username: "x" })).body).toEqual({
      error: "username is not known",
    });
    expect((await call("admin", "PATCH", `${v4}/users/999`, { name: "x" })).status).toBe(404);
  });

  test("the last administrator stays one, whoever asks, and however many at once", async () => {
    const { users, world } = given;
    const admins = (
      await world.metadata.identity.users.list({ words: [], page: 1, perPage: 100 })
    ).items
      .filter(({ admin }) => admin)
      .map(({ id }) => id);
    const demote = (id: number) => call("admin", "PATCH", `${v4}/users/${id}`, { admin: false });
    for (const id of admins) if (id !== users["admin"]) expect((await demote(id)).status).toBe(200);
    expect(await demote(users["admin"] ?? 0)).toEqual({
      status: 400,
      body: { message: { admin: ["is the last active administrator; make somebody else one"] } },
    });
    // Somebody who is shut out does not count.
    const guest = `${v4}/users/${users["guest"]}`;
    await call("admin", "PATCH", guest, { admin: true });
    await call("admin", "POST", `${guest}/block`);
    expect((await demote(users["admin"] ?? 0)).status).toBe(400);
    await call("admin", "POST", `${guest}/unblock`);
    const both = await Promise.all([demote(users["admin"] ?? 0), demote(users["guest"] ?? 0)]);
    const left = await world.metadata.identity.users.list({ words: [], page: 1, perPage: 100 });
    expect(left.items.filter(({ admin }) => admin)).toHaveLength(1);
    expect(both.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test("administrators who block each other at once leave one of them", async () => {
    const { users, world } = given;
    await call("admin", "PATCH", `${v4}/users/${users["guest"]}`, { admin: true });
    const { items } = await world.metadata.identity.users.list({
      words: [],
      page: 1,
      perPage: 100,
    });
    for (const { id, admin } of items) {
      const isOther = id !== users["admin"] && id !== users["guest"];
      if (admin && isOther) await call("admin", "PATCH", `${v4}/users/${id}`, { admin: false });
    }
    const answers = await Promise.all([
      call("admin", "POST", `${v4}/users/${users["guest"]}/block`),
      call("guest", "POST", `${v4}/users/${users["admin"]}/block`),
    ]);
    const [blocked, ...others] = answers.map(({ status }) => status).sort((a, b) => a - b);
    expect(blocked).toBe(201);
    // Who comes in the midst of the other is told, who comes after it is nobody any more.
    expect([[400], [401]]).toContainEqual(others);
    const left = await world.metadata.identity.users.list({ words: [], page: 1, perPage: 100 });
    expect(left.items.filter(({ admin, state }) => admin && state === "active")).toHaveLength(1);
  });

  test("a bot is nobody's to change, and nobody is made an administrator by the token of a job", async () => {
    const { items } = await given.world.metadata.identity.users.list({
      words: ["bot"],
      page: 1,
      perPage: 9,
    });
    const bot = `${v4}/users/${items[0]?.id}`;
    expect((await call("admin", "PATCH", bot, { admin: true })).body).toEqual({
      message: { user: ["is a bot, which is as the token of its group says"] },
    });
    await given.world.metadata.credentials.saveUser(
      { username: "maintainer", admin: true },
      new Map(),
    );
    const job = { "JOB-TOKEN": "secret-of-job" };
    const guest = `${v4}/users/${given.users["guest"]}`;
    expect(await given.with(job, "PATCH", guest, { admin: true })).toMatchObject({ status: 403 });
    const another = { username: "another", admin: true };
    expect(await given.with(job, "POST", `${v4}/users`, another)).toMatchObject({ status: 403 });
  });

  test("who is blocked is nobody at once, with each of his tokens", async () => {
    const id = given.users["maintainer"];
    const job = { "JOB-TOKEN": "secret-of-job" };
    expect((await given.with(job, "GET", `${v4}/user`)).status).toBe(200);
    expect((await call("admin", "POST", `${v4}/users/${id}/block`)).body).toMatchObject({
      state: "blocked",
    });
    expect((await call("maintainer", "GET", `${v4}/user`)).status).toBe(401);
    expect((await given.with(job, "GET", `${v4}/user`)).status).toBe(401);
    const run = { user_id: id, project_id: 1 };
    expect((await call("admin", "POST", `${v4}/admin/job_tokens`, run)).body).toEqual({
      message: { user: ["is blocked"] },
    });
    await call("admin", "POST", `${v4}/users/${id}/unblock`);
    expect((await call("maintainer", "GET", `${v4}/user`)).status).toBe(200);
  });
});

describe("groups", () => {
  test("a top-level group is its maker's; a subgroup is of those above", async () => {
    const top = { name: "Acme", path: "acme" };
    const { status, body: made } = await call("admin", "POST", `${v4}/groups`, top);
    expect([status, group.safeParse(made).error]).toEqual([201, undefined]);
    const own = (await call("admin", "GET", `${v4}/groups/acme/members`)).body;
    expect(own).toMatchObject([{ username: "admin", access_level: 50 }]);
    const inner = { name: "Inner", path: "inner", parent_id: made["id"] };
    expect((await call("admin", "POST", `${v4}/groups`, inner)).body).toMatchObject({
      full_path: "acme/inner",
      parent_id: made["id"],
    });
    expect((await call("admin", "GET", `${v4}/groups/acme%2Finner/members`)).body).toEqual(
      [] as never,
    );
  });

  test("what a group may not be", async () => {
    for (const [body, answer] of [
      [{ name: "x", path: "Default" }, { message: { path: ["has already been taken"] } }],
      [
        { name: "x", path: "tools", parent_id: 1 },
        { message: { path: ["has already been taken"] } },
      ],
      [{ name: "x", path: "y", parent_id: 999 }, { message: "404 Parent Not Found" }],
      [{ name: "x" }, { error: "path is missing" }],
    ] as const) {
      expect((await call("admin", "POST", `${v4}/groups`, body)).body).toEqual(answer);
    }
    const foreign = { name: "x", path: "y", parent_id: 2 };
    expect(await call("owner", "POST", `${v4}/groups`, foreign)).toEqual({
      status: 404,
      body: { message: "404 Parent Not Found" },
    });
  });

  test("each sees his own, in pages", async () => {
    const paths = async (who: string, query = "") => {
      const { body } = await given.call(who, "GET", `${v4}/groups${query}`);
      return (body as { full_path: string }[]).map(({ full_path: path }) => path);
    };
    expect(await paths("admin")).toEqual(["default", "other", "default/tools"]);
    expect(await paths("guest")).toEqual(["default", "default/tools"]);
    expect(await paths("project")).toEqual(["default", "default/tools"]);
    expect(await paths("stranger")).toEqual([]);
    expect(await paths("guest", "?search=TOOLS")).toEqual(["default/tools"]);
    const { headers } = await given.call("guest", "GET", `${v4}/groups?per_page=1&page=2`);
    expect(headers.get("x-total")).toBe("2");
    expect(await paths("guest", "?per_page=1&page=2")).toEqual(["default/tools"]);
  });

  test("deleting one takes along all that is in it", async () => {
    const { metadata } = given.world;
    await metadata.directory.openDependencyProxy("default/tools");
    const bots = async () =>
      (await metadata.identity.users.list({ words: ["_bot_"], page: 1, perPage: 9 })).items.length;
    expect(await bots()).toBe(2);
    expect((await call("owner", "DELETE", `${v4}/groups/default`)).status).toBe(204);
    expect(await metadata.directory.registries()).toMatchObject([{ id: 2 }]);
    expect(await metadata.directory.upstreams()).toMatchObject([{ id: 3 }]);
    expect((await metadata.directory.groups()).map(({ path }) => path)).toEqual(["other"]);
    expect((await metadata.identity.projects.list()).map(({ fullPath }) => fullPath)).toEqual([
      "other/theirs",
    ]);
    expect(await bots()).toBe(1);
    expect(await metadata.directory.dependencyProxy("default")).toBeUndefined();
    for (const secret of ["secret-of-group", "secret-of-deploy", "secret-of-job"]) {
      const headers = { "PRIVATE-TOKEN": secret };
      expect((await given.with(headers, "GET", `${v4}/user`)).status).toBe(401);
    }
    expect((await call("owner", "GET", `${v4}/groups/default`)).status).toBe(404);
    expect((await call("owner", "DELETE", `${v4}/groups/default`)).status).toBe(404);
  });
});

describe("members", () => {
  test("by id or by name, with a role and an end", async () => {
    const body = { username: "stranger", access_level: 30, expires_at: day(2) };
    const { status, body: made } = await call("owner", "POST", members, body);
    expect([status, zod.member.safeParse(made).error]).toEqual([201, undefined]);
    expect(made).toMatchObject({ username: "stranger", access_level: 30, expires_at: day(2) });
    expect((await call("owner", "POST", members, body)).status).toBe(409);
    const one = `${members}/${Number(made["id"])}`;
    expect((await call("stranger", "GET", one)).body).toEqual(made);
    expect((await call("owner", "PUT", one, { access_level: 10 })).body).toMatchObject({
      access_level: 10,
      expires_at: day(2),
    });
    given.world.clock.step(Date.parse(day(2)) - given.world.clock.now() - 1);
    expect((await call("stranger", "GET", one)).status).toBe(200);
    given.world.clock.step(1);
    expect((await call("stranger", "GET", one)).status).toBe(404);
    expect((await call("owner", "GET", one)).status).toBe(404);
    expect((await call("owner", "PUT", one, { access_level: 10 })).status).toBe(404);
    expect(
      (await call("owner", "POST", members, { username: "stranger", access_level: 10 })).status,
    ).toBe(201);
  });

  test("what a membership may not be", async () => {
    const both = "user_id, username are mutually exclusive, exactly one must be provided";
    for (const [body, answer] of [
      [{ access_level: 10 }, { error: both }],
      [{ user_id: 1, username: "x", access_level: 10 }, { error: both }],
      [{ username: "nobody", access_level: 10 }, { message: "404 User Not Found" }],
      [{ user_id: 999, access_level: 10 }, { message: "404 User Not Found" }],
      [{ username: "stranger" }, { error: "access_level is missing" }],
      [
        { username: "stranger", access_level: 5 },
        { error: "access_level does not have a valid value" },
      ],
      [
        { username: "stranger", access_level: 10, expires_at: day(0) },
        { message: { expires_at: ["must be in the future"] } },
      ],
    ] as const) {
      expect((await call("owner", "POST", members, body)).body).toEqual(answer);
    }
  });

  test("the last owner of a top-level group stays one", async () => {
    const own = `${members}/${given.users["owner"]}`;
    const answer = {
      message: { group: ["would have no owner left; make somebody else one first"] },
    };
    const tries = [
      () => call("owner", "DELETE", own),
      () => call("admin", "PUT", own, { access_level: 40 }),
      () => call("owner", "PUT", own, { expires_at: day(3) }),
    ];
    for (const attempt of tries) {
      expect(await attempt()).toEqual({ status: 400, body: answer } as never);
    }
    // A bot, and an owner whose time ends, do not count.
    await call("owner", "POST", `${v4}/groups/1/access_tokens`, {
      name: "b",
      scopes: ["api"],
      access_level: 50,
    });
    await call("owner", "POST", members, {
      username: "stranger",
      access_level: 50,
      expires_at: day(5),
    });
    expect((await call("owner", "DELETE", own)).status).toBe(400);
    // Whose time ends does not make it longer himself.
    const ending = `${members}/${given.users["stranger"]}`;
    for (const end of [null, day(6)]) {
      expect((await call("stranger", "PUT", ending, { expires_at: end })).status).toBe(403);
    }
    expect((await call("stranger", "PUT", ending, { expires_at: day(4) })).status).toBe(200);
    await call("owner", "PUT", `${members}/${given.users["stranger"]}`, { expires_at: null });
    expect((await call("owner", "DELETE", own)).status).toBe(204);
    expect((await call("owner", "GET", `${v4}/groups/1`)).status).toBe(404);
    const tools = `${v4}/groups/3/members`;
    await call("stranger", "POST", tools, { username: "owner", access_level: 50 });
    expect((await call("stranger", "DELETE", `${tools}/${given.users["owner"]}`)).status).toBe(204);
  });

  test("of two who leave at once, the last owner stays", async () => {
    await call("owner", "POST", members, { username: "stranger", access_level: 50 });
    const leave = (name: string) => call("admin", "DELETE", `${members}/${given.users[name]}`);
    const statuses = (await Promise.all([leave("owner"), leave("stranger")])).map(
      ({ status }) => status,
    );
    expect(statuses.sort()).toEqual([204, 400]);
  });

  test("nobody gives, or takes, what is more than his own", async () => {
    const project = `${v4}/projects/1/members`;
    const reader = { username: "reading", access_level: 40 };
    expect(
      (await call("maintainer", "POST", project, { ...reader, access_level: 50 })).status,
    ).toBe(403);
    const { body: made } = await call("maintainer", "POST", project, reader);
    const one = `${project}/${Number(made["id"])}`;
    expect((await call("maintainer", "PUT", one, { access_level: 50 })).status).toBe(403);
    expect((await call("owner", "PUT", one, { access_level: 50 })).status).toBe(200);
    expect((await call("maintainer", "PUT", one, { access_level: 10 })).status).toBe(403);
    expect((await call("maintainer", "DELETE", one)).status).toBe(403);
    expect((await call("owner", "DELETE", one)).status).toBe(204);
  });
});

describe("projects", () => {
  test("are found by id and by path, in whatever case, by those who belong to them", async () => {
    const { body } = await call("project", "GET", `${v4}/projects/1`);
    expect(zod.project.safeParse(body).error).toBeUndefined();
    expect(body).toEqual({
      id: 1,
      name: "app",
      path: "app",
      path_with_namespace: "default/tools/app",
      namespace: { id: 3, full_path: "default/tools" },
    });
    expect((await call("project", "GET", `${v4}/projects/Default%2Ftools%2FAPP`)).body).toEqual(
      body,
    );
    const paths = async (who: string) =>
      ((await call(who, "GET", `${v4}/projects`)).body as unknown as { path: string }[]).map(
        ({ path }) => path,
      );
    expect(await paths("project")).toEqual(["app"]);
    expect(await paths("guest")).toEqual(["app", "site"]);
    expect(await paths("stranger")).toEqual([]);
  });

  test("what a project may not be", async () => {
    for (const [body, answer] of [
      [{ namespace_id: 3, path: "App" }, { message: { path: ["has already been taken"] } }],
      [{ namespace_id: 2, path: "x" }, { message: "404 Namespace Not Found" }],
      [{ namespace_id: 999, path: "x" }, { message: "404 Namespace Not Found" }],
      [{ path: "x" }, { error: "namespace_id is missing" }],
    ] as const) {
      expect((await call("owner", "POST", `${v4}/projects`, body)).body).toEqual(answer);
    }
  });
});
