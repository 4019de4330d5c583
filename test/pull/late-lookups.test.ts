import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { digestOf } from "../../src/oci/digest.ts";
import { type HeldAnswer, holdAnswer } from "../fakes/held-answer.ts";
import { newDatabase } from "../fakes/new-database.ts";
import { lackOfPostgres, type TestDatabase } from "../fakes/postgres.ts";
import { buildImage, FakeUpstream, Gate, sampleBytes } from "../fakes/upstream.ts";
import { TestWeir, type WeirOptions } from "../fakes/weir.ts";

const name = "library/app";
const MiB = 1 << 20;
const hour = 3_600_000;
const bytes = sampleBytes(8 * MiB, 5);
const digest = digestOf(bytes);
const blobs = `* /v2/${name}/blobs/${digest}`;
const manifests = `* /v2/${name}/manifests/*`;

const lack = lackOfPostgres();
const engines = ["SQLite", "PostgreSQL"] as const;
const cache = (response: Response) => response.headers.get("x-weir-cache")?.split(";")[0];

describe.each(engines)("with %s, a look-up that ends after what it did not see", (engine) => {
  const isLacking = engine === "PostgreSQL" && lack !== undefined;
  let upstream: FakeUpstream;
  let database: TestDatabase | undefined;
  let weir: TestWeir;
  const held: HeldAnswer[] = [];

  beforeEach(async () => {
    if (isLacking) return;
    upstream = await FakeUpstream.start();
    upstream.image(name, "latest", buildImage({ layers: [bytes] }));
    database = engine === "PostgreSQL" ? await newDatabase() : undefined;
  });
  afterEach(async () => {
    if (isLacking) return;
    for (const { release } of held.splice(0)) release();
    await weir.stop();
    await database?.remove();
    await upstream.stop();
  });

  async function start(options: Partial<WeirOptions> = {}): Promise<void> {
    const upstreams = [{ fake: upstream }];
    weir = await TestWeir.start({ upstreams, database: database ?? "file", ...options });
    // Whoever is asked for first by those who come at once is the token.
    await weir.token(name);
  }

  /** The next answer to the question is late: `late` asks it, and hears it when all that `meanwhile` does is over. */
  async function overtaken<T>(
    question: Parameters<typeof holdAnswer>[1],
    late: () => Promise<T>,
    meanwhile: () => Promise<unknown>,
  ): Promise<T> {
    const answer = holdAnswer(engine, question);
    held.push(answer);
    const pull = late();
    await answer.given;
    await meanwhile();
    answer.release();
    return pull;
  }

  /** Somebody else pulls the blob, and its fill comes to its end. */
  async function fill(): Promise<void> {
    expect(digestOf(await (await weir.blob(name, digest)).bytes())).toBe(digest);
    await weir.filled();
  }

  describe("asks no upstream", () => {
    test.skipIf(isLacking).each(["entries", "hasSeen"] as const)(
      "for a blob (%s)",
      async (question) => {
        await start();
        await weir.manifest(name, "latest");
        const answer = await overtaken(question, () => weir.blob(name, digest), fill);
        expect(digestOf(await answer.bytes())).toBe(digest);
        expect([cache(answer), upstream.count(blobs)]).toEqual(["hit", 1]);
      },
    );

    test.skipIf(isLacking).each(["entries", "hasSeen"] as const)(
      "for a part of a blob (%s)",
      async (question) => {
        await start();
        await weir.manifest(name, "latest");
        const headers = { Range: `bytes=${4 * MiB}-${4 * MiB + 9}` };
        const part = () => weir.blob(name, digest, { headers });
        const answer = await overtaken(question, part, fill);
        expect(answer.status).toBe(206);
        expect(await answer.bytes()).toEqual(bytes.slice(4 * MiB, 4 * MiB + 10));
        expect([cache(answer), upstream.count(blobs)]).toEqual(["hit", 1]);
      },
    );

    test.skipIf(isLacking).each(["entries", "hasSeen"] as const)(
      "for what a blob is (%s)",
      async (question) => {
        await start();
        await weir.manifest(name, "latest");
        const head = () => weir.blob(name, digest, { method: "HEAD" });
        const answer = await overtaken(question, head, fill);
        expect(answer.headers.get("content-length")).toBe(String(bytes.length));
        expect([cache(answer), upstream.count(blobs)]).toEqual(["hit", 1]);
      },
    );

    test.skipIf(isLacking).each(["entries", "hasSeen", "blob"] as const)(
      "for leave to read a blob that another one's upstream has brought (%s)",
      async (question) => {
        const elsewhere = "library/elsewhere";
        upstream.image(elsewhere, "latest", buildImage({ layers: [bytes] }));
        await start();
        for (const repository of [elsewhere, name]) await weir.manifest(repository, "latest");
        await (await weir.blob(elsewhere, digest)).bytes();
        await weir.settled(elsewhere, digest);
        const pull = () => weir.blob(name, digest);
        const answer = await overtaken(question, pull, async () => {
          expect(cache(await pull())).toBe("revalidated");
        });
        expect(digestOf(await answer.bytes())).toBe(digest);
        expect([cache(answer), upstream.count(blobs)]).toEqual(["hit", 1]);
      },
    );

    test.skipIf(isLacking)("for a tag", async () => {
      await start();
      const pull = () => weir.manifest(name, "latest");
      const answer = await overtaken("manifests", pull, pull);
      expect([cache(answer), upstream.count(manifests)]).toEqual(["hit", 1]);
    });

    test.skipIf(isLacking)("for a manifest by its digest", async () => {
      const image = upstream.image(name, "other", buildImage());
      await start();
      const pull = () => weir.manifest(name, image.digest);
      const answer = await overtaken("manifests", pull, pull);
      expect([cache(answer), upstream.count(manifests)]).toEqual(["hit", 1]);
    });

    test.skipIf(isLacking)("for a tag that was stale, and has been confirmed", async () => {
      await start();
      const pull = () => weir.manifest(name, "latest");
      await pull();
      weir.clock.step(25 * hour);
      await weir.token(name);
      const answer = await overtaken("manifests", pull, pull);
      expect([cache(answer), upstream.count(manifests)]).toEqual(["hit", 2]);
    });

    test.skipIf(isLacking)("for a tag that was stale, and has been replaced", async () => {
      await start();
      const pull = () => weir.manifest(name, "latest");
      await pull();
      const after = upstream.image(name, "latest");
      weir.clock.step(25 * hour);
      await weir.token(name);
      const answer = await overtaken("manifests", pull, pull);
      expect(answer.headers.get("docker-content-digest")).toBe(after.digest);
      // The first one, a HEAD, and the new one.
      expect([cache(answer), upstream.count(manifests)]).toEqual(["hit", 3]);
    });

    test.skipIf(isLacking)("for a list of tags", async () => {
      await start();
      const pull = () => weir.tags(name);
      const answer = await overtaken("find", pull, pull);
      expect(await answer.json()).toEqual({
        name: `virtual_registries/container/1/${name}`,
        tags: ["latest"],
      });
      expect([cache(answer), upstream.count(`GET /v2/${name}/tags/list`)]).toEqual(["hit", 1]);
    });

    test.skipIf(isLacking)("for a list of tags that was stale", async () => {
      await start();
      const pull = () => weir.tags(name);
      await pull();
      weir.clock.step(25 * hour);
      await weir.token(name);
      const answer = await overtaken("find", pull, pull);
      expect([cache(answer), upstream.count(`GET /v2/${name}/tags/list`)]).toEqual(["hit", 2]);
    });

    test.skipIf(isLacking).each(["entries", "find"] as const)(
      "for a list of referrers (%s)",
      async (question) => {
        const subject = buildImage();
        upstream.image(name, "signed", subject);
        upstream.image(name, "signature", buildImage({ subject }));
        await start();
        const pull = () => weir.referrers(name, subject.digest);
        const answer = await overtaken(question, pull, pull);
        expect(((await answer.json()) as { manifests: unknown[] }).manifests).toHaveLength(1);
        const lists = `GET /v2/${name}/referrers/*`;
        expect([cache(answer), upstream.count(lists)]).toEqual(["hit", 1]);
      },
    );
  });

  test.skipIf(isLacking)(
    "asks for what was brought and is gone again, and for what was not brought",
    async () => {
      await start();
      await weir.manifest(name, "latest");
      const pull = () => weir.blob(name, digest);
      const answer = await overtaken("hasSeen", pull, async () => {
        await fill();
        const purge = "/virtual_registries/container/upstreams/1/cache";
        await weir.api("DELETE", purge, undefined, 204);
      });
      expect([digestOf(await answer.bytes()), cache(answer)]).toEqual([digest, "miss"]);
      expect(upstream.count(blobs)).toBe(2);
    },
  );

  test.skipIf(isLacking)(
    "a blob that has come while other upstreams were asked first is not asked for again",
    async () => {
      const first = await FakeUpstream.start();
      const gate = new Gate();
      first.fault("HEAD /v2/*/blobs/*", { gate, times: 1 });
      const registry = { ask: "parallel" as const };
      await start({ upstreams: [{ fake: first }, { fake: upstream }], registry });
      const late = weir.blob(name, digest);
      await gate.arrived();
      await fill();
      gate.open();
      const answer = await late;
      expect(digestOf(await answer.bytes())).toBe(digest);
      await first.stop();
      const gets = upstream.count(`GET /v2/${name}/blobs/${digest}`);
      expect([cache(answer), gets]).toEqual(["collapsed", 1]);
    },
  );

  test.skipIf(isLacking)(
    "many who may read a blob if their upstream confirms it ask that once",
    async () => {
      const elsewhere = "library/elsewhere";
      upstream.image(elsewhere, "latest", buildImage({ layers: [bytes] }));
      await start();
      for (const repository of [elsewhere, name]) await weir.manifest(repository, "latest");
      await (await weir.blob(elsewhere, digest)).bytes();
      await weir.settled(elsewhere, digest);
      const gate = new Gate();
      upstream.fault(blobs, { gate });
      const before = await weir.begun();
      const pulls = Array.from({ length: 8 }, () => weir.blob(name, digest));
      await gate.arrived();
      await weir.waiting(before, 8);
      gate.open();
      for (const answer of await Promise.all(pulls))
        expect(digestOf(await answer.bytes())).toBe(digest);
      expect(upstream.count(blobs)).toBe(1);
    },
  );

  test.skipIf(isLacking)(
    "a list that one upstream has given is not asked for again while another one is waited for",
    async () => {
      const second = await FakeUpstream.start();
      second.image(name, "old");
      const gate = new Gate();
      second.fault("GET /v2/*/tags/list", { gate });
      await start({ upstreams: [{ fake: upstream }, { fake: second }] });
      const one = weir.tags(name);
      await gate.arrived();
      const before = await weir.begun();
      const other = weir.tags(name);
      await weir.waiting(before, 1);
      gate.open();
      for (const list of await Promise.all([one, other])) {
        expect(((await list.json()) as { tags: string[] }).tags).toEqual(["latest", "old"]);
      }
      const asked = [upstream, second].map((fake) => fake.count(`GET /v2/${name}/tags/list`));
      await second.stop();
      expect(asked).toEqual([1, 1]);
    },
  );
});
