import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import path from "node:path";
import { skopeo, succeed } from "./lab/clients/index.ts";
import { e2e, fromClone } from "./lab/lab.ts";

const folder = path.join(import.meta.dir, "../../examples");
const token = "weir-e2e-abcdefghij-0123456789-ABCDEFGHIJ";

test("every example is started by a test, of this file or of test/examples.test.ts", () => {
  expect(readdirSync(folder).toSorted()).toEqual(["ci.yaml", "weir.yaml"]);
});

await e2e(
  "examples/weir.yaml starts, lets its user in and has its registry",
  { needs: [skopeo] },
  async (lab) => {
    const weir = await lab.weir({
      ...fromClone,
      env: {
        WEIR_CONFIG_FILE: path.join(folder, "weir.yaml"),
        PARTNER_PASSWORD: "a password of the partner's",
        CI_TOKEN: token,
      },
    });
    const client = await lab.client(skopeo);
    succeed(await client.login(weir.host, "ci", token));

    // Nothing is pulled: its upstreams are out in the world.
    const list = "/api/v4/virtual_registries/container/registries/10/upstreams";
    const answer = await fetch(weir.url + list, { headers: { "PRIVATE-TOKEN": weir.token } });
    expect(answer.status).toBe(200);
    const upstreams = (await answer.json()) as { name: string }[];
    expect(upstreams.map(({ name }) => name)).toEqual(["docker-hub", "github", "partner"]);
  },
);
