import path from "node:path";
import { accepts, environment, freePort, Service } from "../test/e2e/lab/processes.ts";
import { UpstreamRegistry } from "../test/e2e/lab/registry.ts";
import type { RelayRecord } from "./relay.ts";
import { pushContent, repository, type Blob, type Content } from "./content.ts";
import type { Options } from "./options.ts";

/** The rate of a relay that holds nothing back. */
export const unlimited = Number.POSITIVE_INFINITY;

/** The registry that all servers under test pull from, with the relay in front of it. */
export interface Upstream {
  /** Address of the relay: what the servers under test are given. */
  url: string;
  /** Address of the registry itself, past the relay. */
  directUrl: string;
  relayPid: number;
  content: Content;
  /** Forgets what was counted; from now on each connection carries at most `rate` bytes a second. */
  reset(rate: number): Promise<void>;
  /** The GETs of a blob since the last reset, in the order of their arrival. */
  gets(blob: Blob): Promise<RelayRecord[]>;
}

/** Starts both and pushes the images. */
export async function startUpstream(folder: string, options: Options): Promise<Upstream> {
  const registry = new UpstreamRegistry(folder, path.join(folder, "upstream"), { writable: true });
  await registry.start();
  const content = await pushContent(`${registry.url}/v2/${repository}`, folder, options);
  const [port, controlPort] = [freePort(), freePort()];
  const program = path.join(import.meta.dir, "relay.ts");
  const command = [process.execPath, program, ...[registry.port, port, controlPort].map(String)];
  const relay = Service.start("relay", folder, command, environment(folder));
  await relay.ready(() => accepts(controlPort));
  const control = `http://127.0.0.1:${controlPort}`;
  return {
    url: `http://127.0.0.1:${port}`,
    directUrl: registry.url,
    relayPid: relay.pid,
    content,
    reset: async (rate) => {
      await (await fetch(`${control}/reset?rate=${rate}`, { method: "POST" })).text();
    },
    gets: async (blob) => {
      const records = (await (await fetch(`${control}/records`)).json()) as RelayRecord[];
      return records.filter(({ method, path }) => method === "GET" && path.includes(blob.digest));
    },
  };
}
