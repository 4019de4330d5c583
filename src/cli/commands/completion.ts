import { type Command, exit } from "../command.ts";
import { completionScript, shells } from "../completion.ts";

/** The commands are given when it runs: this one is among them. */
export const completion = (commands: () => readonly Command[]): Command => ({
  name: "completion",
  summary: "Print a script by which a shell completes commands, options and their values.",
  arguments: [{ name: "shell", summary: "which", choices: shells }],
  options: {},
  examples: [
    "weir completion bash > /etc/bash_completion.d/weir",
    "weir completion zsh > ~/.zfunc/_weir",
    "weir completion fish > ~/.config/fish/completions/weir.fish",
  ],
  async run({ io }, given) {
    io.out(completionScript(given.argument("shell"), commands()));
    return exit.ok;
  },
});
