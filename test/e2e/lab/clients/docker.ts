import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { removeTree } from "../folders.ts";
import { environment, type Outcome, output, run, Service } from "../processes.ts";
import { findTool } from "../tools.ts";
import { type Client, type ClientKind, failure } from "./contract.ts";

type Driver = "overlay2" | "vfs";
/** overlay2 where the kernel and our rights allow it, else plain copies: what the first engine started with. */
let driver: Driver | undefined;

/** An engine with these settings in its `daemon.json`. */
export function dockerWith(settings: Record<string, unknown>) {
  return {
    async start(folder: string): Promise<Docker> {
      const client = new Docker(folder, settings);
      await client.open();
      return client;
    },
  };
}

/** An engine that asks these mirrors before Docker Hub. */
export const dockerWithMirrors = (...mirrors: string[]) =>
  dockerWith({ "registry-mirrors": mirrors });

export const docker: ClientKind & { start(folder: string): Promise<Docker> } = {
  name: "docker",
  async lacking() {
    const absent = ["dockerd", "docker"].find((program) => !findTool(program));
    return absent ? `${absent} is not installed` : failure(docker);
  },
  start: (folder) => dockerWith({}).start(folder),
};

/** A Docker engine of our own; it counts 127.0.0.0/8 as a place where plain HTTP is allowed. */
export class Docker implements Client {
  readonly #folder: string;
  readonly #socket: string;
  readonly #env: Record<string, string>;
  #service: Service | undefined;

  constructor(
    folder: string,
    readonly settings: Record<string, unknown>,
  ) {
    this.#folder = folder;
    this.#socket = `unix://${folder}/d.sock`;
    this.#env = environment(folder, { DOCKER_CONFIG: path.join(folder, "config") });
    mkdirSync(path.join(folder, "config"), { recursive: true });
  }

  async open(): Promise<void> {
    if (driver) return this.#openWith(driver);
    try {
      await this.#openWith("overlay2");
      driver = "overlay2";
    } catch {
      await this.#openWith("vfs");
      driver = "vfs";
    }
  }

  async #openWith(storage: Driver): Promise<void> {
    const folder = this.#folder;
    writeFileSync(path.join(folder, "daemon.json"), JSON.stringify(this.settings));
    const files = {
      "--config-file": path.join(folder, "daemon.json"),
      "--data-root": path.join(folder, "data"),
      "--exec-root": path.join(folder, "exec"),
      "--pidfile": path.join(folder, "d.pid"),
      "--host": this.#socket,
      "--storage-driver": storage,
    };
    const network = ["--iptables=false", "--ip6tables=false", "--bridge=none"];
    const command = ["dockerd", ...Object.entries(files).flat(), ...network];
    this.#service = Service.start("dockerd", folder, command, this.#env);
    await this.#service.ready(() => this.#answers());
  }

  /** Asked without its client, which takes as long to start as a look at the image takes. */
  async #answers(): Promise<boolean> {
    const unix = path.join(this.#folder, "d.sock");
    const signal = AbortSignal.timeout(10_000);
    const asked = fetch("http://127.0.0.1/_ping", { unix, signal });
    return asked.then(
      ({ ok }) => ok,
      () => false,
    );
  }

  /** Runs a command of the docker client. */
  command(...words: string[]): Promise<Outcome> {
    return run(this.#docker(words), this.#env);
  }

  login(host: string, username: string, password: string): Promise<Outcome> {
    const words = ["login", "-u", username, "--password-stdin", host];
    return run(this.#docker(words), this.#env, { input: password });
  }

  /** What a login at Docker Hub leaves behind, without asking it. */
  keepDockerHubLogin(username: string, password: string): void {
    const auth = btoa(`${username}:${password}`);
    const config = { auths: { "https://index.docker.io/v1/": { auth } } };
    writeFileSync(path.join(this.#folder, "config", "config.json"), JSON.stringify(config));
  }

  forgetLogins(): void {
    rmSync(path.join(this.#folder, "config", "config.json"), { force: true });
  }

  pull(reference: string): Promise<Outcome> {
    return this.command("pull", reference);
  }

  async stored(reference: string): Promise<string> {
    const words = ["image", "inspect", "--format", "{{.Id}}", reference];
    return (await output(this.#docker(words), this.#env)).trim();
  }

  /** A new data folder: the engine's own removal keeps manifests. */
  async wipe(): Promise<void> {
    await this.close();
    for (const part of ["data", "exec"]) removeTree(path.join(this.#folder, part));
    await this.open();
  }

  async close(): Promise<void> {
    await this.#service?.stop();
    this.#service = undefined;
  }

  #docker(words: readonly string[]): string[] {
    return ["docker", "--host", this.#socket, ...words];
  }
}
