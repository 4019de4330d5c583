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
