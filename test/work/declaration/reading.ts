import { expect, test } from "bun:test";
import { pathText, readDeclaration, readYaml } from "../../../src/work/contract.ts";
import { testCertificate } from "../../fakes/certificate.ts";

export const token = "0123456789abcdef0123456789abcdef";
export const plain = { description: undefined, onUnsure: "stop", ask: "in_order" } as const;
export const other = "fedcba9876543210fedcba9876543210";
const env = { HUB: "hub password", CI: other, EMPTY: "" };

export function read(yaml: string) {
  const result = readYaml(yaml);
  if ("problems" in result) throw new Error(result.problems.join());
  const files: Record<string, string> = {
    "/run/token": `${token}\n`,
    "/run/short": "short\n",
    "/run/ca": `the authority of the house:\n${testCertificate.cert}`,
  };
  const { declared, problems } = readDeclaration(result.map, env, (file) => {
    const text = files[file];
    if (text === undefined) throw Object.assign(new Error(file), { code: "EACCES" });
    return text;
  });
  return { declared, problems: problems.map((p) => `${pathText(p.path)}: ${p.message}`) };
}

/** What is told of each file that is wrong, and that nothing is declared by it. */
export function testProblems(table: [what: string, yaml: string, wanted: (string | RegExp)[]][]) {
  test.each(table)("%s", (_, yaml, wanted) => {
    const { declared, problems } = read(yaml);
    expect(problems).toEqual(
      wanted.map((text) => (typeof text === "string" ? text : expect.stringMatching(text))),
    );
    expect(Object.values(declared).flat()).toEqual([]);
  });
}
