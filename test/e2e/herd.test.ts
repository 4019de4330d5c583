import { expect } from "bun:test";
import path from "node:path";
import { skopeo, skopeoCopy, verifyCopy } from "./lab/clients/skopeo.ts";
import { succeed } from "./lab/clients/index.ts";
import { e2e } from "./lab/lab.ts";
import { environment } from "./lab/processes.ts";

const clients = 32;

await e2e(
  `${clients} parallel pulls of one uncached image ask the upstream once per object`,
  { needs: [skopeo] },
  async (lab) => {
    const { herd } = lab.images;
    const proxy = await lab.proxy(await lab.registry());
    // Slow enough that everybody comes while the fills run.
    proxy.limit(20e6);
    const weir = await lab.weir({ upstream: proxy.url });
    const home = lab.folder();
    const env = environment(home, { REGISTRY_AUTH_FILE: path.join(home, "auth.json") });
    const client = await skopeo.start(home);
    succeed(await client.login(weir.host, "admin", weir.token));

    const { byTag } = weir.names(herd);
    const folders = Array.from({ length: clients }, () => lab.folder());
    const outcomes = await Promise.all(folders.map((folder) => skopeoCopy(byTag, folder, env)));
    outcomes.forEach(succeed);

    const [platform] = herd.platforms;
    if (!platform) throw new Error("the image has no platform");
    for (const folder of folders) expect(await verifyCopy(folder)).toBe(platform.config.digest);

    const blobs = [platform.config, ...platform.layers].map(
      ({ digest }) => [`GET /v2/${herd.repository}/blobs/${digest}`, 1] as const,
    );
    expect(proxy.counts("GET", /blobs/)).toEqual(Object.fromEntries(blobs));
    const manifests = Object.values(proxy.counts("GET", /manifests/));
    expect(manifests).toEqual([1]);
  },
);
