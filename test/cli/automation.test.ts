import { afterAll, beforeAll, expect, test } from "bun:test";
import { Receiver } from "../fakes/receiver.ts";
import { until } from "../fakes/until.ts";
import { FakeUpstream } from "../fakes/upstream.ts";
import { TestWeir } from "../fakes/weir.ts";
import { jsonAt, runAt } from "./world.ts";

let upstream: FakeUpstream;
let receiver: Receiver;
let weir: TestWeir;
beforeAll(async () => {
  upstream = await FakeUpstream.start();
  receiver = new Receiver();
  weir = await TestWeir.start({ upstreams: [{ fake: upstream }] });
});
afterAll(async () => {
  await weir.stop();
  await upstream.stop();
  await receiver.stop();
});

interface Item {
  id: number;
  status: string;
}

test("images are prefetched, looked at and forgotten", async () => {
  upstream.image("library/app", "1");
  const add = ["prefetch", "add", "1", "--image", "library/app:1", "--image", "library/app:gone"];
  const made = await jsonAt<Item>(weir, [...add, "--platform", "all", "--every", "24"]);
  const shown = async () => jsonAt<Item>(weir, ["prefetch", "show", String(made.id)]);
  await until(async () => (await shown()).status === "failed");
  const { out } = await runAt(weir, ["prefetch", "show", String(made.id)]);
  expect(out).toMatch(/library\/app:1 +done +3\/3/);
  expect(out).toMatch(/library\/app:gone +failed .*absent: /);
  expect((await runAt(weir, ["prefetch", "list", "1"])).out).toMatch(/failed +1\/2/);
  expect(await runAt(weir, ["prefetch", "delete", String(made.id)])).toMatchObject({ code: 0 });
  expect(await runAt(weir, ["prefetch", "show", String(made.id)])).toMatchObject({ code: 3 });
  expect(await runAt(weir, ["prefetch", "add", "1"])).toMatchObject({ code: 2 });
});

test("webhooks are added, tested, changed and deleted", async () => {
  const files = { "secret.txt": `whsec_${Buffer.alloc(32, 3).toString("base64")}\n` };
  const add = ["webhook", "add", receiver.url, "--secret-file", "secret.txt"];
  const made = await jsonAt<Item>(weir, [...add, "--event", "registry.created"], { files });
  const id = String(made.id);
  expect((await runAt(weir, ["webhook", "list"])).out).toContain("registry.created");
  await jsonAt(weir, ["webhook", "test", id]);
  await until(async () => {
    const [first] = await jsonAt<Item[]>(weir, ["webhook", "deliveries", id]);
    return first?.status === "delivered";
  });
  expect(receiver.types).toEqual(["test"]);
  const off = await jsonAt(weir, ["webhook", "update", id, "--enabled", "false"]);
  expect(off).toMatchObject({ enabled: false, events: ["registry.created"] });
  const to = ["--to", "https://example.com/hook"];
  expect(await jsonAt(weir, ["webhook", "update", id, ...to])).toMatchObject({ url: to[1] });
  expect(await runAt(weir, ["webhook", "update", id])).toMatchObject({ code: 2 });
  expect(await runAt(weir, ["webhook", "delete", id])).toMatchObject({ code: 0 });
  expect(await runAt(weir, ["webhook", "deliveries", id])).toMatchObject({ code: 3 });
  expect(await runAt(weir, ["webhook", "add", receiver.url])).toMatchObject({ code: 2 });
});

test("issuers of id tokens are added, shown, listed and deleted", async () => {
  const claims = ["--claim", "project_path=acme/a", "--claim", "project_path=acme/b=c"];
  const add = ["issuer", "add", "forge", "https://forge.example.com", ...claims];
  const made = await jsonAt<Item>(weir, [...add, "--claim", "ref=main", "--pull", "registries"]);
  expect(made).toMatchObject({
    rules: [
      {
        claims: { project_path: ["acme/a", "acme/b=c"], ref: "main" },
        group: "default",
        pull: ["registries"],
      },
    ],
  });
  expect((await runAt(weir, ["issuer", "list"])).out).toMatch(
    /forge +https:\/\/forge\.example\.com +1 +default/,
  );
  expect(await jsonAt<Item>(weir, ["issuer", "show", "forge"])).toEqual(made);
  expect(await jsonAt<Item>(weir, ["issuer", "show", String(made.id)])).toEqual(made);
  const wide = await runAt(weir, [...add.slice(0, 3), "https://a.example.com", "--claim", "sub=*"]);
  expect(wide).toMatchObject({ code: 1 });
  expect(wide.err).toContain("rules[0].claims must have a claim with more in it than stars");
  expect(await runAt(weir, add.slice(0, 4))).toMatchObject({ code: 2 });
  expect(await runAt(weir, [...add.slice(0, 4), "--claim", "sub"])).toMatchObject({ code: 2 });
  expect(await runAt(weir, ["issuer", "delete", "forge"])).toMatchObject({ code: 0 });
  expect(await runAt(weir, ["issuer", "show", "forge"])).toMatchObject({ code: 3 });
});

test("who waits for a prefetch waits no longer than he says", async () => {
  upstream.fault("GET /v2/library/slow/*", { hang: true });
  const add = ["prefetch", "add", "1", "--image", "library/slow:1"];
  const { code, err } = await runAt(weir, [...add, "--wait", "--timeout", "1"]);
  expect(code).toBe(1);
  expect(err).toMatch(
    /prefetch (\d+) is not over after 1 s and goes on; weir prefetch show \1 tells/,
  );
  expect(await runAt(weir, [...add, "--timeout", "1"])).toMatchObject({ code: 2 });
});

test("prefetches come in pages", async () => {
  const prefetches = "/virtual_registries/container/registries/1/prefetches";
  const ids: number[] = [];
  for (let n = 0; n < 25; n++) {
    const made = await weir.api("POST", prefetches, { images: [`library/p:${n}`] }, 202);
    ids.push((made as Item).id);
  }
  const listed = await jsonAt<Item[]>(weir, ["prefetch", "list", "1"]);
  expect(listed.map(({ id }) => id)).toEqual(expect.arrayContaining(ids) as never);
  const first = (await weir.api("GET", `${prefetches}?per_page=10`)) as Item[];
  const second = (await weir.api("GET", `${prefetches}?per_page=10&page=2`)) as Item[];
  expect([first.length, second.length]).toEqual([10, 10]);
  expect([...first, ...second].map(({ id }) => id)).toEqual(
    listed.slice(0, 20).map(({ id }) => id),
  );
});

test("space and cleanup policies of a group are shown, set and taken back", async () => {
  expect(await jsonAt(weir, ["space", "limit", "default", "50GiB"])).toMatchObject({
    cache_max_bytes: 50 * 2 ** 30,
  });
  expect(await jsonAt(weir, ["space", "show", "default"])).toMatchObject({
    cache_max_bytes: 50 * 2 ** 30,
  });
  expect(await jsonAt(weir, ["space", "show"])).toMatchObject({
    limits: [{ scope: "group", name: "default" }],
  });
  expect(await jsonAt(weir, ["space", "limit", "default", "none"])).toMatchObject({
    cache_max_bytes: null,
  });
  expect(await runAt(weir, ["space", "limit", "default", "much"])).toMatchObject({ code: 2 });
  expect(await runAt(weir, ["cleanup", "show", "default"])).toMatchObject({ code: 3 });
  const set = ["cleanup", "set", "default"];
  expect(await jsonAt(weir, [...set, "--keep-days", "90", "--cadence", "14"])).toMatchObject({
    enabled: true,
    keep_n_days_after_download: 90,
    cadence: 14,
  });
  expect(await jsonAt(weir, [...set, "--enabled", "false"])).toMatchObject({
    enabled: false,
    keep_n_days_after_download: 90,
  });
  expect(await runAt(weir, set)).toMatchObject({ code: 2 });
  expect(await runAt(weir, ["cleanup", "delete", "default"])).toMatchObject({ code: 0 });
  expect(await runAt(weir, ["cleanup", "show", "default"])).toMatchObject({ code: 3 });
});
