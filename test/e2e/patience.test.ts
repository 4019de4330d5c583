import { expect } from "bun:test";
import { createHash } from "node:crypto";
import { LayerDownload } from "./lab/curl.ts";
import { e2e } from "./lab/lab.ts";

/** More than the ten seconds after which the runtime, left alone, cuts a connection that takes nothing. */
const pauseMs = 15_000;

await e2e(
  "a client that pauses in the middle of a cached blob gets the rest",
  { needs: [] },
  async (lab) => {
    const weir = await lab.weir({ upstream: (await lab.registry()).url });
    const download = await LayerDownload.prepare(lab.folder(), weir, lab.images.single);
    const headers = { Authorization: `Bearer ${await weir.bearer(lab.images.single)}` };
    const url = `${weir.apiUrl(lab.images.single)}/blobs/${download.digest}`;
    await (await fetch(url, { headers })).arrayBuffer();
    const reader = (await fetch(url, { headers })).body?.getReader();
    const hash = createHash("sha256");
    let isFirst = true;
    for (;;) {
      const part = await reader?.read();
      if (!part || part.done) break;
      hash.update(part.value);
      // Real time is what this is about: the runtime's own clock cannot be stepped.
      if (isFirst) await Bun.sleep(pauseMs);
      isFirst = false;
    }
    expect(`sha256:${hash.digest("hex")}`).toBe(download.digest);
  },
);
