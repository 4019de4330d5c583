import { mkdirSync } from "node:fs";
import path from "node:path";
import { removeTree } from "../test/e2e/lab/folders.ts";
import { environment, freePort, Service } from "../test/e2e/lab/processes.ts";
import { manifestType, repository } from "./content.ts";
import { dockerRegistry } from "./kinds/docker-registry.ts";
import { nginx } from "./kinds/nginx.ts";
import { weir } from "./kinds/weir.ts";
import type { Options, TargetName } from "./options.ts";
import { tree } from "./procfs.ts";
import type { Upstream } from "./upstream.ts";

/** A server under test. */
export interface Target {
  name: TargetName;
  /** What it is, for the head of the report. */
  version: string;
  /** Address of the repository: `<base>/manifests/<tag>`, `<base>/blobs/<digest>`. */
  base: string;
  /** Header fields of every request, with a new token. */
  headers(): Promise<Record<string, string>>;
  /** The processes whose CPU and memory count; none while it does not run. */
  pids(): number[];
  /** Starts it with an empty cache, ending what ran before. */
  startEmpty(): Promise<void>;
  /** Ends it and removes its cache. */
  stop(): Promise<void>;
}

/** Prepares a target without starting it. */
export async function makeTarget(
  name: TargetName,
  folder: string,
  upstream: Upstream,
  options: Options,
): Promise<Target> {
  const port = freePort();
  const root = `http://127.0.0.1:${port}`;
  const site = { port, home: path.join(folder, name), upstreamUrl: upstream.url };
  const kinds = { weir: () => weir(options.weir), "docker-registry": dockerRegistry, nginx };
  const kind = await kinds[name]();
  const base = `${root}/v2/${kind.prefix}${repository}`;
  let service: Service | undefined;
  const stop = async () => {
    await service?.stop();
    service = undefined;
    removeTree(site.home);
  };
  return {
    name,
    version: kind.version,
    base,
    headers: async () => ({
      Authorization: `Bearer ${await kind.token(base)}`,
      Accept: manifestType,
    }),
    pids: () => (service ? tree(service.pid).slice(kind.launchers) : []),
    stop,
    startEmpty: async () => {
      await stop();
      mkdirSync(site.home);
      const env = environment(site.home, kind.settings(site));
      service = Service.start(name, site.home, kind.command(site), env);
      await service.ready(() => answers(`${root}/v2/`));
    },
  };
}

/** Reads a tag's manifest, as every client does before it asks for blobs. */
export async function readManifest(target: Target, tag: string): Promise<void> {
  const url = `${target.base}/manifests/${tag}`;
  const answer = await fetch(url, { headers: await target.headers() });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`GET ${url}: ${answer.status} ${text.slice(0, 300)}`);
}

async function answers(url: string): Promise<boolean> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
  await answer?.text();
  return answer !== undefined;
}
