import { mkdirSync } from "node:fs";
import path from "node:path";
import { removeTree } from "../folders.ts";
import { verifyLayout } from "../layout.ts";
import { environment, type Outcome, run } from "../processes.ts";
import { tool } from "../tools.ts";
import type { Client, ClientKind } from "./contract.ts";

/** How a program says what every client can do. The password comes by its standard input. */
interface Words {
  /** Commands in order. */
  login(host: string, username: string): string[][];
  pull(reference: string, layout: string): string[];
}

const words = {
  crane: {
    login: (host, username) => [["auth", "login", host, "-u", username, "--password-stdin"]],
    pull: (reference, layout) => ["pull", "--format=oci", reference, layout],
  },
  regctl: {
    login: (host, username) => [
      ["registry", "set", host, "--tls", "disabled", "--skip-check"],
      ["registry", "login", host, "-u", username, "--pass-stdin"],
    ],
    pull: (reference, layout) => ["image", "copy", reference, `ocidir://${layout}:pulled`],
  },
  oras: {
    login: (host, username) => [
      ["login", "--plain-http", host, "-u", username, "--password-stdin"],
    ],
    pull: (reference, layout) => {
      const options = ["--from-plain-http", "--to-oci-layout"];
      return ["copy", ...options, reference, `${layout}:pulled`];
    },
  },
} satisfies Record<string, Words>;
type Program = keyof typeof words;

type LayoutKind = ClientKind & { start(folder: string): Promise<LayoutClient> };

function kind(program: Program): LayoutKind {
  return { ...tool(program), start: async (folder) => new LayoutClient(program, folder) };
}

export const crane = kind("crane");
export const regctl = kind("regctl");
export const oras = kind("oras");

/** crane, regctl, oras: they copy all platforms of an image into an OCI layout, one a reference. */
export class LayoutClient implements Client {
  readonly #layouts: string;
  readonly #env: Record<string, string>;

  constructor(
    readonly program: Program,
    folder: string,
  ) {
    this.#layouts = path.join(folder, "layouts");
    this.#env = environment(folder, { DOCKER_CONFIG: path.join(folder, "config") });
  }

  async login(host: string, username: string, password: string): Promise<Outcome> {
    let outcome: Outcome = { code: 0, stdout: "", output: "" };
    for (const command of words[this.program].login(host, username)) {
      outcome = await run([this.program, ...command], this.#env, { input: password });
      if (outcome.code !== 0) break;
    }
    return outcome;
  }

  pull(reference: string): Promise<Outcome> {
    const layout = this.#layoutOf(reference);
    mkdirSync(layout, { recursive: true });
    return this.command(...words[this.program].pull(reference, layout));
  }

  /** Runs a command of the program. */
  command(...command: string[]): Promise<Outcome> {
    return run([this.program, ...command], this.#env);
  }

  stored(reference: string): Promise<string> {
    return verifyLayout(this.#layoutOf(reference));
  }

  async wipe(): Promise<void> {
    removeTree(this.#layouts);
  }

  async close(): Promise<void> {}

  #layoutOf(reference: string): string {
    return path.join(this.#layouts, reference.replaceAll(/[^\w.]/g, "_"));
  }
}
