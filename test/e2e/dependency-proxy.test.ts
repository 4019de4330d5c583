import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import path from "node:path";
import type { Client } from "./lab/clients/contract.ts";
import { podman, skopeo, succeed } from "./lab/clients/index.ts";
import { e2e } from "./lab/lab.ts";

const groups = `groups:
  - path: acme
  - path: acme/tools
`;

for (const kind of [skopeo, podman]) {
  await e2e(
    `${kind.name} pulls by the Dependency Proxy of a subgroup, and again with the upstream stopped`,
    { needs: [kind] },
    async (lab) => {
      const registry = await lab.registry();
      const file = path.join(lab.folder(), "weir.yaml");
      writeFileSync(file, groups);
      const weir = await lab.weir({
        upstream: registry.url,
        env: { WEIR_CONFIG_FILE: file, WEIR_DEPENDENCY_PROXY_URL: registry.url },
      });
      const client = await lab.client<Client>(kind);
      succeed(await client.login(weir.host, "admin", weir.token));
      const pullAll = async () => {
        for (const { repository, tag, digest, platforms } of [lab.images.hello, lab.images.multi]) {
          const amd64 = platforms.find(({ architecture }) => architecture === "amd64");
          const name = `${weir.host}/acme/tools/dependency_proxy/containers/${repository}`;
          // What stands before the slash is added by the server.
          const short = name.replace("/library/", "/");
          for (const reference of [`${name}:${tag}`, `${name}@${digest}`, `${short}:${tag}`]) {
            succeed(await client.pull(reference));
            expect(await client.stored(reference)).toBe(amd64?.config.digest ?? "");
          }
        }
      };
      await pullAll();
      await registry.stop();
      await client.wipe();
      await pullAll();
    },
  );
}
