import { expect } from "bun:test";
import { e2e } from "./lab/lab.ts";

const readers = 8;

/** 64 KiB to 4 MiB, anywhere, the same at each run. */
function randomParts(count: number, size: number): { first: number; last: number }[] {
  let seed = 20_261_126;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  return Array.from({ length: count }, () => {
    const length = (64 << 10) + random((4 << 20) - (64 << 10));
    const first = random(size - length);
    return { first, last: first + length - 1 };
  });
}

async function read(url: string, { first, last }: { first: number; last: number }, token = "") {
  const headers = { Range: `bytes=${first}-${last}`, Authorization: `Bearer ${token}` };
  const answer = await fetch(url, { headers });
  const cache = answer.headers.get("x-weir-cache")?.split(";")[0];
  return { status: answer.status, cache, bytes: await answer.bytes() };
}

await e2e(
  "a lazy puller reads an uncached 1 GiB blob in 400 random parts: all right, for at most 1.25 times its bytes",
  { needs: [], seconds: 180 },
  async (lab) => {
    const image = lab.images.big;
    const layer = image.platforms[0]?.layers.find(({ size }) => size >= 2 ** 30);
    if (!layer) throw new Error("the image has no large layer");
    const registry = await lab.registry();
    const proxy = await lab.proxy(registry);
    // The fill shall not come to the end before enough was asked for beyond it.
    proxy.limit(60e6);
    const weir = await lab.weir({ upstream: proxy.url });
    await (await weir.manifest(image)).text();
    const bearer = await weir.bearer(image);
    const ours = `${weir.apiUrl(image)}/blobs/${layer.digest}`;
    const theirs = `${registry.url}/v2/${image.repository}/blobs/${layer.digest}`;

    const parts = randomParts(400, layer.size);
    const seen = new Map<string | undefined, number>();
    const reader = async () => {
      for (let part = parts.pop(); part; part = parts.pop()) {
        const { status, cache, bytes } = await read(ours, part, bearer);
        expect(status).toBe(206);
        expect(Buffer.compare(bytes, (await read(theirs, part)).bytes)).toBe(0);
        seen.set(cache, (seen.get(cache) ?? 0) + 1);
        if ((seen.get("window") ?? 0) > 100) proxy.limit(Number.POSITIVE_INFINITY);
      }
    };
    await Promise.all(Array.from({ length: readers }, reader));
    expect(seen.get("window")).toBeGreaterThan(100);

    const whole = await fetch(ours, { headers: { Authorization: `Bearer ${bearer}` } });
    const hash = new Bun.CryptoHasher("sha256");
    for await (const chunk of whole.body!) hash.update(chunk);
    expect(`sha256:${hash.digest("hex")}`).toBe(layer.digest);
    const sent = proxy.bytes(/^GET .*\/blobs\//);
    expect(sent).toBeGreaterThan(1.1 * layer.size);
    expect(sent).toBeLessThanOrEqual(1.25 * layer.size);
  },
);
