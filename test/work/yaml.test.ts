import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { readYaml } from "../../src/work/contract.ts";

test("every scalar is the text that is written", () => {
  const yaml = `
a: 0123
b: 12345678901234567890123456789012345
c: yes
d: null
e: 'x: y'
f: |
  two
  lines
g: [1, true]
`;
  expect(readYaml(yaml)).toEqual({
    map: {
      a: "0123",
      b: "12345678901234567890123456789012345",
      c: "yes",
      d: "null",
      e: "x: y",
      f: "two\nlines\n",
      g: ["1", "true"],
    },
  });
});

test("a key without a value is left out, an empty file is an empty map", () => {
  expect(readYaml('a:\nb: ""\nc: { d: , e: 1 }\n')).toEqual({ map: { c: { e: "1" } } });
  expect(readYaml("# nothing\n")).toEqual({ map: {} });
});

test("anchors and aliases", () => {
  expect(readYaml("a: &x [1]\nb: *x\n")).toEqual({ map: { a: ["1"], b: ["1"] } });
});

const bomb = Array.from({ length: 9 }, (_, i) => {
  const previous = i === 0 ? "x" : `*a${i - 1}`;
  return `a${i}: &a${i} [${Array.from({ length: 9 }, () => previous).join(", ")}]`;
}).join("\n");

const bad: [yaml: string, problem: RegExp][] = [
  [
    "a: 1\nb:\n  c: 1\n  c: 2\n",
    /^line 4, column 3 has the key "c" for the second time; keep one$/,
  ],
  ["a: 1\n---\nb: 2\n", /^line 2, column 1 begins a second document/],
  ["a:\n\tb: 1\n", /^line 2, column \d is indented by a tab/],
  ["a: !!binary aGk=\n", /^line 1, column 4 has a tag/],
  [
    'a: "s3cret-value\n',
    /^line \d, column \d+ is not well-formed YAML \(MISSING_CHAR\); check quotes/,
  ],
  ["a: s3cret-value: b\n", /^line 1, column 4 is not well-formed YAML/],
  ["? [a]\n: b\n", /^line 1, column \d is not well-formed YAML \(NON_STRING_KEY\)/],
  ["- a\n", /^must be a map, with keys such as settings/],
  ["s3cret-value\n", /^must be a map/],
  ["a: *nowhere\n", /^has an alias/],
  [bomb, /^has an alias .* far too many of them$/],
];
test.each(bad)("refused: %p", (yaml, problem) => {
  const result = readYaml(yaml);
  const problems = "problems" in result ? result.problems : [];
  expect(problems[0]).toMatch(problem);
  expect(problems.join()).not.toContain("s3cret");
});

test("no text makes it throw", () => {
  const lines = fc.array(fc.oneof(fc.string(), fc.stringMatching(/^ *[-?a]*: [&*!|>[{"']?x?$/)));
  fc.assert(
    fc.property(lines, (lines) => {
      const result = readYaml(lines.join("\n"));
      if ("problems" in result) expect(result.problems.length).toBeGreaterThan(0);
      else expect(typeof result.map).toBe("object");
    }),
  );
});
