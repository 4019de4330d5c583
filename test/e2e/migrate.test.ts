import { expect } from "bun:test";
import { Database } from "bun:sqlite";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { queryAt } from "../fakes/postgres.ts";
import { skopeo, succeed } from "./lab/clients/index.ts";
import { e2e, type Lab, postgresAndBucket } from "./lab/lab.ts";
import { waitFor } from "./lab/processes.ts";
import { openssl } from "./lab/token-server.ts";
import { embedded, Weir } from "./lab/weir.ts";

const account = { username: "reader", password: "a secret of the upstream" };
const images = ["hello", "multi", "single", "herd"] as const;

/** Pulls one image after the other, again and again, until it is told to stop; how many pulls there were. */
function load(lab: Lab, weir: Weir, token: string) {
  const state = { isOver: false, pulls: 0 };
  const running = (async () => {
    const client = await lab.client(skopeo);
    succeed(await client.login(weir.host, "ann", token));
    while (!state.isOver) {
      for (const name of images) {
        succeed(await client.pull(weir.names(lab.images[name]).byTag));
        state.pulls++;
      }
      await client.wipe();
    }
  })();
  return {
    state,
    async stop() {
      state.isOver = true;
      await running;
    },
  };
}

async function tokenOfAnn(weir: Weir): Promise<string> {
  const call = async (where: string, body: object) => {
    const answer = await fetch(`${weir.url}/api/v4${where}`, {
      method: "POST",
      headers: { "PRIVATE-TOKEN": weir.token, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    return (await answer.json()) as { id: number; token: string };
  };
  const { id } = await call("/users", { username: "ann" });
  await call("/groups/default/members", { user_id: id, access_level: 10 });
  const fields = { name: "t", scopes: ["read_virtual_registry"] };
  return (await call(`/users/${id}/personal_access_tokens`, fields)).token;
}

/** So many take a few seconds to copy. */
const manyEvents = 50_000;
/** A server that runs does not wait long for who writes beside it. */
const eventsAtOnce = 2000;

function growAuditLog(weir: Weir): void {
  using file = new Database(path.join(weir.data, "weir.db"), { readwrite: true });
  file.run("pragma busy_timeout = 10000");
  for (let events = 0; events < manyEvents; events += eventsAtOnce) {
    file.run(`insert into audit_events (at, actor_kind, actor_name, action, subject_kind, result, details)
      with recursive n (i) as (select 1 union all select i + 1 from n where i < ${eventsAtOnce})
      select ${Date.now()}, 'user', 'ann', 'test', 'nothing', 'success', '{}' from n`);
  }
}

/** How many parts of tables are there. */
const partsAt = (database: string) =>
  queryAt(
    database,
    "select count(*) as n from unfinished_copy_parts where digest is not null",
  ).then(
    ([row]) => Number(row?.["n"]),
    () => 0,
  );

const title =
  "weir migrate, killed three times, moves an instance that is pulled from to PostgreSQL and a bucket, which needs no upstream then";
const needs = [skopeo, openssl, ...postgresAndBucket];
await e2e(title, { needs, seconds: 240 }, async (lab) => {
  const tokens = await lab.tokenServer({ ...account, anonymous: false });
  const registry = await lab.registry({ auth: tokens.auth });
  const weir = await lab.weir({
    ...embedded,
    upstream: registry.url,
    env: {
      WEIR_FIRST_UPSTREAM_TOKEN_REALM: tokens.auth.realm,
      WEIR_FIRST_UPSTREAM_USERNAME: account.username,
      WEIR_FIRST_UPSTREAM_PASSWORD: account.password,
    },
  });
  const token = await tokenOfAnn(weir);
  const loading = load(lab, weir, token);
  await waitFor("all images to be cached", () => loading.state.pulls > images.length, 300);

  const { database, blobs } = await lab.elsewhere();
  const { WEIR_BLOBS_URL: bucket = "", ...credentials } = blobs.env;
  const key = readFileSync(path.join(weir.data, "secret.key"), "utf8").trim();
  const target = {
    WEIR_SECRET_KEY: key,
    WEIR_TARGET_DATABASE_URL: database,
    WEIR_TARGET_BLOBS_URL: bucket,
    ...credentials,
  };
  const stored = () => {
    try {
      const entries = readdirSync(blobs.folder, { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).length;
    } catch {
      return 0; // nothing is there yet
    }
  };
  const killed = weir.begin(["migrate"], target);
  await waitFor("a blob to be there", () => stored() > 0);
  await killed.kill();
  const early = stored();
  growAuditLog(weir);
  const first = weir.begin(["migrate"], target);
  await waitFor("rows to be there", async () => (await partsAt(database)) > 60);
  await first.kill();
  const parts = await partsAt(database);
  const { pulls } = loading.state;
  const round = await weir.command(["migrate", "--json"], target);
  succeed(round);
  expect(stored()).toBeGreaterThanOrEqual(early);
  expect(await partsAt(database)).toBeGreaterThan(parts);
  const { database: moved } = JSON.parse(round.stdout) as { database: Record<string, number> };
  // Not what the one that was killed had copied.
  expect(moved["copied"]).toBeLessThan(moved["rows"] ?? 0);
  expect(moved["rows"]).toBeGreaterThan(manyEvents);
  await waitFor("more pulls", () => loading.state.pulls > pulls + images.length);
  await loading.stop();

  expect(await weir.stop()).toBe(0);
  growAuditLog(weir);
  const before = await partsAt(database);
  const half = weir.begin(["migrate", "--finish"], target);
  await waitFor("rows to be there", async () => (await partsAt(database)) > before + 10);
  await half.kill();
  const there = new Weir(lab.folder(), {
    upstream: registry.url,
    database,
    blobs,
    env: { WEIR_SECRET_KEY: key },
  });
  there.token = weir.token;
  const refused = await there.command(["serve"]);
  expect(refused.code).toBe(1);
  expect(refused.output).toContain("weir migrate has not come to its end");
  succeed(await weir.command(["migrate", "--finish"], target));
  const [events] = await queryAt(database, "select count(*) as n from audit_events");
  expect(events?.["n"]).toBeGreaterThan(2 * manyEvents);

  await registry.stop();
  await there.start();
  try {
    const client = await lab.client(skopeo);
    succeed(await client.login(there.host, "ann", token));
    for (const name of images) {
      const { byTag } = there.names(lab.images[name]);
      succeed(await client.pull(byTag));
      await client.stored(byTag);
    }
    const verified = await there.command(["verify", "--json"]);
    succeed(verified);
    expect(JSON.parse(verified.stdout)).toMatchObject({ findings: [] });
    expect(there.log()).not.toContain("cannot be opened");
  } finally {
    await there.stop();
  }
  // The password has come along: what is not cached is had with it.
  await registry.start();
  await there.start();
  try {
    const served = tokens.served.length;
    expect((await there.manifest(lab.images.schema2)).status).toBe(200);
    expect(tokens.served.slice(served)).toContain(account.username);
  } finally {
    await there.stop();
  }
});
