import { expect } from "bun:test";
import { curl, LayerDownload } from "./lab/curl.ts";
import { e2e, type Lab } from "./lab/lab.ts";
import { nginx } from "./lab/nginx.ts";

// nginx with its defaults speaks HTTP/1.0 to what is behind it, and cannot tell a cut stream from its end.
const needs = [nginx, curl];

async function behindNginx(lab: Lab) {
  const proxy = await lab.proxy(await lab.registry());
  const front = lab.nginx();
  const env = { WEIR_EXTERNAL_URL: front.url, WEIR_TRUSTED_PROXIES: "127.0.0.1/32" };
  const weir = await lab.weir({ upstream: proxy.url, env });
  await front.start(weir.url);
  const download = await LayerDownload.prepare(lab.folder(), weir, lab.images.single);
  return { proxy, weir, download };
}

await e2e("behind nginx's defaults a fill is answered completely", { needs }, async (lab) => {
  const { proxy, download } = await behindNginx(lab);
  proxy.limit(32e6);
  await download.verify(await download.run());
});

await e2e("behind nginx's defaults a killed server is no short success", { needs }, async (lab) => {
  const { proxy, weir, download } = await behindNginx(lab);
  proxy.limit(16e6);
  const running = download.run();
  await weir.filling(8 << 20);
  await weir.kill();
  expect((await running).code).not.toBe(0);
});
