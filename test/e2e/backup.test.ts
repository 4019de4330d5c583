import { expect } from "bun:test";
import path from "node:path";
import { skopeo, succeed } from "./lab/clients/index.ts";
import { e2e, type Lab } from "./lab/lab.ts";
import { embedded, Weir } from "./lab/weir.ts";

const all = ["hello", "schema2", "multi", "list", "herd", "single", "medium"] as const;

/** Pulls image after image, giving them up again, until it is told to stop; how many pulls there were. */
function load(lab: Lab, weir: Weir): { stop(): Promise<number> } {
  const state = { isOver: false, pulls: 0 };
  const pull = async () => {
    const client = await lab.client(skopeo);
    succeed(await client.login(weir.host, "admin", weir.token));
    while (!state.isOver) {
      for (const name of all) {
        if (state.isOver) break;
        succeed(await client.pull(weir.names(lab.images[name]).byTag));
        state.pulls++;
      }
      await client.wipe();
      succeed(await weir.command(["cache", "purge", "1", "--yes"]));
    }
  };
  const running = Promise.all([pull(), pull()]);
  return {
    async stop() {
      state.isOver = true;
      await running;
      return state.pulls;
    },
  };
}

const title = "backups taken under load, one of them killed, restore to a server that verifies";
await e2e(title, { needs: [skopeo], seconds: 240 }, async (lab) => {
  const registry = await lab.registry();
  const weir = await lab.weir({ upstream: registry.url, ...embedded });
  const folder = lab.folder();
  const loading = load(lab, weir);
  try {
    for (const target of ["folder", "file.tar", "folder"]) {
      const words = ["backup", path.join(folder, target)];
      succeed(await weir.command(words));
      // One that is killed half-way is of no harm to the next into the same place.
      if (target === "folder") await weir.command(words, {}, ["timeout", "-s", "KILL", "0.5"]);
    }
    succeed(await weir.command(["backup", path.join(folder, "folder"), "--with-secret-key"]));
  } finally {
    expect(await loading.stop()).toBeGreaterThan(0);
  }
  for (const source of ["folder", "file.tar"]) {
    const there = new Weir(lab.folder(), { upstream: registry.url });
    succeed(await there.command(["restore", path.join(folder, source)]));
    const verified = await there.command(["verify", "--offline", "--json"]);
    succeed(verified);
    const { findings, checked } = JSON.parse(verified.stdout) as {
      findings: unknown[];
      checked: { manifests: number };
    };
    expect(findings).toEqual([]);
    expect(checked.manifests).toBeGreaterThan(0);
  }
});
