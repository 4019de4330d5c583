import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { nextLink } from "../../src/upstream/link.ts";

const uri = fc.stringMatching(/^[!#-;=?-~]{0,40}$/);
const name = fc.stringMatching(/^[a-z*-]{1,10}$/).filter((text) => text !== "rel");
const value = fc.stringMatching(/^[ -~]{0,20}$/);
const quote = (text: string) => `"${text.replace(/["\\]/g, "\\$&")}"`;
const parameters = fc
  .array(fc.tuple(name, value), { maxLength: 3 })
  .map((list) => list.map(([key, text]) => `; ${key}=${quote(text)}`).join(""));
const other = fc.constantFrom("prev", "first", "nextish", "");
const link = (rel: string) =>
  fc.tuple(uri, parameters, parameters).map(([target, before, behind]) => ({
    target,
    text: `<${target}>${before}; rel=${quote(rel)}${behind}`,
  }));

describe("the next link", () => {
  test("is found among others, whatever else they say", () => {
    fc.assert(
      fc.property(
        fc.array(other.chain(link), { maxLength: 3 }),
        fc.constantFrom("next", "NEXT", "last next").chain(link),
        fc.array(link("next"), { maxLength: 2 }),
        fc.constantFrom(",", ", ", " ,\t"),
        (before, wanted, behind, comma) => {
          const header = [...before, wanted, ...behind].map(({ text }) => text).join(comma);
          expect(nextLink(header)).toBe(wanted.target);
        },
      ),
    );
  });

  test("is not found where there is none", () => {
    fc.assert(
      fc.property(fc.array(other.chain(link), { maxLength: 4 }), (links) => {
        expect(nextLink(links.map(({ text }) => text).join(", "))).toBeUndefined();
      }),
    );
  });

  test("any text is read without failing, in time", () => {
    fc.assert(fc.property(fc.string(), (text) => void nextLink(text)));
    for (const text of [" ", "<", ";", ",", '<>;a="', "<>; a", "<>;rel=\\"])
      nextLink(text.repeat(4000));
  });

  const table: [header: string, wanted: string | undefined][] = [
    ['</v2/x/tags/list?n=3&last=c>; rel="next"', "/v2/x/tags/list?n=3&last=c"],
    ["</x>;rel=next", "/x"],
    ["</x> ; title=a ; REL = next", "/x"],
    ['</x>; rel="next"; rel="prev"', "/x"],
    ['</x>; rel="prev"; rel="next"', undefined],
    ['</x>; title="; rel=next"', undefined],
    ['</a>; rel="prev", </b>; rel="next"', "/b"],
    ["</x>", undefined],
    ["/x; rel=next", undefined],
    ["", undefined],
  ];
  for (const [header, wanted] of table) {
    test(JSON.stringify(header), () => expect(nextLink(header)).toBe(wanted as never));
  }
});
