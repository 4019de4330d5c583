import { expect, test } from "bun:test";
import fc from "fast-check";
import { errorOf } from "../../web/api/errors.ts";
import { rightsOf } from "../../web/api/rights.ts";
import type { Me } from "../../web/api/session.ts";
import { type AuditEvent, deedText, detailsOf } from "../../web/screens/audit/words.ts";
import { canLogIn } from "../../web/screens/tokens/scopes.ts";
import { claimsOf, fieldValue, rowsOf, valueField } from "../../web/screens/trust/claims.ts";
import { sizeOf, sizeText } from "../../web/ui/sizes.ts";

const signedIn = (admin: boolean, groups: [path: string, role: string][]): Me => ({
  user: { id: 1, username: "ann", admin },
  scope: "api",
  groups: groups.map(([path, role], index) => ({ id: index + 1, full_path: path, role })),
  session: null,
  csrf_token: null,
  external_url: "http://127.0.0.1:5000",
});

test("a role counts in its group and below, and the highest of several", () => {
  const ann = signedIn(false, [
    ["acme", "guest"],
    ["acme/tools", "owner"],
  ]);
  const at = (path: string) => rightsOf(ann, { full_path: path });
  expect(at("acme").standing).toBe("guest");
  expect(at("acme").may("owner")).toBe(false);
  expect(at("acme/tools/ci").standing).toBe("owner");
  expect(at("acme/tools/ci").may("maintainer")).toBe(true);
  expect(at("acme-other").standing).toBe("stranger");
  expect(rightsOf(ann).standing).toBe("stranger");
  expect(rightsOf(signedIn(true, []), { full_path: "acme" }).standing).toBe("administrator");
});

test("a session that only reads may change nothing, whoever it is of", () => {
  const rights = rightsOf({ ...signedIn(true, []), scope: "read_api" });
  expect([rights.is("owner"), rights.may("guest")]).toEqual([true, false]);
});

test("what a field holds for a claim means the claim again", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
      expect(JSON.stringify(fieldValue(valueField(value)))).toBe(JSON.stringify(value));
    }),
  );
  expect(valueField("acme/**")).toBe("acme/**");
  expect(valueField("true")).toBe('"true"');
  expect(fieldValue("[main")).toBe("[main");
});

test("claims come out of their rows as they went in, without those that are empty", () => {
  const claims = { project_path: "acme/**", ref: ["main", "release/*"], protected: true };
  expect(claimsOf([...rowsOf(claims), { claim: " ", value: "" }])).toEqual(claims);
});

test("sizes are read as people write them, and written so that they are read again", () => {
  expect(["100 GB", "1.5TiB", "512", "7 apples", "", "-1 GB"].map(sizeOf)).toEqual([
    100e9,
    1.5 * 2 ** 40,
    512,
    undefined,
    undefined,
    undefined,
  ]);
  fc.assert(
    fc.property(fc.nat(9000), fc.constantFrom(1, 1e3, 1e9, 2 ** 20), (count, unit) => {
      expect(sizeOf(sizeText(count * unit))).toBe(count * unit);
    }),
  );
});

test("clients log in with tokens that pull", () => {
  expect(canLogIn("deploy", ["write_virtual_registry"])).toBe(false);
  expect(canLogIn("personal", ["write_virtual_registry"])).toBe(true);
  expect(canLogIn("group", ["read_api"])).toBe(false);
  expect(canLogIn("deploy", ["read_registry", "write_registry"])).toBe(true);
});

const event = (change: Partial<AuditEvent>): AuditEvent => ({
  id: 1,
  created_at: "2026-01-01T00:00:00.000Z",
  actor: { kind: "user", id: 1, name: "ann" },
  action: "upstream.update",
  subject: { kind: "upstream", id: 7, name: "Hub" },
  group_id: 1,
  address: null,
  result: "success",
  request_id: null,
  details: {},
  ...change,
});

test("events are told in words, known or not", () => {
  const server = { kind: "server", id: null, name: null };
  expect(deedText(event({}))).toBe("changed the upstream");
  expect(deedText(event({ action: "login", subject: server, result: "refused" }))).toBe(
    "was refused a login",
  );
  expect(deedText(event({ action: "store.evict", subject: server }))).toBe(
    "began an eviction from the store",
  );
  expect(deedText(event({ action: "thing.turn_round", result: "failure" }))).toBe(
    "failed: turn round the thing",
  );
});

test("details say what was and what is, and leave out what says nothing", () => {
  const details = {
    name: { from: "Hub", to: null },
    cache_max_bytes: 2_000_000,
    scopes: ["api", "read_api"],
    expires_at: null,
  };
  expect(detailsOf({ details })).toEqual([
    { field: "name", text: "Hub → none" },
    { field: "cache max bytes", text: "2.0 MB" },
    { field: "scopes", text: "api, read_api" },
  ]);
});

test("a refusal in a line is told at the fields that it names, if it names fields", async () => {
  const fieldsOf = async (error: string) =>
    (await errorOf(Response.json({ error }, { status: 400 }))).fields;
  expect(await fieldsOf("name is missing, rules[1].group is invalid")).toEqual({
    name: ["is missing"],
    "rules[1].group": ["is invalid"],
  });
  expect(await fieldsOf("user_id, username are mutually exclusive")).toEqual({});
  expect(await fieldsOf("page is too far back; narrow the list by created_before")).toEqual({});
});
