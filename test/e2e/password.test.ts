import { expect } from "bun:test";
import type { Client } from "./lab/clients/contract.ts";
import { docker, podman, skopeo, succeed } from "./lab/clients/index.ts";
import { e2e } from "./lab/lab.ts";
import type { Weir } from "./lab/weir.ts";

async function call(weir: Weir, method: string, path: string, body: object): Promise<Response> {
  const answer = await fetch(`${weir.url}/api/v4${path}`, {
    method,
    headers: { "PRIVATE-TOKEN": weir.token, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer;
}

for (const kind of [skopeo, podman, docker]) {
  await e2e(
    `${kind.name} logs in and pulls by user name or e-mail address and password, until it is another one`,
    { needs: [kind] },
    async (lab) => {
      const registry = await lab.registry();
      const weir = await lab.weir({ upstream: registry.url });
      const client = await lab.client<Client>(kind);
      const { byTag } = weir.names(lab.images.hello);
      const ann = { username: "ann", email: "ann@example.com" };
      const { id } = (await (await call(weir, "POST", "/users", ann)).json()) as { id: number };
      await call(weir, "POST", "/groups/default/members", { user_id: id, access_level: 10 });
      for (const [username, password] of [
        [ann.username, "correct horse battery"],
        [ann.email, "päßwörter: too, with signs"],
      ] as const) {
        await call(weir, "PUT", `/users/${id}/password`, { password });
        succeed(await client.login(weir.host, username, password));
        succeed(await client.pull(byTag));
        await client.wipe();
        await call(weir, "PUT", `/users/${id}/password`, { password: "another good password" });
        const { code, output } = await client.pull(byTag);
        expect([username, code === 0]).toEqual([username, false]);
        expect(output).toMatch(/unauthorized|authentication required|not valid/i);
        const again = await client.login(weir.host, username, password);
        expect([username, again.code === 0]).toEqual([username, false]);
      }
    },
  );
}
