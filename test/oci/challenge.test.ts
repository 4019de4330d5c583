import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { bearerChallenge, type Challenge, parseChallenges } from "../../src/oci/challenge.ts";

const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}$/);
const quotable = fc.stringMatching(/^[\t -~]{0,40}$/);
const quote = (text: string) => `"${text.replace(/["\\]/g, "\\$&")}"`;

/** Parameter names differ by more than case: of equal ones the first counts, which has its own test. */
const parameters = fc.uniqueArray(fc.tuple(token, fc.oneof(token, quotable)), {
  selector: ([name]) => name.toLowerCase(),
  minLength: 1,
  maxLength: 5,
});
const challenges = fc.array(fc.tuple(token, parameters), { minLength: 1, maxLength: 4 });

type Written = [scheme: string, parameters: [name: string, value: string][]][];

function expected(written: Written): Challenge[] {
  return written.map(([scheme, list]) => ({
    scheme: scheme.toLowerCase(),
    parameters: Object.fromEntries(list.map(([name, value]) => [name.toLowerCase(), value])),
  }));
}

/** The same list, whatever the prototype of its objects. */
function read(header: string | null) {
  return parseChallenges(header).map((c) => ({ ...c, parameters: { ...c.parameters } }));
}

describe("challenges", () => {
  test("what is written by the grammar is read back, several in a line too", () => {
    const spaces = fc.constantFrom("", " ", "\t", "  ");
    fc.assert(
      fc.property(
        challenges,
        spaces,
        fc.constantFrom(",", ", ", " ,\t", ",,"),
        (list, at, comma) => {
          const header = list
            .map(([scheme, fields]) => {
              const written = fields.map(([name, value]) => `${name}${at}=${at}${quote(value)}`);
              return `${scheme} ${written.join(comma)}`;
            })
            .join(comma);
          expect(read(header)).toEqual(expected(list));
        },
      ),
    );
  });

  test("our own challenge is read back", () => {
    const safe = fc.stringMatching(/^[!#-[\]-~]{0,80}$/);
    fc.assert(
      fc.property(safe, safe, fc.option(safe, { nil: undefined }), (realm, service, scope) => {
        const said = { realm, service, ...(scope !== undefined && { scope }) };
        const header = bearerChallenge(realm, service, scope);
        expect(read(header)).toEqual([{ scheme: "bearer", parameters: said }]);
      }),
    );
  });

  test("anything at all is read without an error, into schemes that are tokens", () => {
    const pieces = fc.constantFrom(
      '"',
      "\\",
      ",",
      "=",
      " ",
      "\t",
      "Bearer",
      "realm",
      "\u0000",
      "é",
      "__proto__",
    );
    const text = fc.oneof(
      fc.string({ maxLength: 300 }),
      fc.array(pieces).map((all) => all.join("")),
    );
    fc.assert(
      fc.property(text, (header) => {
        for (const { scheme, parameters: found } of parseChallenges(header)) {
          expect(scheme).toMatch(/^[!#$%&'*+.^_`|~0-9a-z-]+$/);
          expect(Object.getPrototypeOf(found)).toBeNull();
          for (const name of Object.keys(found)) expect(name).toBe(name.toLowerCase());
        }
      }),
    );
  });

  test("time grows with length, not faster", () => {
    const hostile = ["a ", "a,", 'a="', '\\"', " ,", "a= ", 'B r="\\\\'].map((piece) =>
      piece.repeat(8192 / piece.length).slice(0, 8192),
    );
    const begun = performance.now();
    for (const header of hostile) parseChallenges(`Bearer ${header}`.slice(0, 8192));
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  test.each<[header: string | null, read: [scheme: string, parameters: Record<string, string>][]]>([
    [null, []],
    ["", []],
    ["Bearer", [["bearer", {}]]],
    ['BEARER Realm="x"', [["bearer", { realm: "x" }]]],
    [
      "Bearer realm=https://x.test/token,service=y",
      [["bearer", { realm: "https://x.test/token", service: "y" }]],
    ],
    ['Bearer realm="a", realm="b"', [["bearer", { realm: "a" }]]],
    [
      'Bearer realm="a,b", scope="repository:x:pull,push"',
      [["bearer", { realm: "a,b", scope: "repository:x:pull,push" }]],
    ],
    [
      'Negotiate, Basic realm="x"',
      [
        ["negotiate", {}],
        ["basic", { realm: "x" }],
      ],
    ],
    ['Bearer realm="never closed', [["bearer", {}]]],
    [`Bearer realm="${"x".repeat(9000)}"`, []],
  ])("row %#", (header, wanted) => {
    expect(read(header)).toEqual(wanted.map(([scheme, found]) => ({ scheme, parameters: found })));
  });
});
