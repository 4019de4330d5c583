import { expect } from "bun:test";
import type { Client } from "./lab/clients/contract.ts";
import { docker, podman, skopeo, succeed } from "./lab/clients/index.ts";
import { e2e } from "./lab/lab.ts";
import type { Weir } from "./lab/weir.ts";

interface Token {
  kind: string;
  username: string;
  secret: string;
  /** Where it is revoked. */
  path: string;
}

type Fields = Record<string, string | number>;

async function call(weir: Weir, method: string, path: string, body?: object): Promise<Fields> {
  const answer = await fetch(`${weir.url}/api/v4${path}`, {
    method,
    headers: { "PRIVATE-TOKEN": weir.token, "Content-Type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return (text ? JSON.parse(text) : {}) as Fields;
}

/** One of each kind, of a user who is a guest of the group. */
async function tokens(weir: Weir): Promise<Token[]> {
  const { id: user } = await call(weir, "POST", "/users", { username: "ann" });
  await call(weir, "POST", "/groups/default/members", { user_id: user, access_level: 10 });
  const fields = { name: "t", scopes: ["read_virtual_registry"] };
  const personal = await call(weir, "POST", `/users/${user}/personal_access_tokens`, fields);
  const group = "/groups/default";
  const bot = { ...fields, access_level: 10 };
  const grouped = await call(weir, "POST", `${group}/access_tokens`, bot);
  const deploy = await call(weir, "POST", `${group}/deploy_tokens`, fields);
  const project = await call(weir, "POST", "/projects", { namespace_id: 1, path: "app" });
  const run = { user_id: user, project_id: project["id"] };
  const job = await call(weir, "POST", "/admin/job_tokens", run);
  const token = (kind: string, username: string, { token, id }: Fields, path: string): Token => ({
    kind,
    username,
    secret: String(token),
    path: `${path}/${id}`,
  });
  return [
    token("personal access token", "ann", personal, "/personal_access_tokens"),
    token("group access token", "bot", grouped, `${group}/access_tokens`),
    token("deploy token", String(deploy["username"]), deploy, `${group}/deploy_tokens`),
    token("job token", "gitlab-ci-token", job, "/admin/job_tokens"),
  ];
}

for (const kind of [skopeo, podman, docker]) {
  await e2e(
    `${kind.name} logs in and pulls with each kind of token, and is refused once it is revoked`,
    { needs: [kind] },
    async (lab) => {
      const registry = await lab.registry();
      const weir = await lab.weir({ upstream: registry.url });
      const client = await lab.client<Client>(kind);
      const { byTag } = weir.names(lab.images.hello);
      for (const { kind: name, username, secret, path } of await tokens(weir)) {
        succeed(await client.login(weir.host, username, secret));
        succeed(await client.pull(byTag));
        await client.wipe();
        await call(weir, "DELETE", path);
        const { code, output } = await client.pull(byTag);
        expect([name, code === 0]).toEqual([name, false]);
        expect(output).toMatch(/unauthorized|authentication required|not valid/i);
        expect([name, (await client.login(weir.host, username, secret)).code === 0]).toEqual([
          name,
          false,
        ]);
      }
    },
  );
}
