import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { actions } from "../../../../src/access/contract.ts";
import { operations as documented } from "../conformance.ts";
import { type Reply, secrets } from "../world.ts";
import { samples, type Sample } from "./endpoints.ts";
import { people, type Person, populate, type Population } from "./population.ts";

/** Of nobody whom this API asks: only its form counts here. */
const someJwt = ["{}", "{}", "x"].map((part) => btoa(part).replace(/=+$/, "")).join(".");

type Cell = "ok" | 403 | 404;
const member = ["guest", "planner", "reporter", "developer"] as const;

/** What each may, in the order: nobody of the group, member of a project in it, Guest to Developer, Maintainer, Owner, admin. */
const matrix: Record<string, [Cell, Cell, Cell, Cell, Cell, Cell]> = {
  read_registry: [404, "ok", "ok", "ok", "ok", "ok"],
  change_registry: [404, 403, 403, "ok", "ok", "ok"],
  change_upstream: [404, 403, 403, "ok", "ok", "ok"],
  test_upstream: [404, 403, 403, "ok", "ok", "ok"],
  purge_registry: [404, 403, 403, "ok", "ok", "ok"],
  prefetch_registry: [404, 403, 403, "ok", "ok", "ok"],
  read_webhooks: [404, 403, 403, 403, "ok", "ok"],
  change_webhooks: [404, 403, 403, 403, "ok", "ok"],
  import_images: [404, 403, 403, "ok", "ok", "ok"],
  export_images: [404, "ok", "ok", "ok", "ok", "ok"],
  read_registry_settings: [404, 403, 403, 403, "ok", "ok"],
  change_registry_settings: [404, 403, 403, 403, "ok", "ok"],
  read_dependency_proxy: [404, 403, 403, 403, "ok", "ok"],
  change_dependency_proxy: [404, 403, 403, 403, "ok", "ok"],
  read_cleanup_policy: [404, 403, 403, 403, "ok", "ok"],
  change_cleanup_policy: [404, 403, 403, 403, "ok", "ok"],
  read_group_space: [404, 403, 403, 403, "ok", "ok"],
  read_group: [404, "ok", "ok", "ok", "ok", "ok"],
  change_group: [404, 403, 403, 403, "ok", "ok"],
  read_members: [404, 403, "ok", "ok", "ok", "ok"],
  change_members: [404, 403, 403, 403, "ok", "ok"],
  read_group_tokens: [404, 403, 403, 403, "ok", "ok"],
  revoke_group_tokens: [404, 403, 403, 403, "ok", "ok"],
  create_group_tokens: [404, 403, 403, 403, "ok", "ok"],
  read_group_audit: [404, 403, 403, 403, "ok", "ok"],
  create_project: [404, 403, 403, "ok", "ok", "ok"],
  read_project: [404, "ok", "ok", "ok", "ok", "ok"],
  change_project_members: [404, 403, 403, "ok", "ok", "ok"],
  delete_project: [404, 403, 403, 403, "ok", "ok"],
  list_visible: ["ok", "ok", "ok", "ok", "ok", "ok"],
  read_users: [403, 403, 403, 403, 403, "ok"],
  read_audit: [403, 403, 403, 403, 403, "ok"],
  read_version: ["ok", "ok", "ok", "ok", "ok", "ok"],
  read_arrival: [403, 403, 403, 403, 403, "ok"],
  read_work: [403, 403, 403, 403, 403, "ok"],
  read_space: [403, 403, 403, 403, 403, "ok"],
  evict: [403, 403, 403, 403, 403, "ok"],
  change_group_space: [403, 403, 403, 403, 403, "ok"],
  change_users: [403, 403, 403, 403, 403, "ok"],
  change_users_passwords: [403, 403, 403, 403, 403, "ok"],
  change_administrators: [403, 403, 403, 403, 403, "ok"],
  change_identities: [403, 403, 403, 403, 403, "ok"],
  create_users_tokens: [403, 403, 403, 403, 403, "ok"],
  create_group: [403, 403, 403, 403, 403, "ok"],
  verify_store: [403, 403, 403, 403, 403, "ok"],
  choose_registry_id: [403, 403, 403, 403, 403, "ok"],
  create_job_tokens: [403, 403, 403, 403, 403, "ok"],
  end_job_tokens: [403, 403, 403, 403, 403, "ok"],
  read_oidc_issuers: [403, 403, 403, 403, 403, "ok"],
  change_oidc_issuers: [403, 403, 403, 403, 403, "ok"],
};
/** Of the developer's own; to the others it is not there. */
const own = [
  "read_own",
  "revoke_own_tokens",
  "create_own_tokens",
  "end_own_sessions",
  "change_own_password",
];
/** For those who are nobody yet: all of it is signing in. */
const open = [
  "GET /api/v4/session/methods",
  "POST /api/v4/session",
  "GET /api/v4/session/oidc/{provider}",
  "GET /api/v4/session/oidc/{provider}/callback",
];

function cellFor(action: string, person: Person): Cell {
  if (own.includes(action)) return person === "developer" || person === "admin" ? "ok" : 404;
  const cells = matrix[action];
  if (!cells) throw new Error(`${action} is not in the matrix`);
  const column = member.some((role) => role === person)
    ? 2
    : { stranger: 0, project: 1, maintainer: 3, owner: 4, admin: 5 }[person as "stranger"];
  const cell = cells[column];
  if (cell === undefined) throw new Error(`${action} has no cell for ${person}`);
  return cell;
}

const all = documented.map(({ name, method, action = "", operation }) => ({
  name,
  method,
  action,
  isOpen: operation.security.length === 0,
}));
const operations = all.filter(({ name }) => !open.includes(name));

test("nothing but signing in is open to those who are nobody yet", () => {
  expect(
    all
      .filter(({ isOpen }) => isOpen)
      .map(({ name }) => name)
      .sort(),
  ).toEqual(open.sort());
});

test("each endpoint names a permission that is in the table, and has a sample call here", () => {
  expect(operations.filter(({ action }) => !(action in actions))).toEqual([]);
  expect(Object.keys(samples).sort()).toEqual(operations.map(({ name }) => name).sort());
});

test("each permission of the API is in the matrix, and asked for by an endpoint", () => {
  const known = [...Object.keys(matrix), ...own].sort();
  const elsewhere = [
    "pull_registry",
    "pull_dependency_proxy",
    "pull_verified_upstream",
    "read_verified_upstream",
    "read_pullers",
  ];
  expect([...known, ...elsewhere].sort()).toEqual(Object.keys(actions).sort());
  const asked = new Set(operations.map(({ action }) => action));
  // A top-level group is created where a subgroup is.
  expect(known.filter((action) => !asked.has(action))).toEqual([
    "choose_registry_id",
    "create_group",
  ]);
});

test("reading is by GET, and by nothing else", () => {
  const wrong = operations.filter(({ method, action }) => {
    const { door } = actions[action as keyof typeof actions];
    return (method === "GET") !== (door === "read");
  });
  expect(wrong).toEqual([]);
});

let population: Population | undefined;
afterAll(() => population?.world.close());

async function fresh(): Promise<Population> {
  await population?.world.close();
  population = await populate();
  return population;
}

/** In a world of its own where something can have been changed before. */
async function callIn(
  given: Population,
  sample: Sample,
  method: string,
  who: string,
): Promise<Reply> {
  const { path, body, before } = sample;
  await before?.(given);
  const to = typeof path === "string" ? path : path(given);
  return given.call(who, method, to, typeof body === "function" ? body(given) : body);
}

/** What everybody has for himself. */
const forOneself = [
  "POST /api/v4/personal_access_tokens",
  "GET /api/v4/user",
  "GET /api/v4/session",
  "DELETE /api/v4/session",
  "GET /api/v4/user/sessions",
  "DELETE /api/v4/user/sessions/{id}",
  "PUT /api/v4/user/password",
];

describe("each cell, by a whole call", () => {
  for (const { name, method, action } of operations) {
    const sample = samples[name];
    if (!sample) continue;
    test(`${name}: ${action}`, async () => {
      let given = await fresh();
      let changed = false;
      const seen: [Person, number][] = [];
      const wanted: [Person, number][] = [];
      for (const person of people) {
        const cell = forOneself.includes(name) ? "ok" : cellFor(action, person);
        if (cell === "ok" && changed) {
          given = await fresh();
          changed = false;
        }
        changed ||= method !== "GET" && cell === "ok";
        const reply = await callIn(given, sample, method, person);
        seen.push([person, reply.status]);
        wanted.push([person, cell === "ok" ? sample.ok : cell]);
        if (cell === 404)
          expect(reply.body).toEqual({
            message: expect.stringMatching(/^404 (?:\w+ )?[Nn]ot [Ff]ound$/),
          });
      }
      expect(seen).toEqual(wanted);
    });
  }
});

/** Whoever has one of these is let in nowhere, or to what only reads. */
describe("each endpoint, by credentials that are not for it", () => {
  let given: Population;
  const shut: [what: string, headers: Record<string, string>][] = [
    ["nothing", {}],
    ["a token that is none", { "PRIVATE-TOKEN": "weir_pat_wrong" }],
    ["one that has expired", { "PRIVATE-TOKEN": secrets.expired }],
    ["a revoked one", { "PRIVATE-TOKEN": "secret-of-revoked" }],
    ["a deploy token", { "PRIVATE-TOKEN": "secret-of-deploy" }],
    ["a deploy token as bearer", { Authorization: "Bearer secret-of-deploy" }],
    ["a job token elsewhere", { "PRIVATE-TOKEN": "secret-of-job" }],
    ["a password", { Authorization: `Basic ${btoa("owner:secret-of-an-owner")}` }],
    ["an id token, or one for pulling", { Authorization: `Bearer ${someJwt}` }],
    ["an id token as a job's", { "JOB-TOKEN": someJwt }],
  ];
  beforeAll(async () => {
    given = await populate();
    const { tokens } = given.world.metadata.identity;
    const { id } = await tokens.createPersonal(given.users["owner"] ?? 0, given.fields("revoked"));
    await tokens.revoke(id);
  });
  afterAll(() => given.world.close());
  const asked = (name: string, headers: Record<string, string>) => {
    const { path, body } = samples[name] ?? { path: "" };
    const [method = ""] = name.split(" ");
    const to = typeof path === "string" ? path : path(given);
    return given.with(headers, method, to, typeof body === "function" ? body(given) : body);
  };

  for (const [what, headers] of shut) {
    test(`${what}: 401`, async () => {
      for (const { name } of operations) {
        const { status, body } = await asked(name, headers);
        expect([name, status, body]).toEqual([name, 401, { message: "401 Unauthorized" }]);
      }
    });
  }

  test("a token for pulling: 403, even an administrator's", async () => {
    for (const { name, action } of operations) {
      const { status, body } = await asked(name, { "PRIVATE-TOKEN": secrets.pulling });
      const isRead = actions[action as keyof typeof actions].door === "read";
      const wanted = { error: "insufficient_scope", scope: isRead ? "read_api" : "api" };
      expect([name, status, body]).toMatchObject([name, 403, wanted]);
    }
  });

  test("a token for reading: what only reads, and nothing else", async () => {
    for (const { before } of Object.values(samples)) await before?.(given);
    for (const { name, action } of operations) {
      const { status } = await asked(name, { "PRIVATE-TOKEN": secrets.reading });
      const isRead = actions[action as keyof typeof actions].door === "read";
      expect([name, status]).toEqual([name, isRead ? (samples[name]?.ok ?? 0) : 403]);
    }
  });
});

describe("kinds of credentials (matrix of credential types)", () => {
  const job = { "JOB-TOKEN": "secret-of-job" };
  const bearer = { Authorization: "Bearer secret-of-personal" };
  const pat = (name: string) => ({ "PRIVATE-TOKEN": `secret-of-${name}` });
  const get = "/api/v4/virtual_registries/container/registries/1";
  const statuses = async (given: Population, headers: Record<string, string>) => [
    (await given.with(headers, "GET", get)).status,
    (await given.with(headers, "PATCH", get, { name: "x" })).status,
  ];

  test("who gets in with what", async () => {
    const given = await fresh();
    const { identity } = given.world.metadata;
    for (const scopes of [
      ["read_api"],
      ["read_virtual_registry"],
      ["write_virtual_registry"],
      ["read_virtual_registry", "write_virtual_registry"],
      ["read_registry", "write_registry"],
    ]) {
      const name = scopes.join("+");
      await identity.tokens.createPersonal(given.users["owner"] ?? 0, given.fields(name, scopes));
      const wanted = name === "read_api" ? [200, 403] : [403, 403];
      expect([name, await statuses(given, pat(name))]).toEqual([name, wanted]);
    }
    const rows: [string, Record<string, string>, number[]][] = [
      ["group access token", pat("group"), [200, 200]],
      ["personal access token as bearer", bearer, [200, 403]],
      ["job token", job, [200, 200]],
      ["job token elsewhere", pat("job"), [401, 401]],
      ["job token as bearer", { Authorization: "Bearer secret-of-job" }, [401, 401]],
      ["access token as job token", { "JOB-TOKEN": "secret-of-group" }, [401, 401]],
      ["deploy token", pat("deploy"), [401, 401]],
      ["deploy token as bearer", { Authorization: "Bearer secret-of-deploy" }, [401, 401]],
      ["deploy token as job token", { "JOB-TOKEN": "secret-of-deploy" }, [401, 401]],
      ["password", { Authorization: `Basic ${btoa("owner:secret-of-an-owner")}` }, [401, 401]],
      ["two, the first wrong", { ...pat("nobody"), ...job }, [401, 401]],
    ];
    for (const [name, headers, wanted] of rows) {
      expect([name, await statuses(given, headers)]).toEqual([name, wanted]);
    }
  });

  test("tokens of groups and jobs make no tokens, nor other ways to log in", async () => {
    const given = await fresh();
    const { identity, credentials } = given.world.metadata;
    await credentials.saveUser({ username: "maintainer", admin: true }, new Map());
    const minting = operations.filter(({ action }) => {
      return actions[action as keyof typeof actions].door === "mint";
    });
    expect(minting.map(({ name }) => name)).toHaveLength(15);
    for (const headers of [pat("group"), job]) {
      for (const { name, method } of minting) {
        const { path, body } = samples[name] ?? { path: "", ok: 0 };
        const to = typeof path === "string" ? path : path(given);
        const reply = await given.with(
          headers,
          method,
          to,
          typeof body === "function" ? body(given) : body,
        );
        expect([name, reply.status, reply.body]).toEqual([name, 403, { message: "403 Forbidden" }]);
      }
    }
    expect(await identity.tokens.list({ kind: "job" })).toHaveLength(1);
  });
});
