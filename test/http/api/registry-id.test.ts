import { afterAll, beforeAll, expect, test } from "bun:test";
import { adminToken, TestWeir } from "../../fakes/weir.ts";

const maintainers = "a-maintainer-with-a-token-of-some-length";
let weir: TestWeir;
beforeAll(async () => {
  const user = {
    username: "maintainer",
    admin: false,
    memberships: [{ group: "default", role: "maintainer" as const }],
    tokens: [{ name: "t", secret: maintainers, scopes: ["api"], expiresAt: undefined }],
  };
  weir = await TestWeir.start({ upstreams: [], users: [user] });
});
afterAll(() => weir.stop());

async function create(body: object, token = adminToken) {
  const path = "/api/v4/groups/default/-/virtual_registries/container/registries";
  const response = await fetch(weir.url + path, {
    method: "POST",
    headers: { "PRIVATE-TOKEN": token, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as { id?: number } };
}

test("an administrator chooses the id of a registry, once; others go on from the highest", async () => {
  expect(await create({ name: "a", id: 40 })).toMatchObject({ status: 201, body: { id: 40 } });
  expect(await create({ name: "b", id: 40 })).toEqual({
    status: 400,
    body: { message: { id: ["has already been taken"] } } as object,
  });
  expect(await create({ name: "c" })).toMatchObject({ status: 201, body: { id: 41 } });
  for (const id of [0, -1, 1.5, 2 ** 31, "7"]) {
    expect((await create({ name: "d", id })).status).toBe(400);
  }
});

test("nobody else does: clients may still pull by an id that was another group's", async () => {
  expect((await create({ name: "e", id: 50 }, maintainers)).status).toBe(403);
  expect((await create({ name: "e" }, maintainers)).status).toBe(201);
});

test("an id is not changed", async () => {
  const changed = await fetch(`${weir.url}/api/v4/virtual_registries/container/registries/40`, {
    method: "PATCH",
    headers: { "PRIVATE-TOKEN": adminToken, "Content-Type": "application/json" },
    body: JSON.stringify({ id: 60 }),
  });
  expect(changed.status).toBe(400);
});
