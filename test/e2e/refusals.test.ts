import { expect } from "bun:test";
import type { Client } from "./lab/clients/contract.ts";
import { allClients, buildah, docker, podman, skopeo, succeed } from "./lab/clients/index.ts";
import { e2e, type Lab } from "./lab/lab.ts";
import { environment, run } from "./lab/processes.ts";
import type { Weir } from "./lab/weir.ts";

async function notLoggedIn<C extends Client>(
  lab: Lab,
  kind: { start(folder: string): Promise<C> },
): Promise<{ weir: Weir; client: C }> {
  const registry = await lab.registry();
  const weir = await lab.weir({ upstream: registry.url });
  return { weir, client: await lab.client(kind) };
}

/** What the token service says to a wrong password. */
async function wordsForWrongPassword(weir: Weir): Promise<string> {
  const answer = await fetch(`${weir.url}/jwt/auth?service=${weir.host}`, {
    headers: { authorization: `Basic ${btoa("admin:wrong")}` },
  });
  const { errors } = (await answer.json()) as { errors: { message: string }[] };
  return errors[0]?.message ?? "no message";
}

await e2e("docker shows why a login was refused", { needs: [docker] }, async (lab) => {
  const { weir, client } = await notLoggedIn(lab, docker);
  const { code, output } = await client.login(weir.host, "admin", "wrong");
  expect(code).not.toBe(0);
  expect(output).toContain(await wordsForWrongPassword(weir));
});

// Their login has words of its own; the server's are shown by whatever needs a token.
for (const kind of [skopeo, podman, buildah]) {
  await e2e(`${kind.name} shows why a login was refused`, { needs: [kind] }, async (lab) => {
    const { weir, client } = await notLoggedIn(lab, kind);
    const login = await client.login(weir.host, "admin", "wrong");
    expect(login.code).not.toBe(0);
    expect(login.output).toContain("invalid username/password");
  });
}

await e2e("skopeo shows why its credentials were refused", { needs: [skopeo] }, async (lab) => {
  const { weir } = await notLoggedIn(lab, skopeo);
  const image = `docker://${weir.names(lab.images.hello).byTag}`;
  const command = ["skopeo", "inspect", "--tls-verify=false", "--creds=admin:wrong", image];
  const { code, output } = await run(command, environment(lab.folder()));
  expect(code).not.toBe(0);
  expect(output).toContain(await wordsForWrongPassword(weir));
});

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
      expect(output).toMatch(/manifest.unknown|not found/i);
    },
  );
}

await e2e("docker push is told that this is pull only", { needs: [docker] }, async (lab) => {
  const { weir, client } = await notLoggedIn(lab, docker);
  succeed(await client.login(weir.host, "admin", weir.token));
  const { byTag } = weir.names(lab.images.hello);
  succeed(await client.pull(byTag));
  const target = byTag.replace("hello", "pushed");
  succeed(await client.command("tag", byTag, target));
  const { code, output } = await client.command("push", target);
  expect(code).not.toBe(0);
  expect(output).toContain("pull only");
});
