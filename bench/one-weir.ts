// Weir before one upstream that has one image: for loads that compare it with itself.
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { environment, Service, tellJanitor } from "../test/e2e/lab/processes.ts";
import { FakeUpstream } from "../test/fakes/upstream.ts";

export const admin = "an-administrator-token-for-the-bench-alone";
const name = "virtual_registries/container/1/library/app";
export const manifestPath = `/v2/${name}/manifests/latest`;
/** Where its pull tokens are had. */
export const tokenPath = (port: number) =>
  `/jwt/auth?service=localhost:${port}&scope=repository:${name}:pull`;

process.env["NO_PROXY"] = "127.0.0.1";

/** What is left of it is removed even where it is killed. */
export function scratchFolder(of: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), `weir-${of}-`));
  tellJanitor("folder", folder);
  return folder;
}

export async function startUpstream(): Promise<FakeUpstream> {
  const upstream = await FakeUpstream.start();
  upstream.image("library/app", "latest");
  return upstream;
}

export interface WeirStart {
  /** In which its data has a folder of its own. */
  folder: string;
  upstream: FakeUpstream;
  port: number;
  settings: Record<string, string>;
  /** Of which code; by default this. */
  checkout?: string;
}

/** Serving, with empty data. */
export async function startWeir({
  folder,
  upstream,
  port,
  settings,
  checkout = path.join(import.meta.dir, ".."),
}: WeirStart): Promise<Service> {
  const home = path.join(folder, crypto.randomUUID());
  mkdirSync(home);
  const env = environment(home, {
    WEIR_LISTEN: `127.0.0.1:${port}`,
    WEIR_DATA_DIR: path.join(home, "data"),
    WEIR_ADMIN_TOKEN: admin,
    WEIR_FIRST_UPSTREAM_URL: upstream.url,
    WEIR_ALLOWED_UPSTREAM_ADDRESSES: "127.0.0.0/8",
    ...settings,
  });
  const bin = path.join(checkout, "bin/weir.mjs");
  const service = Service.start("weir", home, ["node", bin, "serve"], env);
  await service.ready(() =>
    fetch(`http://127.0.0.1:${port}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return service;
}

export async function pullToken(port: number): Promise<string> {
  const headers = { Authorization: `Basic ${btoa(`bench:${admin}`)}` };
  const answer = await fetch(`http://127.0.0.1:${port}${tokenPath(port)}`, { headers });
  return ((await answer.json()) as { token: string }).token;
}
