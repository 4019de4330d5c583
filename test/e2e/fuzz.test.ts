import { expect } from "bun:test";
import { fuzz, schemathesis } from "./lab/fuzz/schemathesis.ts";
import { e2e, type Lab } from "./lab/lab.ts";
import type { Weir } from "./lab/weir.ts";

/** Longer, by hand: `WEIR_FUZZ_SECONDS=600 node bin/bun.mjs test test/e2e/fuzz.test.ts`; with `WEIR_FUZZ_SEED=…`, what one has found once more. */
const seconds = Number(process.env["WEIR_FUZZ_SECONDS"] ?? 50);

async function call<T>(weir: Weir, method: string, path: string, body?: object): Promise<T> {
  const answer = await fetch(`${weir.url}/api/v4${path}`, {
    method,
    headers: { "PRIVATE-TOKEN": weir.token, "Content-Type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return (text ? JSON.parse(text) : undefined) as T;
}

/** Something of each kind, so that not every id is unknown: the first of each has the id 1. */
async function populate(weir: Weir, lab: Lab): Promise<void> {
  await (await weir.manifest(lab.images.hello)).arrayBuffer();
  await call(weir, "POST", "/groups", { name: "Other", path: "other" });
  await call(weir, "POST", "/groups", { name: "Tools", path: "tools", parent_id: 1 });
  const base = "/virtual_registries/container";
  await call(weir, "POST", `/groups/1/-${base}/registries`, { name: "second" });
  await call(weir, "POST", `/groups/other/-${base}/registries`, { name: "theirs" });
  const second = { name: "Second", url: "http://127.0.0.1:2" };
  await call(weir, "POST", `${base}/registries/1/upstreams`, second);
  await call(weir, "POST", "/projects", { namespace_id: 1, path: "site" });
  const tools = await call<{ id: number }>(weir, "GET", "/groups/default%2Ftools");
  await call(weir, "POST", "/projects", { namespace_id: tools.id, path: "app" });
  for (const username of ["reader", "writer"]) await call(weir, "POST", "/users", { username });
  await call(weir, "POST", "/groups/1/-/virtual_registries/cleanup/policy", { enabled: true });
  const token = { name: "t", scopes: ["api"] };
  await call(weir, "POST", "/groups/1/access_tokens", token);
  const deploy = { name: "d", scopes: ["read_virtual_registry"] };
  await call(weir, "POST", "/groups/1/deploy_tokens", deploy);
}

interface Token {
  id: number;
  token: string;
}

const people: [who: string, share: number, admin: boolean, scope: string][] = [
  ["an administrator", 2 / 3, true, "api"],
  ["a guest who may only read", 1 / 3, false, "read_api"],
];
for (const [who, share, admin, scope] of people) {
  await e2e(
    `fuzz: requests made up from the document, as ${who}, have no answer that is not in it`,
    { needs: [schemathesis], seconds: seconds + 150 },
    async (lab) => {
      const registry = await lab.registry();
      const weir = await lab.weir({ upstream: registry.url });
      await populate(weir, lab);
      const user = await call<{ id: number }>(weir, "POST", "/users", { username: "fuzz", admin });
      await call(weir, "POST", "/groups/1/members", { user_id: user.id, access_level: 10 });
      const fields = { name: "fuzz", scopes: [scope] };
      const tokens = `/users/${user.id}/personal_access_tokens`;
      const token = await call<Token>(weir, "POST", tokens, fields);
      const given = { ...token, userId: user.id, seconds: Math.ceil(seconds * share) };
      const { code, output } = await fuzz(weir, lab.folder(), given);
      // What follows would be worth nothing if the token had not lasted, or nobody had been asked.
      const self = await fetch(`${weir.url}/api/v4/user`, {
        headers: { "PRIVATE-TOKEN": token.token },
      });
      expect(self.status).toBe(200);
      // The log has all of a server that has stopped.
      expect(await weir.stop()).toBe(0);
      const statuses = [...weir.log().matchAll(/"status":(\d+)/g)].map(([, status]) => status);
      const counts = Object.fromEntries(
        [...Map.groupBy(statuses, (status) => status ?? "")].map(([status, all]) => [
          status,
          all.length,
        ]),
      );
      console.log(who, counts);
      expect(weir.log()).not.toContain('"message":"request failed"');
      if (code !== 0) throw new Error(output);
      expect(weir.log().split(`"actor":"fuzz"`).length).toBeGreaterThan(20);
    },
  );
}
