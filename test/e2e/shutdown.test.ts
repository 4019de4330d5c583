import { expect } from "bun:test";
import { curl, LayerDownload } from "./lab/curl.ts";
import { e2e, fromClone, type Lab } from "./lab/lab.ts";
import { waitFor } from "./lab/processes.ts";
import type { Weir } from "./lab/weir.ts";

const needs = [curl];
const MiB = 1 << 20;
/** So slow that the server is told to stop, and refuses, long before the end; also where the machine has other things to do. */
const pace = 6 * MiB;

async function serving(lab: Lab) {
  const proxy = await lab.proxy(await lab.registry());
  const weir = await lab.weir({ upstream: proxy.url, ...fromClone });
  const download = await LayerDownload.prepare(lab.folder(), weir, lab.images.single);
  return { proxy, weir, download };
}

function refusesConnections(weir: Weir): Promise<boolean> {
  return fetch(`${weir.url}/healthz`).then(
    () => false,
    () => true,
  );
}

/** Stops the server in the middle of the download; `refused`: when it takes no new connections. */
async function stopDuring(
  weir: Weir,
  download: LayerDownload,
  running: ReturnType<LayerDownload["run"]>,
  refused = () => {},
) {
  await waitFor("the first bytes", () => download.arrived > MiB);
  const stopping = weir.stop();
  await waitFor("new connections to be refused", () => refusesConnections(weir));
  expect(download.arrived).toBeLessThan(download.size);
  refused();
  await download.verify(await running);
  expect(await stopping).toBe(0);
}

await e2e(
  "SIGTERM lets a slow download of a cached blob end; exit code 0",
  { needs },
  async (lab) => {
    const { weir, download } = await serving(lab);
    await download.verify(await download.run());
    await Bun.file(download.file).delete();
    await stopDuring(weir, download, download.run(pace));
  },
);

await e2e(
  "SIGTERM lets a download that follows a fill end; exit code 0",
  { needs },
  async (lab) => {
    const { proxy, weir, download } = await serving(lab);
    proxy.limit(pace);
    const faster = () => proxy.limit(Number.POSITIVE_INFINITY);
    await stopDuring(weir, download, download.run(), faster);
  },
);
