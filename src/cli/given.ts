import type { Command, Options } from "./command.ts";

/** The arguments and options of one command line, checked against what its command describes. */
export class Given {
  constructor(
    readonly command: Pick<Command, "name" | "arguments">,
    readonly known: Options,
    readonly words: readonly string[],
    readonly options: ReadonlyMap<string, readonly string[]>,
  ) {}

  /** Undefined where it is left out. */
  maybe(argument: string): string | undefined {
    const index = this.command.arguments.findIndex(({ name }) => name === argument);
    if (index === -1) throw new Error(`${this.command.name} describes no argument ${argument}`);
    return this.words[index];
  }

  argument(name: string): string {
    const word = this.maybe(name);
    if (word === undefined) throw new Error(`${this.command.name} lets ${name} be left out`);
    return word;
  }

  has(option: string): boolean {
    return this.list(option).length > 0;
  }

  text(option: string): string | undefined {
    return this.list(option).at(-1);
  }

  list(option: string): readonly string[] {
    if (!(option in this.known)) {
      throw new Error(`${this.command.name} describes no option --${option}`);
    }
    return this.options.get(option) ?? [];
  }

  number(option: string): number | undefined {
    const text = this.text(option);
    return text === undefined ? undefined : Number(text);
  }
}
