import { expect } from "bun:test";
import { skopeo } from "./lab/clients/index.ts";
import { e2e } from "./lab/lab.ts";
import { environment, run } from "./lab/processes.ts";

await e2e(
  "skopeo inspects an image and lists its tags, and again with the upstream stopped",
  { needs: [skopeo] },
  async (lab) => {
    const registry = await lab.registry();
    const weir = await lab.weir({ upstream: registry.url });
    const { byTag } = weir.names(lab.images.hello);
    const repository = byTag.slice(0, byTag.lastIndexOf(":"));
    const ask = async (command: string, name: string) => {
      const login = ["--tls-verify=false", "--creds", `admin:${weir.token}`];
      const outcome = await run(
        ["skopeo", command, ...login, `docker://${name}`],
        environment("/"),
      );
      expect(outcome).toMatchObject({ code: 0 });
      return JSON.parse(outcome.output) as { Tags?: string[]; RepoTags?: string[] };
    };
    for (const stop of [true, false]) {
      expect((await ask("inspect", byTag)).RepoTags).toEqual(["latest", "schema2"]);
      expect((await ask("list-tags", repository)).Tags).toEqual(["latest", "schema2"]);
      if (stop) await registry.stop();
    }
  },
);
