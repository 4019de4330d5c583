import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { parseChallenges, bearerChallenge } from "../../src/oci/challenge.ts";
import { isRepositoryName } from "../../src/oci/reference.ts";
import { parseScope, pullScope, type Scope } from "../../src/oci/scope.ts";

const type = fc
  .stringMatching(/^[a-z0-9]{1,12}(?:\([a-z0-9]{1,12}\))?$/)
  .filter((t) => t !== "repository");
const name = fc.stringMatching(/^[!#-[\]-~]{1,60}$/);
const actions = fc.array(fc.stringMatching(/^[a-z*]{1,8}$/), { maxLength: 4 });
const repository = fc
  .array(fc.stringMatching(/^[a-z0-9]{1,8}(?:[._-][a-z0-9]{1,8})?$/), {
    minLength: 1,
    maxLength: 6,
  })
  .map((parts) => parts.join("/"));

describe("scopes", () => {
  test("what is written by the grammar is read back", () => {
    fc.assert(
      fc.property(fc.record({ type, name, actions }), (scope) => {
        const text = `${scope.type}:${scope.name}:${scope.actions.join(",")}`;
        expect(parseScope(text)).toEqual(scope);
      }),
    );
  });

  test("the scope that we ask for is a pull of that repository", () => {
    fc.assert(
      fc.property(repository, (text) => {
        const wanted: Scope = { type: "repository", name: text, actions: ["pull"] };
        expect(parseScope(pullScope(text))).toEqual(wanted);
      }),
    );
  });

  test("anything at all is read without an error; what is accepted can stand in a challenge", () => {
    const pieces = fc.constantFrom(
      "repository",
      ":",
      ",",
      "pull",
      "*",
      " ",
      '"',
      "\\",
      "\n",
      "é",
      "a/b",
      "(x)",
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(pieces).map((all) => all.join("")),
    );
    fc.assert(
      fc.property(text, (given) => {
        const scope = parseScope(given);
        if (!scope) return;
        if (scope.type === "repository") expect(isRepositoryName(scope.name)).toBe(true);
        const [challenge] = parseChallenges(bearerChallenge("r", "s", given));
        expect(challenge?.parameters["scope"]).toBe(given);
      }),
    );
  });

  test.each<[text: string, scope: Scope | undefined]>([
    [
      "repository:library/alpine:pull,push",
      { type: "repository", name: "library/alpine", actions: ["pull", "push"] },
    ],
    ["repository:x:", { type: "repository", name: "x", actions: [] }],
    ["repository:x:pull,", { type: "repository", name: "x", actions: ["pull"] }],
    ["repository(plugin):x:pull", { type: "repository(plugin)", name: "x", actions: ["pull"] }],
    ["registry:catalog:*", { type: "registry", name: "catalog", actions: ["*"] }],
    ["registry:host.test:5000/x:*", { type: "registry", name: "host.test:5000/x", actions: ["*"] }],
    ["repository:UPPER:pull", undefined],
    ["repository:../x:pull", undefined],
    ["repository:x", undefined],
    ["repository::pull", undefined],
    ["Repository:x:pull", undefined],
    ["repository:x:pull\n", undefined],
    ["registry:a\nb:pull", undefined],
    ["", undefined],
    [`registry:${"x".repeat(513)}:pull`, undefined],
    [`registry:x:${"a".repeat(2000)}`, undefined],
  ])("row %#", (text, scope) => {
    expect(parseScope(text)).toEqual(scope);
  });
});
