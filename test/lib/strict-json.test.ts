import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { JsonLimitError, parseStrictJson } from "../../src/lib/strict-json.ts";

const limits = { depth: 5, elements: 50 };
const wide = { depth: 1000, elements: 1e6 };

describe("parseStrictJson", () => {
  test("reads what JSON.parse reads", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(parseStrictJson(text, wide)).toEqual(JSON.parse(text));
      }),
    );
  });

  test("any text is either a value or a SyntaxError or over a limit", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parseStrictJson(text, limits);
        } catch (error) {
          expect(error instanceof SyntaxError || error instanceof JsonLimitError).toBe(true);
        }
      }),
    );
  });

  const refused: [what: string, text: string][] = [
    ["a key twice", '{"a":1,"b":2,"a":3}'],
    ["a key twice, spelt otherwise", String.raw`{"a":1,"\u0061":3}`],
    ["a key twice further down", '[{"x":{"a":[],"a":{}}}]'],
    ["too deep", "[".repeat(6) + "]".repeat(6)],
    ["too many elements", `[${"0,".repeat(60)}0]`],
  ];
  for (const [what, text] of refused) {
    test(`refuses ${what}`, () =>
      expect(() => parseStrictJson(text, limits)).toThrow(JsonLimitError));
  }

  test("a very long string hides nothing behind it", () => {
    const long = "x".repeat(4 << 20);
    const text = `{"a":"${long}","b":1,"b":2}`;
    expect(() => parseStrictJson(text, limits)).toThrow(JsonLimitError);
    const quotes = `{"a":"${'\\\\\\"'.repeat(1 << 18)}","b":1,"b":2}`;
    expect(() => parseStrictJson(quotes, limits)).toThrow(/twice/);
  });

  test("ten megabytes are read in well under a turn's time", () => {
    const text = JSON.stringify({
      a: Array.from({ length: 40_000 }, (_, i) => ({ i, text: "x".repeat(220) })),
    });
    const started = performance.now();
    parseStrictJson(text, wide);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  test("the same key in different objects, and as a value, is fine", () => {
    const text = '{"a":"a","b":[{"a":1},{"a":2}],"c":"{\\"a\\":1,\\"a\\":2}"}';
    expect(parseStrictJson(text, limits)).toEqual(JSON.parse(text));
  });

  test("touches no prototype", () => {
    const value = parseStrictJson('{"__proto__":{"polluted":true}}', limits);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(Object.keys(value as object)).toEqual(["__proto__"]);
  });
});
