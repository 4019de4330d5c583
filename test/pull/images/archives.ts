import { afterEach, beforeEach } from "bun:test";
import { buildImage, sampleBytes } from "../../fakes/image.ts";
import { FakeUpstream } from "../../fakes/upstream.ts";
import { adminToken, TestWeir } from "../../fakes/weir.ts";

export const api = "/virtual_registries/container";
export const large = sampleBytes(3 << 20, 7);
export const image = buildImage({ layers: [sampleBytes(1000), large] });
export const name = "library/alpine";

export let upstream: FakeUpstream;
export let weir: TestWeir;

/** Each test of the file that calls it has a server of its own, two groups before one upstream. */
export function forEachTest(): void {
  beforeEach(async () => {
    upstream = await FakeUpstream.start();
    weir = await TestWeir.start({ upstreams: [{ fake: upstream }], others: [{ fake: upstream }] });
  });
  afterEach(async () => {
    await weir.stop();
    await upstream.stop();
  });
}

interface Reply {
  status: number;
  body: unknown;
  /** What is said of a refusal, whatever form that has. */
  message: string;
}

/** The body is any that `fetch` takes. */
export async function bring(body: BodyInit, query = "", id = 1): Promise<Reply> {
  const answer = await fetch(`${weir.url}/api/v4${api}/upstreams/${id}/import${query}`, {
    method: "POST",
    headers: { "PRIVATE-TOKEN": adminToken },
    body,
  });
  const said: unknown = await answer.json();
  return { status: answer.status, body: said, message: JSON.stringify(said) };
}

export async function exported(images: string, more: object = {}): Promise<Response> {
  return fetch(`${weir.url}/api/v4${api}/registries/1/export`, {
    method: "POST",
    headers: { "PRIVATE-TOKEN": adminToken, "Content-Type": "application/json" },
    body: JSON.stringify({ images: images.split(","), ...more }),
  });
}

export const entries = async () =>
  (await weir.api("GET", `${api}/upstreams/1/cache_entries`)) as { relative_path: string }[];
export async function bytesOf(answer: Response): Promise<Uint8Array> {
  return new Uint8Array(await answer.arrayBuffer());
}
