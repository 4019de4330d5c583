import { describe, expect, test } from "bun:test";
import { run } from "./world.ts";

async function script(shell: string): Promise<string> {
  const { code, out } = await run(["completion", shell]);
  expect(code).toBe(0);
  return out;
}

describe("bash completes", () => {
  /** What it offers for the last of these words. */
  async function offers(...words: string[]): Promise<string[]> {
    const all = ["weir", ...words].map((word) => `'${word}'`).join(" ");
    const ask = `${await script("bash")}
COMP_WORDS=(${all}); COMP_CWORD=${words.length}; COMPREPLY=(); _weir; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr, exitCode } = Bun.spawnSync(["bash", "--norc", "-c", ask]);
    expect({ stderr: stderr.toString(), exitCode }).toEqual({ stderr: "", exitCode: 0 });
    return stdout.toString().split("\n").filter(Boolean);
  }

  const table: [words: string[], wanted: string[]][] = [
    [["ups"], ["upstream"]],
    [["upstream", "te"], ["test"]],
    [
      ["upstream", "--url", "http://x", "u"],
      ["update", "unlink"],
    ],
    [["registry", "create", "a", "--as"], ["--ask"]],
    [
      ["registry", "create", "a", "--ask", ""],
      ["in_order", "parallel"],
    ],
    [
      ["completion", ""],
      ["bash", "zsh", "fish"],
    ],
    [["--ver"], ["--version"]],
    [["nothing", "--x"], []],
  ];
  test.each(table)("%p", async (words, wanted) => {
    expect((await offers(...words)).sort()).toEqual([...wanted].sort());
  });
});

for (const shell of ["zsh", "fish"]) {
  test.skipIf(Bun.which(shell) === null)(`${shell} can read its script`, async () => {
    const input = Buffer.from(await script(shell));
    const { exitCode } = Bun.spawnSync([shell, "-n"], { stdin: input });
    expect(exitCode).toBe(0);
  });
}

test.skipIf(Bun.which("fish") === null)("fish completes", async () => {
  const asked = async (line: string) => {
    const ask = `${await script("fish")}\ncomplete -C '${line}'`;
    const { stdout } = Bun.spawnSync(["fish", "--no-config", "-c", ask]);
    const lines = stdout.toString().split("\n").filter(Boolean);
    return lines.map((found) => found.split("\t")[0]);
  };
  expect(await asked("weir ups")).toEqual(["upstream"]);
  expect((await asked("weir upstream un")).sort()).toEqual(["unlink"]);
  expect(await asked("weir registry create a --as")).toEqual(["--ask"]);
  expect((await asked("weir registry create a --ask ")).sort()).toEqual(["in_order", "parallel"]);
  expect(await asked("weir completion z")).toEqual(["zsh"]);
});

test.skipIf(Bun.which("zsh") === null)("zsh completes", async () => {
  /** Without its line editor: what is offered is printed. */
  const asked = async (...words: string[]) => {
    const all = ["weir", ...words].map((word) => `'${word}'`).join(" ");
    const ask = `compdef() { :; }; compadd() { shift; print -l -- "$@"; }; _files() { print FILES; }
${await script("zsh")}
words=(${all}); CURRENT=${words.length + 1}; _weir`;
    const { stdout, stderr } = Bun.spawnSync(["zsh", "-f", "-c", ask]);
    expect(stderr.toString()).toBe("");
    return stdout.toString().split("\n").filter(Boolean);
  };
  expect(await asked("")).toContain("upstream");
  expect(await asked("upstream", "")).toContain("unlink");
  expect(await asked("registry", "create", "a", "--")).toContain("--ask");
  expect(await asked("registry", "create", "--ask", "")).toEqual(["in_order", "parallel"]);
  expect(await asked("apply", "--file", "")).toEqual(["FILES"]);
});

test("for fish, every command and option is there, with what it does", async () => {
  const text = await script("fish");
  expect(text).toContain("-f -a link -d 'Add an upstream that is there already");
  expect(text).toContain("-l ask -x -a 'in_order parallel' -d ");
  expect(text).toContain("-l token-file -r -d ");
});
