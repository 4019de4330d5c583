import { afterEach, beforeEach } from "bun:test";
import { FakeUpstream } from "../../fakes/upstream.ts";
import { TestWeir, type WeirOptions } from "../../fakes/weir.ts";

export const name = "library/app";
export const lists = `GET /v2/${name}/tags/list`;
export const full = `virtual_registries/container/1/${name}`;
export const hour = 3_600_000;

export let first: FakeUpstream;
export let second: FakeUpstream;
export let weir: TestWeir;

/** Each test of the file that calls it has two upstreams of its own, and stops the server that it starts. */
export function forEachTest(): void {
  beforeEach(async () => {
    first = await FakeUpstream.start();
    second = await FakeUpstream.start();
  });
  afterEach(async () => {
    await weir.stop();
    await first.stop();
    await second.stop();
  });
}

export async function serve(options: WeirOptions): Promise<void> {
  weir = await TestWeir.start(options);
}

type Settings = WeirOptions["upstreams"][number]["settings"];
export async function start(
  one: Settings = {},
  two: Settings = {},
  registry: WeirOptions["registry"] = {},
): Promise<void> {
  const upstreams = [
    { fake: first, settings: { ...one } },
    { fake: second, settings: { ...two } },
  ];
  await serve({ upstreams, registry });
}

export function push(fake: FakeUpstream, ...tags: string[]): void {
  for (const tag of tags) fake.image(name, tag);
}

export async function list(query = "") {
  const response = await weir.tags(name, query);
  const body = (await response.json()) as { name: string; tags: string[]; errors?: unknown[] };
  return {
    status: response.status,
    body,
    tags: body.tags,
    cache: response.headers.get("x-weir-cache")?.replace(/; age=\d+/, ""),
    link: response.headers.get("link"),
  };
}

export async function rows(): Promise<number> {
  const [row] = await weir.query<{ count: number }>("select count(*) as count from lists");
  return row?.count ?? -1;
}
