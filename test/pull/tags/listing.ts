import type { FakeUpstream } from "../../fakes/upstream.ts";
import { weir } from "../two-upstreams.ts";

export const name = "library/app";
export const lists = `GET /v2/${name}/tags/list`;
export const full = `virtual_registries/container/1/${name}`;
export const hour = 3_600_000;

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
