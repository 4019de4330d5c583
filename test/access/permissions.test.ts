import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Authority, opens } from "../../src/access/doors.ts";
import {
  type Action,
  actions,
  judge,
  type Standing,
  standingOf,
  standings,
  type Subject,
} from "../../src/access/permissions.ts";
import type { Role, UserRights } from "../../src/metadata/contract.ts";
import { permissionsPage } from "./permissions-page.ts";

const page = path.join(import.meta.dir, "../../docs/permissions.md");

test("docs/permissions.md is what the tables say (WEIR_UPDATE_PERMISSIONS=1 writes it anew)", () => {
  if (process.env["WEIR_UPDATE_PERMISSIONS"] === "1") writeFileSync(page, permissionsPage());
  expect(readFileSync(page, "utf8")).toBe(permissionsPage());
});

const rights = (changes: Partial<UserRights> = {}): UserRights => ({
  user: { id: 7, username: "u", admin: false },
  memberships: new Map(),
  projects: new Map(),
  projectGroups: new Set(),
  validUntil: undefined,
  ...changes,
});
const user = (changes: Partial<UserRights> = {}): Authority => ({
  kind: "personal",
  scopes: ["api"],
  rights: rights(changes),
});
const roles = (...held: [number, Role][]) => user({ memberships: new Map(held) });
const registry = (groupId: number): Subject => ({ kind: "registry", groupId });
const group = (...lineage: number[]): Subject => ({ kind: "group", lineage });
const project = (projectId: number, ...lineage: number[]): Subject => ({
  kind: "project",
  projectId,
  lineage,
});
const self = (userId: number): Subject => ({ kind: "user", userId });
const server: Subject = { kind: "server" };

describe("how somebody stands to something", () => {
  const inProject = user({
    projects: new Map([[5, "maintainer"]]),
    projectGroups: new Set([2, 1]),
  });
  const deploy: Authority = { kind: "deploy", scopes: ["read_virtual_registry"], groupId: 2 };
  const table: [Authority, Subject, Standing][] = [
    [roles(), registry(1), "stranger"],
    [roles([1, "developer"]), registry(1), "developer"],
    [roles([2, "owner"]), registry(1), "stranger"],
    [inProject, registry(1), "project"],
    [inProject, registry(3), "stranger"],
    [roles([1, "guest"]), group(3, 2, 1), "guest"],
    [roles([1, "owner"], [3, "guest"]), group(3, 2, 1), "owner"],
    [roles([1, "guest"], [3, "owner"]), group(3, 2, 1), "owner"],
    [roles([3, "owner"]), group(2, 1), "stranger"],
    [inProject, group(2, 1), "project"],
    [inProject, group(3, 2, 1), "stranger"],
    [inProject, project(5, 2, 1), "maintainer"],
    [inProject, project(6, 2, 1), "stranger"],
    [roles([1, "owner"]), project(5, 2, 1), "owner"],
    [roles(), self(7), "owner"],
    [roles([1, "owner"]), self(8), "stranger"],
    [roles(), server, "guest"],
    [user({ user: { id: 1, username: "a", admin: true } }), registry(9), "administrator"],
    [deploy, registry(2), "guest"],
    [deploy, registry(1), "stranger"],
    [deploy, group(3, 2, 1), "guest"],
    [deploy, group(1), "stranger"],
    [deploy, project(5, 2, 1), "stranger"],
    [deploy, self(2), "stranger"],
    [deploy, server, "stranger"],
  ];
  test.each(table)("%p to %p: %s", (authority, subject, standing) => {
    expect(standingOf(authority, subject)).toBe(standing);
  });
});

test("a shut door comes before all else, and hides nothing that is not hidden already", () => {
  const reading: Authority = { kind: "personal", scopes: ["read_api"], rights: rights() };
  expect(judge(reading, "change_registry", registry(1))).toBe("shut");
  expect(judge(reading, "read_registry", registry(1))).toBe("hidden");
  const guest = roles([1, "guest"]);
  expect(judge(guest, "change_registry", registry(1))).toBe("forbidden");
  expect(judge(guest, "read_registry", registry(1))).toBe("allowed");
});

test("more standing never allows less, and what is done can be seen", () => {
  for (const { least, subject } of Object.values(actions)) {
    expect(standings.indexOf(least)).toBeGreaterThan(0);
    expect(subject).toBeString();
  }
});

test("scopes that are not known, and parts of a set, open nothing", () => {
  for (const kind of ["personal", "group", "deploy"] as const) {
    for (const scopes of [[], ["read_registry"], ["sudo"], ["API"], ["api "]]) {
      for (const door of [
        "login",
        "pull_registry",
        "pull_dependency_proxy",
        "read",
        "write",
        "mint",
      ] as const) {
        expect([kind, scopes, door, opens({ kind, scopes }, door)]).toEqual([
          kind,
          scopes,
          door,
          false,
        ]);
      }
    }
  }
});

test("an action is done to its kind of subject alone", () => {
  const guest = roles([1, "guest"]);
  for (const [action, { subject }] of Object.entries(actions)) {
    const wrong = subject === "server" ? registry(1) : server;
    expect(() => judge(guest, action as Action, wrong)).toThrow("nothing that is done to");
  }
});
