import type { Command, Option } from "./command.ts";
import { commonOptions, soleOptions, topNames } from "./parse.ts";

export const shells = ["bash", "zsh", "fish"] as const;

/** What can follow, by the words before it: commands, and the options and values of one. */
interface Completions {
  /** Of each word that begins commands, the words that follow it; the empty one begins all. */
  words: ReadonlyMap<string, readonly string[]>;
  options: ReadonlyMap<string, readonly string[]>;
  /** By command, and option that takes one of some values. */
  values: ReadonlyMap<string, readonly string[]>;
  /** Options with a value, which may be a file. */
  valued: ReadonlySet<string>;
}

function completionsOf(commands: readonly Command[]): Completions {
  const words = new Map<string, string[]>([["", topNames(commands)]]);
  const options = new Map<string, string[]>([
    ["", Object.keys({ ...commonOptions, ...soleOptions }).map(dashed)],
  ]);
  const values = new Map<string, readonly string[]>();
  const valued = new Set<string>();
  for (const { name, arguments: described, options: own } of commands) {
    const [first = "", second] = name.split(" ");
    if (second !== undefined) words.set(first, [...(words.get(first) ?? []), second]);
    const [argument] = described;
    if (second === undefined && argument?.choices) words.set(name, [...argument.choices]);
    options.set(name, Object.keys({ ...own, ...commonOptions }).map(dashed));
    for (const [option, { choices, value }] of Object.entries<Option>(own)) {
      if (value !== undefined) valued.add(dashed(option));
      if (choices) values.set(`${name} ${dashed(option)}`, choices);
    }
  }
  return { words, options, values, valued };
}

const dashed = (option: string) => `--${option}`;

/** A script that completes command lines of these commands; it runs none of them. */
export function completionScript(shell: string, commands: readonly Command[]): string {
  const completions = completionsOf(commands);
  if (shell === "bash") return bash(completions);
  if (shell === "zsh") return zsh(completions);
  return fish(commands);
}

/** `case` over keys, answering with words: what both shells have in common. */
function cases(table: ReadonlyMap<string, readonly string[]>): string[] {
  return [...table].map(([key, words]) => `    "${key}") echo "${words.join(" ")}" ;;`);
}

function tables({ words, options, values, valued }: Completions): string {
  const lines = (name: string, table: ReadonlyMap<string, readonly string[]>) => [
    `${name}() {`,
    '  case "$1" in',
    ...cases(table),
    "  esac",
    "}",
  ];
  return [
    ...lines("__weir_words", words),
    ...lines("__weir_options", options),
    ...lines("__weir_values", values),
    "__weir_is_valued() {",
    '  case "$1" in',
    `    ${[...valued].join("|")}) return 0 ;;`,
    "  esac",
    "  return 1",
    "}",
  ].join("\n");
}

/** Finds the command in the words before the one to complete, into `name`. */
const findName = `  local name="" word skip=""
  for word in "\${before[@]}"; do
    if [ -n "$skip" ]; then skip=""; continue; fi
    if __weir_is_valued "$word"; then skip=1; continue; fi
    case "$word" in -*) continue ;; esac
    if [ -z "$name" ]; then
      name="$word"
    elif [ -z "$(__weir_options "$name")" ]; then
      name="$name $word"
      break
    else
      break
    fi
  done`;

const choose = `  local found
  if __weir_is_valued "$previous"; then
    found="$(__weir_values "$name $previous")"
  elif [ "\${current#-}" != "$current" ]; then
    found="$(__weir_options "$name")"
  else
    found="$(__weir_words "$name")"
  fi`;

function bash(completions: Completions): string {
  return `# bash completion for weir
${tables(completions)}
_weir() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local before=("\${COMP_WORDS[@]:1:COMP_CWORD-1}")
${findName}
${choose}
  COMPREPLY=($(compgen -W "$found" -- "$current"))
}
complete -o default -F _weir weir`;
}

function zsh(completions: Completions): string {
  return `#compdef weir
${tables(completions)}
_weir() {
  local current="\${words[CURRENT]}" previous="\${words[CURRENT-1]}"
  local -a before
  before=("\${(@)words[2,CURRENT-1]}")
${findName}
${choose}
  if [ -n "$found" ]; then compadd -- \${=found}; else _files; fi
}
if [ "$funcstack[1]" = "_weir" ]; then _weir "$@"; else compdef _weir weir; fi`;
}

/** Quoted for fish, where only the quote and the backslash mean something between single quotes. */
const quoted = (text: string) => `'${text.replace(/[\\']/g, String.raw`\$&`)}'`;

function fish(commands: readonly Command[]): string {
  const tops = topNames(commands);
  const lines = tops.map((top) => {
    const summary = commands.find(({ name }) => name === top)?.summary ?? `Commands on ${top}s.`;
    return `complete -c weir -n __fish_use_subcommand -f -a ${top} -d ${quoted(summary)}`;
  });
  for (const { name, summary, arguments: described, options } of commands) {
    const [first = "", second] = name.split(" ");
    const inFirst = `__fish_seen_subcommand_from ${first}`;
    const isIt =
      second === undefined ? inFirst : `${inFirst}; and __fish_seen_subcommand_from ${second}`;
    if (second !== undefined) {
      const others = commands.flatMap((other) =>
        other.name.startsWith(`${first} `) ? [other.name.slice(first.length + 1)] : [],
      );
      const alone = `${inFirst}; and not __fish_seen_subcommand_from ${others.join(" ")}`;
      lines.push(`complete -c weir -n ${quoted(alone)} -f -a ${second} -d ${quoted(summary)}`);
    }
    const [argument] = described;
    if (argument?.choices) {
      lines.push(`complete -c weir -n ${quoted(isIt)} -f -a ${quoted(argument.choices.join(" "))}`);
    }
    for (const [option, described] of Object.entries<Option>({ ...options, ...commonOptions })) {
      const { value, summary: text, choices } = described;
      const takes =
        value === undefined ? "" : choices ? ` -x -a ${quoted(choices.join(" "))}` : " -r";
      lines.push(`complete -c weir -n ${quoted(isIt)} -l ${option}${takes} -d ${quoted(text)}`);
    }
  }
  return ["# fish completion for weir", ...lines].join("\n");
}
