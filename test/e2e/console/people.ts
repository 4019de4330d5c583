import { freePort } from "../lab/processes.ts";
import type { Weir } from "../lab/weir.ts";

export type Fields = Record<string, string | number | boolean | null>;

/** Asks the API as the administrator. Throws for whatever is no success. */
export async function call(
  weir: Weir,
  method: string,
  path: string,
  body?: object,
): Promise<Fields> {
  const answer = await fetch(`${weir.url}/api/v4${path}`, {
    method,
    headers: { "PRIVATE-TOKEN": weir.token, "Content-Type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return (text ? JSON.parse(text) : {}) as Fields;
}

/** Markup, letters from right to left, a whale. */
export const oddName = `<b onclick="x">Ann</b> שלום 🐳`;
export const longName = "ab".repeat(127);

/** Users, members, tokens and whoever is told and trusted, with names that are to be shown as they are. */
export async function peopled(weir: Weir): Promise<void> {
  const group = "/groups/default";
  const registries = `${group}/-/virtual_registries`;
  const ann = await call(weir, "POST", "/users", { username: "ann", name: oddName });
  const bob = await call(weir, "POST", "/users", { username: "bob", name: longName });
  await call(weir, "POST", `/users/${bob["id"]}/block`);
  await call(weir, "POST", `${group}/members`, { user_id: ann["id"], access_level: 10 });
  await call(weir, "POST", `${group}/members`, {
    user_id: bob["id"],
    access_level: 40,
    expires_at: "2099-01-01",
  });
  const parent = await call(weir, "GET", group);
  const tools = { name: "Tools", path: "tools", parent_id: parent["id"] };
  await call(weir, "POST", "/groups", tools);
  const scopes = ["read_virtual_registry"];
  await call(weir, "POST", `/users/${ann["id"]}/personal_access_tokens`, { name: "ci", scopes });
  await call(weir, "POST", `${group}/access_tokens`, { name: "renovate", scopes });
  await call(weir, "POST", `${group}/deploy_tokens`, { name: oddName, scopes });
  const gone = await call(weir, "POST", `${group}/deploy_tokens`, { name: "former", scopes });
  await call(weir, "DELETE", `${group}/deploy_tokens/${gone["id"]}`);
  const hook = await call(weir, "POST", `${registries}/webhooks`, {
    url: `http://127.0.0.1:${freePort()}/hook`,
    secret: `whsec_${btoa("x".repeat(32))}`,
    description: "for the chat",
  });
  await call(weir, "POST", `${registries}/webhooks/${hook["id"]}/test`);
  await call(weir, "PUT", `${registries}/space`, { cache_max_bytes: 10_000_000_000 });
  await call(weir, "POST", "/admin/oidc_issuers", {
    name: "gitlab",
    issuer: "https://gitlab.example.com",
    rules: [
      { claims: { project_path: "acme/**", ref: ["main", "release/*"] }, group: "default" },
      { claims: { namespace_path: "tools" }, group: "default/tools" },
    ],
  });
}
