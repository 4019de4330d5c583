import { describe, expect, test } from "bun:test";
import { jsonAt, runAt } from "../world.ts";
import { apply, exported, forAllTests, planOf, short, upstream, weir } from "./applying.ts";

forAllTests();

const file = `
groups:
  - { path: acme, name: Acme Ltd }
  - { path: acme/tools, name: Tools }
upstreams:
  - { group: acme, name: hub, url: docker.io }
  - group: acme
    name: partner
    url: https://registry.example.com
    username: weir
    password_env: PARTNER_PASSWORD
    cache_validity_hours: 1
    rules:
      - { target: repository, effect: allow, pattern: partner/** }
    access: verified
    verified_group: acme/tools
registries:
  - { group: acme, name: all, upstreams: [hub, partner], on_unsure: continue }
users:
  - username: ci
    memberships:
      - { group: acme, role: guest }
`;
const env = { PARTNER_PASSWORD: "hunter2-of-some-length" };

describe("a file is applied", () => {
  test("a dry run says what there is to do, and does nothing", async () => {
    const before = await exported();
    const argv = ["apply", "-f", "-", "--dry-run"];
    const { code, out, err } = await runAt(weir, argv, { input: file, env });
    expect({ code, err }).toEqual({ code: 10, err: "" });
    expect(out).toContain("+ group acme\n    name: Acme Ltd\n+ group acme/tools");
    expect(out).toContain("    url: https://registry-1.docker.io\n");
    expect(out).toContain("    password: as given\n");
    expect(out).toContain("    upstreams: hub, partner\n");
    expect(out).toEndWith("\n7 to add, 0 to change, 0 to remove");
    expect(out).not.toContain("hunter2");
    expect(await exported()).toBe(before);
  });

  test("a new login needs its password", async () => {
    const { code, err } = await apply(file);
    expect(code).toBe(1);
    expect(err).toBe(
      "weir: upstreams[1].password_env: names the variable PARTNER_PASSWORD, which is not set; it is needed here: a new upstream gets its password with it",
    );
  });

  test("it is done, and then there is nothing to do, with the password or without", async () => {
    const done = await apply(file, [], env);
    expect(done).toMatchObject({ code: 0, err: "weir: done: 7 to add, 0 to change, 0 to remove" });
    expect(await apply(file, [], env)).toMatchObject({
      code: 0,
      out: "nothing to change",
      err: "",
    });
    expect(await apply(file)).toMatchObject({ code: 0, out: "nothing to change" });
    const show = await jsonAt(weir, ["upstream", "show", "acme/partner"]);
    expect(show).toMatchObject({ username: "weir", verified_group: "acme/tools" });
    const anew = await apply(file, ["--secrets"], env);
    expect(anew.out).toContain("~ upstream acme/partner\n    password: set anew\n");
  });

  test("what is written from what is there changes nothing", async () => {
    const text = await exported();
    expect(text).toContain("    password_env: ACME_PARTNER_PASSWORD\n");
    expect(text).not.toContain("hunter2");
    expect(await planOf(text)).toEqual([]);
    expect(await planOf(text, "--delete-missing")).toEqual([]);
    expect(await exported()).toBe(text);
  });

  test("what differs is changed: settings, lists and their order, memberships", async () => {
    const other = file
      .replace("name: Acme Ltd", "name: Acme Inc")
      .replace("cache_validity_hours: 1\n", "cache_validity_hours: 2\n")
      .replace("[hub, partner], on_unsure: continue", "[partner, hub], on_unsure: stop")
      .replace("role: guest", "role: developer");
    expect(short(await planOf(other))).toEqual([
      "~ group acme",
      "~ upstream acme/partner",
      "~ registry acme/all",
      "~ member ci of acme",
    ]);
    expect(await apply(other)).toMatchObject({ code: 0 });
    expect(await planOf(other)).toEqual([]);
    const list = await jsonAt<{ name: string }[]>(weir, ["upstream", "list", "--registry", "all"]);
    expect(list.map(({ name }) => name)).toEqual(["partner", "hub"]);
    expect(await apply(file)).toMatchObject({ code: 0 });
    expect(await planOf(file)).toEqual([]);
  });

  test("another address needs the password again, and goes with a login or without", async () => {
    const other = file.replace("registry.example.com", "registry.example.org");
    expect((await apply(other)).err).toContain("with another url or username it has to be given");
    const moved = await apply(other, [], env);
    expect(moved.out).toContain("    what is cached of it goes\n");
    expect(await planOf(other)).toEqual([]);
    const show = await jsonAt(weir, ["upstream", "show", "acme/partner"]);
    expect(show).toMatchObject({ url: "https://registry.example.org", username: "weir" });
    expect(await apply(file, [], env)).toMatchObject({ code: 0 });
  });

  test("what the file does not have stays, or goes where that is said and asked for", async () => {
    const less = `
groups: [{ path: acme }]
upstreams: [{ group: acme, name: hub, url: docker.io }]
registries: [{ group: acme, name: new, upstreams: [hub] }]
`;
    expect(short(await planOf(less))).toEqual(["~ group acme", "+ registry acme/new"]);
    const all = await planOf(less, "--delete-missing");
    expect(short(all)).toEqual([
      "~ group acme",
      "- registry acme/all",
      "- upstream acme/partner",
      "+ registry acme/new",
      "- group acme/tools",
      "- group other",
    ]);
    const unasked = await apply(less, ["--delete-missing"]);
    expect(unasked).toMatchObject({ code: 2 });
    expect(unasked.err).toContain("Delete 4 things and do the rest?");
    expect(await apply(less, ["--delete-missing", "--yes"])).toMatchObject({ code: 0 });
    expect(await planOf(less, "--delete-missing")).toEqual([]);
    // Of the upstream that the file has, nothing was lost with its former registry.
    const upstreams = await jsonAt<{ name: string }[]>(weir, [
      "upstream",
      "list",
      "--group",
      "acme",
    ]);
    expect(upstreams.map(({ name }) => name)).toEqual(["hub"]);
    // The group that is not declared either is always there.
    expect(await jsonAt(weir, ["group", "show", "default"])).toMatchObject({ path: "default" });
  });
});

describe("two at once", () => {
  const text = (hours: number) => `
groups: [{ path: default }]
upstreams: [{ name: up1, url: "${upstream.url}", cache_validity_hours: ${hours} }]
registries: [{ id: 1, name: default, upstreams: [up1] }]
`;
  /** Between plan and change somebody is asked, and meanwhile somebody else comes. */
  const applied = async (input: string, meanwhile: string[]) => {
    await jsonAt(weir, ["registry", "create", "doomed"]);
    const argv = ["apply", "--file", "-", "--delete-missing"];
    const options = { input, answers: ["y"], meanwhile: () => jsonAt(weir, meanwhile) };
    return runAt(weir, argv, options);
  };

  test("settings that were changed since the plan are not overwritten", async () => {
    const result = await applied(text(8), [
      "upstream",
      "update",
      "up1",
      "--cache-validity-hours",
      "9",
    ]);
    expect(result.code).toBe(6);
    expect(result.err).toContain(
      "upstream default/up1 was changed by somebody else meanwhile, and was not overwritten; run apply again",
    );
    const show = await jsonAt(weir, ["upstream", "show", "up1"]);
    expect(show).toMatchObject({ cache_validity_hours: 9 });
    expect(await apply(text(8), ["--delete-missing", "--yes"])).toMatchObject({ code: 0 });
  });

  test("nor is a list of upstreams", async () => {
    const two = text(8)
      .replace("[up1]", "[up1, more]")
      .replace("registries:", "  - { name: more, url: docker.io }\nregistries:");
    const input = two.replace("upstreams: [{", "upstreams:\n  - {").replace("8 }]", "8 }");
    const add = ["upstream", "add", "1", "https://quay.io", "--name", "theirs"];
    const result = await applied(input, add);
    expect(result).toMatchObject({ code: 6 });
    expect(result.err).toContain("registry default/default was changed by somebody else meanwhile");
    const list = await jsonAt<{ name: string }[]>(weir, ["upstream", "list", "--registry", "1"]);
    expect(list.map(({ name }) => name)).toContain("theirs");
  });

  test("nor is their order", async () => {
    await runAt(weir, ["upstream", "add", "1", "https://ghcr.io", "--name", "third"]);
    const input = (await exported()).replace(
      /^( +)- up1\n((?: +- \w+\n)+)/m,
      (_, indent: string, others: string) => `${others}${indent}- up1\n`,
    );
    const ordered = async () => {
      const list = await jsonAt<{ name: string }[]>(weir, ["upstream", "list", "--registry", "1"]);
      return list.map(({ name }) => name);
    };
    const [, ...others] = await ordered();
    expect(short(await planOf(input))).toEqual(["~ registry default/default"]);
    const result = await applied(input, ["upstream", "move", "third", "1"]);
    expect(result).toMatchObject({ code: 6 });
    expect(result.err).toContain("registry default/default was changed by somebody else meanwhile");
    expect(await ordered()).toEqual(["third", "up1", ...others.filter((name) => name !== "third")]);
    expect(await apply(input, ["--delete-missing", "--yes"])).toMatchObject({ code: 0 });
    expect(await ordered()).toEqual([...others, "up1"]);
  });
});
