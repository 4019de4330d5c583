import { expect } from "bun:test";
import type { Client } from "./lab/clients/contract.ts";
import { allClients, docker, podman, skopeo, succeed } from "./lab/clients/index.ts";
import { e2e } from "./lab/lab.ts";
import type { Weir } from "./lab/weir.ts";

/** What the token service says to a wrong password. */
async function wordsForWrongPassword(weir: Weir): Promise<string> {
  const answer = await fetch(`${weir.url}/jwt/auth?service=${weir.host}`, {
    headers: { authorization: `Basic ${btoa("admin:wrong")}` },
  });
  const { errors } = (await answer.json()) as { errors: { message: string }[] };
  return errors[0]?.message ?? "no message";
}

for (const kind of [skopeo, podman, docker]) {
  await e2e(`${kind.name} shows why a login was refused`, { needs: [kind] }, async (lab) => {
    const registry = await lab.registry();
    const weir = await lab.weir({ upstream: registry.url });
    const client = await lab.client<Client>(kind);
    const { code, output } = await client.login(weir.host, "admin", "wrong");
    expect(code).not.toBe(0);
    expect(output).toContain(await wordsForWrongPassword(weir));
  });
}

for (const kind of allClients) {
  await e2e(
    `${kind.name} says that an unknown image is unknown`,
    { needs: [kind] },
    async (lab) => {
      const registry = await lab.registry();
      const weir = await lab.weir({ upstream: registry.url });
      const client = await lab.client<Client>(kind);
      succeed(await client.login(weir.host, "admin", weir.token));
      const { code, output } = await client.pull(
        `${weir.host}/virtual_registries/container/1/library/nothing:latest`,
      );
      expect(code).not.toBe(0);
      expect(output).toMatch(kind.name === "containerd" ? /not found/ : /manifest unknown/);
    },
  );
}

await e2e("docker push is told that this is pull only", { needs: [docker] }, async (lab) => {
  const registry = await lab.registry();
  const weir = await lab.weir({ upstream: registry.url });
  const client = await lab.client(docker);
  succeed(await client.login(weir.host, "admin", weir.token));
  const { byTag } = weir.names(lab.images.hello);
  succeed(await client.pull(byTag));
  const target = byTag.replace("hello", "pushed");
  succeed(await client.command("tag", byTag, target));
  const { code, output } = await client.command("push", target);
  expect(code).not.toBe(0);
  expect(output).toContain("pull only");
});
