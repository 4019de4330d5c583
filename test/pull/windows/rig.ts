import { afterEach, beforeEach } from "bun:test";
import { readdirSync } from "node:fs";
import { digestOf } from "../../../src/oci/digest.ts";
import { buildImage, FakeUpstream, sampleBytes, Tap } from "../../fakes/upstream.ts";
import { until } from "../../fakes/until.ts";
import { TestWeir, type WeirOptions } from "../../fakes/weir.ts";

export const name = "library/app";
export const MiB = 1 << 20;
export const size = 8 * MiB;
export const bytes = sampleBytes(size, 5);
export const digest = digestOf(bytes);
export const blobGets = `GET /v2/${name}/blobs/*`;

export let upstream: FakeUpstream;
export let weir: TestWeir;

export async function restart(options: Partial<WeirOptions> = {}): Promise<void> {
  await weir?.stop();
  weir = await TestWeir.start({ upstreams: [{ fake: upstream }], ...options });
  await weir.manifest(name, "latest");
}

/** Each test of the file that calls it has a server of its own, before an upstream with one image. */
export function forEachTest(): void {
  beforeEach(async () => {
    upstream = await FakeUpstream.start();
    upstream.image(name, "latest", buildImage({ layers: [bytes] }));
    await restart();
  });
  afterEach(async () => {
    const stopped = weir.stop();
    // Should a test have failed with a request open.
    weir.clock.step(60_000);
    await stopped;
    await upstream.stop();
  });
}

export const status = (response: Response) => response.headers.get("x-weir-cache")?.split(";")[0];
export const ask = (first: number | "", last: number | "", more: { signal?: AbortSignal } = {}) =>
  weir.blob(name, digest, { headers: { Range: `bytes=${first}-${last}` }, ...more });
export const slice = (first: number, last: number) => bytes.slice(first, last + 1);
export const ranged = () => upstream.seen(blobGets).filter(({ headers }) => headers.has("range"));
export const wholeGets = () => upstream.count(blobGets) - ranged().length;
export const bytesOf = async (pending: Promise<Response>) => (await pending).bytes();
export const failed = async (pending: Promise<unknown>) =>
  pending.then(
    () => false,
    () => true,
  );

/** Until a fill has brought so many bytes. */
export const spooled = (count: number) =>
  until(() => {
    const [file = "none"] = readdirSync(weir.folder("spool"));
    return Bun.file(`${weir.folder("spool")}/${file}`).size >= count;
  });

/** The fill stands still until the tap is released. */
export function holdFill(): Tap {
  const tap = new Tap();
  upstream.fault(blobGets, { tap, ranged: false });
  return tap;
}

export const drained = async (answer: Response) => {
  await answer.bytes();
  return answer;
};
