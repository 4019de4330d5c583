import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { skopeo, succeed } from "./lab/clients/index.ts";
import { e2e, type Lab } from "./lab/lab.ts";
import type { TokenServerOptions } from "./lab/token-server.ts";
import { openssl } from "./lab/token-server.ts";

const needs = [skopeo, openssl];
const account = { username: "reader", password: "a secret of the upstream" };

/** A registry that wants tokens, Weir in front of it with these settings, and a client that is logged in. */
async function behindTokens(
  lab: Lab,
  options: TokenServerOptions,
  env: Record<string, string> = {},
) {
  const tokens = await lab.tokenServer(options);
  const registry = await lab.registry({ auth: tokens.auth });
  const realm = { WEIR_FIRST_UPSTREAM_TOKEN_REALM: tokens.auth.realm };
  const weir = await lab.weir({ upstream: registry.url, env: { ...realm, ...env } });
  const client = await lab.client(skopeo);
  succeed(await client.login(weir.host, "admin", weir.token));
  return { tokens, weir, client };
}

await e2e(
  "an upstream with token login gets the configured credentials",
  { needs },
  async (lab) => {
    const { tokens, weir, client } = await behindTokens(
      lab,
      { ...account, anonymous: false },
      {
        WEIR_FIRST_UPSTREAM_USERNAME: account.username,
        WEIR_FIRST_UPSTREAM_PASSWORD: account.password,
      },
    );
    succeed(await client.pull(weir.names(lab.images.multi).byTag));
    // One repository, one scope: one token for everything that was fetched.
    expect(tokens.served).toEqual([account.username]);
  },
);

await e2e(
  "an upstream with token login gives tokens to nobody in particular",
  { needs },
  async (lab) => {
    const { tokens, weir, client } = await behindTokens(lab, { ...account, anonymous: true });
    succeed(await client.pull(weir.names(lab.images.hello).byTag));
    expect(tokens.served).toEqual([""]);
  },
);

await e2e("wrong credentials for an upstream are named as the reason", { needs }, async (lab) => {
  const { tokens, weir, client } = await behindTokens(
    lab,
    { ...account, anonymous: false },
    { WEIR_FIRST_UPSTREAM_USERNAME: account.username, WEIR_FIRST_UPSTREAM_PASSWORD: "wrong" },
  );
  expect((await client.pull(weir.names(lab.images.hello).byTag)).code).not.toBe(0);
  // Clients do not show the text of a 5xx.
  const answer = await weir.manifest(lab.images.hello);
  expect(answer.status).toBe(503);
  expect(await answer.text()).toMatch(/upstream.*(credential|denied|refuse)/i);
  expect(tokens.served).toEqual([]);
});

await e2e(
  "a configuration file: what the first upstream lacks, the second has",
  { needs: [skopeo] },
  async (lab) => {
    const empty = await lab.proxy(await lab.registry({ storage: lab.folder() }));
    const full = await lab.proxy(await lab.registry());
    const token = "weir-e2e-0123456789-0123456789-0123456789";
    const file = path.join(lab.folder(), "weir.yaml");
    writeFileSync(
      file,
      `groups:
  - path: team
upstreams:
  - { group: team, name: empty, url: "${empty.url}" }
  - { group: team, name: full, url: "${full.url}" }
registries:
  - { id: 7, group: team, name: both, upstreams: [empty, full] }
users:
  - username: reader
    memberships: [{ group: team, role: developer }]
    tokens: [{ name: e2e, token_env: READER_TOKEN }]
`,
    );
    const weir = await lab.weir({ env: { WEIR_CONFIG_FILE: file, READER_TOKEN: token } });
    const client = await lab.client(skopeo);
    succeed(await client.login(weir.host, "reader", token));
    const { repository, tag } = lab.images.hello;
    const name = `${weir.host}/virtual_registries/container/7/${repository}:${tag}`;
    succeed(await client.pull(name));
    await client.stored(name);
    expect(Object.keys(empty.counts("GET", /manifests/))).toEqual([
      `GET /v2/${repository}/manifests/${tag}`,
    ]);
    // What the second upstream's manifest named is asked of the second alone.
    expect(empty.counts("GET", /blobs/)).toEqual({});
    expect(Object.values(full.counts("GET", /blobs/))).toEqual([1, 1]);
  },
);
