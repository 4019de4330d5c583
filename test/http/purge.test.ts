import { afterEach, beforeEach, expect, onTestFinished, spyOn, test } from "bun:test";
import { SqlPurges } from "../../src/metadata/purges/purges.ts";
import { until } from "../fakes/until.ts";
import { buildImage, FakeUpstream } from "../fakes/upstream.ts";
import { TestWeir } from "../fakes/weir.ts";

const name = "library/app";
const dayMs = 86_400_000;
const upstreams = "/virtual_registries/container/upstreams/1";
const cleanup = "/groups/default/-/virtual_registries/cleanup/policy";

let fake: FakeUpstream;
let weir: TestWeir;
beforeEach(async () => {
  fake = await FakeUpstream.start();
  for (const tag of ["1", "2"]) fake.image(name, tag, buildImage({ label: tag }));
  weir = await TestWeir.start({ upstreams: [{ fake }] });
});
afterEach(async () => {
  await weir.stop();
  await fake.stop();
});

const status = async (reference: string) => {
  const answer = await weir.manifest(name, reference);
  return answer.headers.get("x-weir-cache")?.split(";")[0] ?? String(answer.status);
};
interface Entry {
  id: string;
  pinned: boolean;
}
const entries = async (search = "") =>
  (await weir.api("GET", `${upstreams}/cache_entries?search=${search}`)) as Entry[];
const pin = (id = "") => `/virtual_registries/container/cache_entries/${id}/pin`;

/** Entries that only the database knows of: more than a purge takes before it is answered. */
async function fill(count: number): Promise<void> {
  const digests = Array.from({ length: count }, (_, i) => `sha256:${String(i).padStart(64, "0")}`);
  for (let start = 0; start < count; start += 400) {
    const rows = digests.slice(start, start + 400).map((digest) => `('${digest}')`);
    await weir.query(
      `insert into cache_entries (group_id, upstream_id, repository, kind, reference, digest, proof, content_type,
         size, upstream_checked_at, downloaded_at)
       select u.group_id, u.id, 'bulk', 'blob', d.column1, d.column1, 'shown', 'application/octet-stream', 1, 1, 1
       from upstreams u, (values ${rows.join(", ")}) d where u.id = 1`,
    );
  }
}

test("what a pattern is for is asked for anew, the rest is served as it is", async () => {
  for (const tag of ["1", "2"]) expect(await status(tag)).toBe("miss");
  const cache = `${upstreams}/cache?pattern=${name}:1`;
  const preview = await weir.api("GET", cache);
  expect(preview).toMatchObject({ entries: 1, repositories: [name], partial: false });
  await weir.api("DELETE", cache, undefined, 204);
  expect(await weir.api("GET", cache)).toEqual({
    entries: 0,
    size: 0,
    repositories: [],
    partial: false,
  });
  expect([await status("2"), await status("1")]).toEqual(["hit", "miss"]);
});

test("a pinned tag outlives a purge, and the death of its upstream", async () => {
  for (const tag of ["1", "2"]) expect(await status(tag)).toBe("miss");
  const [entry] = await entries("manifests/1");
  expect(await weir.api("POST", pin(entry?.id))).toMatchObject({ pinned: true });
  await weir.api("DELETE", `${upstreams}/cache`, undefined, 204);
  fake.fault("*", { reset: true });
  expect(await status("1")).toBe("hit");
  expect((await weir.manifest(name, "2")).status).toBe(503);
  await weir.api("DELETE", `${upstreams}/cache?include_pinned=true`, undefined, 204);
  expect((await weir.manifest(name, "1")).status).toBe(503);
});

test("a purge of much is answered before it is over, goes on by itself, and lets pulls through", async () => {
  expect(await status("1")).toBe("miss");
  await fill(20_000);
  // After its first steps it does not go on before it has been seen under way.
  const seen = Promise.withResolvers<void>();
  const step = spyOn(SqlPurges.prototype, "step");
  const real = step.getMockImplementation() as SqlPurges["step"];
  step.mockImplementation(async function (this: SqlPurges) {
    if (step.mock.calls.length > 2) await seen.promise;
    return real.call(this);
  });
  onTestFinished(() => step.mockRestore());
  await weir.api("DELETE", `${upstreams}/cache?pattern=bulk`, undefined, 204);
  const work = async () =>
    ((await weir.api("GET", "/work")) as { name: string; status: string }[]).find(
      (one) => one.name === "purges",
    );
  expect(await work()).toMatchObject({ status: "running" });
  let pulls = 0;
  while ((await work())?.status === "running") {
    expect(await status("1")).toBe("hit");
    if (++pulls === 2) seen.resolve();
  }
  expect(pulls).toBeGreaterThan(1);
  expect(step.mock.calls.length).toBeGreaterThan(100);
  expect(await entries("bulk")).toEqual([]);
});

test("a purge that was interrupted by a stop goes on at the next start", async () => {
  await fill(20_000);
  await weir.api("DELETE", `${upstreams}/cache`, undefined, 204);
  await weir.halt();
  await weir.run();
  await until(async () => (await entries()).length === 0);
});

test("a pattern that can be none is refused by name", async () => {
  for (const pattern of ["", "a b", "a***", "a?b", "x".repeat(513)]) {
    const where = `${upstreams}/cache?pattern=${encodeURIComponent(pattern)}`;
    expect(JSON.stringify(await weir.api("DELETE", where, undefined, 400))).toContain("pattern");
  }
  const flag = await weir.api("DELETE", `${upstreams}/cache?include_pinned=1`, undefined, 400);
  expect(flag).toEqual({ error: "include_pinned does not have a valid value" });
});

test("a cleanup policy gives up what nobody has pulled, at the quarter after its time", async () => {
  for (const tag of ["1", "2"]) expect(await status(tag)).toBe("miss");
  const policy = { enabled: true, keep_n_days_after_download: 10, cadence: 14 };
  await weir.api("POST", cleanup, policy, 201);
  weir.clock.step(8 * dayMs);
  expect(await status("2")).toBe("revalidated");
  weir.clock.step(6 * dayMs);
  await until(async () => (await entries("manifests/1")).length === 0);
  fake.fault("*", { reset: true });
  expect([await status("2"), (await weir.manifest(name, "1")).status]).toEqual(["stale", 503]);
  await until(async () => {
    const read = (await weir.api("GET", cleanup)) as { status: string; last_run_at: string };
    return read.status === "scheduled" && read.last_run_at !== null;
  });
  expect(await weir.api("GET", cleanup)).toMatchObject({
    last_run_deleted_entries_count: 2,
    last_run_detailed_metrics: { container: { deleted_entries_count: 2 } },
  });
});

test("bad settings of a cleanup policy are refused by name", async () => {
  const table: [body: object, error: unknown][] = [
    [{ cadence: 2 }, { error: "cadence is invalid" }],
    [{ keep_n_days_after_download: 366 }, { error: expect.stringContaining("keep_n_days") }],
    [{ keep_n_days_after_download: 0 }, { error: expect.stringContaining("keep_n_days") }],
    [{ enabled: "maybe" }, { error: "enabled is invalid" }],
    [{ enabled: true, id: 1 }, { error: "id is not known" }],
  ];
  for (const [body, error] of table) {
    expect(await weir.api("POST", cleanup, body, 400)).toEqual(error);
  }
  await weir.api("POST", cleanup, {}, 201);
  expect(await weir.api("POST", cleanup, {}, 400)).toEqual({
    message: { group: ["has already been taken"] },
  });
  expect(await weir.api("PATCH", cleanup, {}, 400)).toEqual({
    error: expect.stringContaining("at least one parameter must be provided"),
  });
});
