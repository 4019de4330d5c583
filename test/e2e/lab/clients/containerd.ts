import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { removeTree } from "../folders.ts";
import { accepts, environment, type Outcome, output, run, Service } from "../processes.ts";
import { findTool } from "../tools.ts";
import { type Client, type ClientKind, failure } from "./contract.ts";

export const containerd: ClientKind & { start(folder: string): Promise<Containerd> } = {
  name: "containerd",
  async lacking() {
    const absent = ["containerd", "ctr"].find((program) => !findTool(program));
    return absent ? `${absent} is not installed` : failure(containerd);
  },
  async start(folder) {
    const client = new Containerd(folder);
    await client.open();
    return client;
  },
};

/** A containerd of our own, driven by ctr, which has no store for credentials. */
export class Containerd implements Client {
  readonly #folder: string;
  readonly #socket: string;
  readonly #env: Record<string, string>;
  #credentials: string[] = [];
  #service: Service | undefined;

  constructor(folder: string) {
    this.#folder = folder;
    this.#socket = path.join(folder, "c.sock");
    this.#env = environment(folder);
  }

  async open(): Promise<void> {
    const config = `version = 2
root = "${this.#folder}/root"
state = "${this.#folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "${this.#socket}"
`;
    const file = path.join(this.#folder, "containerd.toml");
    writeFileSync(file, config);
    const command = ["containerd", "--config", file];
    this.#service = Service.start("containerd", this.#folder, command, this.#env);
    await this.#service.ready(() => accepts(this.#socket));
  }

  async login(_host: string, username: string, password: string): Promise<Outcome> {
    this.#credentials = ["-u", `${username}:${password}`];
    return { code: 0, stdout: "", output: "" };
  }

  pull(reference: string): Promise<Outcome> {
    return this.#ctr("images", "pull", "--plain-http", ...this.#credentials, reference);
  }

  /** The same by the mirrors of a `hosts.toml`, which is given for the host of the reference. */
  pullBy(hostsToml: string, reference: string): Promise<Outcome> {
    const folder = path.join(this.#folder, "hosts");
    const [host = ""] = reference.split("/");
    mkdirSync(path.join(folder, host), { recursive: true });
    writeFileSync(path.join(folder, host, "hosts.toml"), hostsToml);
    return this.#ctr("images", "pull", "--hosts-dir", folder, ...this.#credentials, reference);
  }

  async stored(reference: string): Promise<string> {
    const list = await output(this.#command("images", "ls", `name==${reference}`), this.#env);
    const digest = /sha256:[0-9a-f]{64}/.exec(list)?.[0] ?? "";
    const top = JSON.parse(await this.#content(digest)) as Manifest;
    const platform = top.manifests?.find((child) => child.platform.architecture === "amd64");
    const manifest = platform
      ? (JSON.parse(await this.#content(platform.digest)) as Manifest)
      : top;
    const { config } = manifest;
    await this.#content(config.digest);
    return config.digest;
  }

  async wipe(): Promise<void> {
    await this.close();
    for (const part of ["root", "state"]) removeTree(path.join(this.#folder, part));
    await this.open();
  }

  async close(): Promise<void> {
    await this.#service?.stop();
    this.#service = undefined;
  }

  async #content(digest: string): Promise<string> {
    const text = await output(this.#command("content", "get", digest), this.#env);
    const found = `sha256:${createHash("sha256").update(text).digest("hex")}`;
    if (found !== digest) throw new Error(`${digest} holds ${found}`);
    return text;
  }

  #command(...words: string[]): string[] {
    return ["ctr", "--address", this.#socket, "--namespace", "e2e", ...words];
  }

  #ctr(...words: string[]): Promise<Outcome> {
    return run(this.#command(...words), this.#env);
  }
}

interface Manifest {
  config: { digest: string };
  manifests?: { digest: string; platform: { architecture: string } }[];
}
