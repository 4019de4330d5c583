import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { makeFolder, removeTree } from "../folders.ts";
import { environment, type Outcome, output, run } from "../processes.ts";
import { findTool } from "../tools.ts";
import { type Client, type ClientKind, failure } from "./contract.ts";

type Program = "podman" | "buildah";
type Driver = "overlay" | "vfs";

/** Overlay where the kernel and our rights allow it, else plain copies: found once, by the first of them. */
let driver: Promise<Driver> | undefined;

async function start(program: Program, folder: string): Promise<ContainersStorage> {
  driver ??= chooseDriver(program);
  return new ContainersStorage(program, folder, await driver);
}

async function chooseDriver(program: Program): Promise<Driver> {
  const folder = makeFolder();
  const tried = (name: Driver) =>
    new ContainersStorage(program, path.join(folder, name), name).information();
  try {
    if ((await tried("overlay")).code === 0) return "overlay";
    const { code, output: text } = await tried("vfs");
    if (code !== 0) throw new Error(text.trim());
    return "vfs";
  } finally {
    removeTree(folder);
  }
}

function kind(program: Program): ClientKind {
  const own = { name: program, start: (folder: string) => start(program, folder) };
  return {
    ...own,
    lacking: async () => (findTool(program) ? failure(own) : `${program} is not installed`),
  };
}

export const podman = kind("podman");
export const buildah = kind("buildah");

/** podman with a mirror before Docker Hub, by a `registries.conf` of its own. */
export function podmanWithMirror(location: string) {
  return {
    start: async (folder: string) => {
      const client = await start("podman", folder);
      client.mirror(location);
      return client;
    },
  };
}

/** podman and buildah: one library, the same options, stores of their own. */
export class ContainersStorage implements Client {
  readonly #data: string;
  readonly #env: Record<string, string>;
  readonly #folder: string;

  constructor(
    readonly program: Program,
    folder: string,
    readonly driver: Driver,
  ) {
    this.#folder = folder;
    this.#data = path.join(folder, "storage");
    const home = path.join(folder, "home");
    mkdirSync(home, { recursive: true });
    const credentials = path.join(folder, "auth.json");
    // A named file that is not there is an error to them.
    writeFileSync(credentials, "{}");
    this.#env = environment(home, { REGISTRY_AUTH_FILE: credentials });
  }

  get #command(): string[] {
    const { program, driver } = this;
    const root = `${this.#data}/root`;
    const runRoot = `${this.#data}/run`;
    return [program, "--root", root, "--runroot", runRoot, "--storage-driver", driver];
  }

  mirror(location: string): void {
    const file = path.join(this.#folder, "registries.conf");
    const text = `[[registry]]
prefix = "docker.io"
location = "docker.io"
[[registry.mirror]]
location = "${location}"
insecure = true
`;
    writeFileSync(file, text);
    this.#env["CONTAINERS_REGISTRIES_CONF"] = file;
  }

  /** Opens the store and describes it. */
  information(): Promise<Outcome> {
    return run([...this.#command, "info"], this.#env);
  }

  login(host: string, username: string, password: string): Promise<Outcome> {
    const options = ["login", "--tls-verify=false", "-u", username, "--password-stdin", host];
    return run([this.program, ...options], this.#env, { input: password });
  }

  pull(reference: string): Promise<Outcome> {
    return run([...this.#command, "pull", "--tls-verify=false", reference], this.#env);
  }

  async stored(reference: string): Promise<string> {
    const [format, inspect] = {
      podman: ["{{.Id}}", ["image", "inspect"]],
      buildah: ["{{.FromImageID}}", ["inspect", "--type", "image"]],
    }[this.program] as [string, string[]];
    const command = [...this.#command, ...inspect, "--format", format, reference];
    return `sha256:${(await output(command, this.#env)).trim()}`;
  }

  async wipe(): Promise<void> {
    removeTree(this.#data);
  }

  close(): Promise<void> {
    return this.wipe();
  }
}
