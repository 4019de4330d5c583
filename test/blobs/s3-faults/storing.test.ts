import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { StoreFullError } from "../../../src/blobs/contract.ts";
import { Orphans } from "../../../src/blobs/s3/orphans.ts";
import { createLog } from "../../../src/lib/log.ts";
import { sampleBytes } from "../../fakes/image.ts";
import { errorDocument, type Fault } from "../../fakes/s3-faults.ts";
import { bucketOf } from "../../fakes/s3-server.ts";
import { until } from "../../fakes/until.ts";
import { contentOf } from "../../suites/blobs.ts";
import {
  aBucketThat,
  all,
  blobs,
  bytes,
  clock,
  completing,
  deny,
  digest,
  failureOf,
  faults,
  lines,
  MiB,
  objects,
  open,
  opened,
  parts,
  prefix,
  read,
  server,
  small,
  smallDigest,
  spooled,
  store,
  testBroken,
  uploads,
} from "./broken-bucket.ts";

aBucketThat(() => {
  test("works: parts go up while the fill runs, signed and summed; nothing is there before the end", async () => {
    const spool = await spooled(bytes);
    await until(() => faults.count("PUT", parts) === 2);
    expect(await objects()).toEqual([]);
    expect(await blobs.find(digest, bytes.length)).toBeUndefined();
    await spool.commit(digest, true);
    await spool.discard();
    await spool.close();
    expect(await read()).toEqual(bytes);
    expect(await uploads()).toEqual([]);
    expect(readdirSync(opened.spool)).toEqual([]);
    const [first] = faults.seen.filter(({ method, path }) => method === "PUT" && parts.test(path));
    const sum = new Bun.CryptoHasher("sha256").update(bytes.subarray(0, 5 * MiB)).digest();
    expect(first?.headers.get("x-amz-content-sha256")).toBe(sum.toString("hex"));
    expect(first?.headers.get("x-amz-checksum-sha256")).toBe(sum.toString("base64"));
    expect([faults.count("PUT"), faults.count("POST")]).toEqual([3, 2]);
  });

  test("works: a small blob is one request, and a hit is one request", async () => {
    await store(small);
    expect(faults.seen.map(({ method }) => method)).toEqual(["PUT"]);
    expect(await contentOf(await blobs.open(smallDigest, small.length, all))).toEqual(small);
    expect(faults.seen.map(({ method }) => method)).toEqual(["PUT", "GET"]);
  });

  test("works: what is given up leaves no upload", async () => {
    const spool = await spooled(bytes);
    await until(() => faults.count("PUT", parts) === 2);
    await spool.discard();
    await spool.close();
    await until(() => faults.count("DELETE", completing) === 1);
    await until(async () => (await uploads()).length === 0);
    expect(await objects()).toEqual([]);
  });

  test("loses a part's connection: the part goes again", async () => {
    let cuts = 0;
    faults.fault = ({ path }) => {
      if (!/partNumber=2/.test(path) || cuts++ > 0) return undefined;
      return Promise.reject(new Error("cut"));
    };
    await store(bytes);
    expect(faults.count("PUT", /partNumber=2/)).toBe(2);
    expect(faults.count("PUT", /partNumber=1/)).toBe(1);
    expect(await read()).toEqual(bytes);
  });

  test("asks to slow down: it is waited for as long as it says", async () => {
    let asked = 0;
    faults.fault = ({ method }) =>
      method === "PUT" && asked++ === 0
        ? Promise.resolve(errorDocument(503, "SlowDown", { "retry-after": "3" }))
        : undefined;
    const stored = store(small);
    await until(() => lines.some((line) => line.includes('"code":"SlowDown"')));
    clock.step(2_900);
    await Bun.sleep(20);
    expect(faults.count("PUT")).toBe(1);
    clock.step(200);
    await stored;
    expect(faults.count("PUT")).toBe(2);
  });

  testBroken(
    "takes no more requests for the moment: what it has turned away is asked again later",
    async () => {
      await server.restart("--max-requests", "1");
      const leave = await server.occupy();
      const waiting = await open({}, { random: () => 1 });
      const spool = await waiting.blobs.spool(smallDigest, small.length);
      await spool.append(small);
      const stored = spool.commit(smallDigest, true);
      await until(() => clock.isDue(500));
      expect(lines.at(-1)).toContain('"code":"SlowDown"');
      leave();
      await until(() => server.isIdle());
      clock.step(500);
      await stored;
      await spool.close();
      await waiting.close();
      expect(await contentOf(await blobs.open(smallDigest, small.length, all))).toEqual(small);
    },
  );

  testBroken(
    "is killed in the middle of an upload, and started again: it is gone on with",
    async () => {
      const waiting = await open({}, { random: () => 1 });
      const begun = Promise.withResolvers<void>();
      const killed = Promise.withResolvers<void>();
      faults.fault = ({ path }, pass) => {
        if (!/partNumber=2/.test(path)) return undefined;
        begun.resolve();
        return killed.promise.then(pass);
      };
      const spool = await waiting.blobs.spool(digest, bytes.length);
      await spool.append(bytes);
      await begun.promise;
      await server.kill();
      faults.fault = undefined;
      killed.resolve();
      const committed = spool.commit(digest, true);
      await until(() => clock.isDue(500));
      expect(lines.at(-1)).toContain("bucket is asked again");
      await server.heal();
      let isOver = false;
      void committed.finally(() => (isOver = true)).catch(() => undefined);
      // Part after part may have to be sent again, each after half a second.
      await until(() => {
        if (clock.isDue(500)) clock.step(500);
        return isOver;
      });
      await committed;
      await spool.discard();
      await spool.close();
      await waiting.close();
      expect(await read()).toEqual(bytes);
      expect(await uploads()).toEqual([]);
    },
  );

  test("has lost an upload half way: nothing is stored, and the next fill is", async () => {
    const spool = await spooled(bytes);
    await until(() => faults.count("PUT", parts) === 2);
    const [upload] = await uploads();
    await server.bucket(prefix).multipart.abort(upload?.key ?? "", upload?.uploadId ?? "");
    expect(await failureOf(spool.commit(digest, true))).toBeInstanceOf(StoreFullError);
    await spool.discard();
    await spool.close();
    expect(await objects()).toEqual([]);
    await store(bytes);
    expect(await read()).toEqual(bytes);
    await until(async () => (await uploads()).length === 0);
  });

  test("fails to complete, or says so in a 200: it is asked again", async () => {
    const answers = [
      () => errorDocument(500, "InternalError"),
      () => errorDocument(200, "InternalError"),
    ];
    faults.fault = ({ method, path }) => {
      const next = method === "POST" && completing.test(path) ? answers.shift() : undefined;
      return next && Promise.resolve(next());
    };
    await store(bytes);
    expect(faults.count("POST", completing)).toBe(3);
    expect(await read()).toEqual(bytes);
  });

  test("never completes: nothing is stored, and no upload stays", async () => {
    faults.fault = ({ method, path }) =>
      method === "POST" && completing.test(path)
        ? Promise.resolve(errorDocument(200, "InternalError"))
        : undefined;
    expect(await failureOf(store(bytes))).toBeInstanceOf(StoreFullError);
    expect(faults.count("POST", completing)).toBe(5);
    await until(async () => (await uploads()).length === 0);
    expect(await objects()).toEqual([]);
  });

  test("has completed though its answer was lost: that is seen", async () => {
    let lost = 0;
    faults.fault = ({ method, path }, pass) => {
      if (method !== "POST" || !completing.test(path) || lost++ > 0) return undefined;
      return pass().then(() => errorDocument(500, "InternalError"));
    };
    await store(bytes);
    expect(await read()).toEqual(bytes);
  });

  testBroken(
    "denies writing: fills are not begun for a while, reading goes on, and it is tried again",
    async () => {
      await store(small);
      await server.restart("--readonly");
      for (const seed of [11, 12, 13]) {
        expect(await failureOf(store(sampleBytes(100, seed)))).toBeInstanceOf(StoreFullError);
      }
      const asked = faults.count("PUT");
      expect(blobs.spool(digest, 1)).rejects.toThrow("the bucket denies access");
      expect(faults.count("PUT")).toBe(asked);
      expect(await contentOf(await blobs.open(smallDigest, small.length, all))).toEqual(small);
      expect(await blobs.ready()).toEqual({
        ready: true,
        reason: "the bucket denies access: see the credentials and its policy",
      });
      await server.heal();
      clock.step(60_000);
      await store(bytes);
      expect(await blobs.ready()).toEqual({ ready: true });
      expect(await read()).toEqual(bytes);
    },
  );

  test("is given the same by two servers at once: both are content", async () => {
    const other = await open();
    const spools = [await spooled(bytes), await other.blobs.spool(digest, bytes.length)];
    await spools[1]?.append(bytes);
    await Promise.all(spools.map((spool) => spool.commit(digest, true)));
    for (const spool of spools) {
      await spool.discard();
      await spool.close();
    }
    await other.close();
    expect(await read()).toEqual(bytes);
    expect(await uploads()).toEqual([]);
    const ends = faults.seen.filter(
      ({ path, method }) => method === "POST" && completing.test(path),
    );
    expect(ends.map(({ headers }) => headers.get("if-none-match"))).toEqual(["*", "*"]);
  });

  test("does not know conditions: it is asked without", async () => {
    faults.fault = ({ headers }) =>
      headers.get("if-none-match")
        ? Promise.resolve(errorDocument(501, "NotImplemented"))
        : undefined;
    await store(small);
    await store(bytes);
    expect(faults.seen.filter(({ headers }) => headers.get("if-none-match"))).toHaveLength(1);
    expect(await read()).toEqual(bytes);
  });

  /** Uploads of keys that end in `old` are said to have been begun long ago. */
  const aged: Fault = ({ path }, pass) =>
    /\?.*uploads=/.test(path)
      ? pass().then(async (answer) => {
          const text = (await answer.text()).replace(/<Upload>[^]*?<\/Upload>/g, (upload) =>
            /old\d*<\/Key>/.test(upload)
              ? upload.replace(/<Initiated>[^<]*/, "<Initiated>2026-01-01T00:00:00Z")
              : upload,
          );
          return new Response(text);
        })
      : undefined;

  test("has uploads that were left behind: the old ones below our prefix are aborted, and no others", async () => {
    const bucket = server.bucket(prefix);
    await bucket.multipart.begin(`${prefix}/blobs/sha256/aa/old`);
    await bucket.multipart.begin(`${prefix}/blobs/sha256/aa/young`);
    await bucket.multipart.begin(`${prefix}/else/old`);
    faults.fault = aged;
    clock.step(30_000);
    await until(() => lines.some((line) => line.includes("left behind are aborted")));
    const left = (await uploads()).map(({ key }) => key.slice(prefix.length));
    expect(left.sort()).toEqual(["/blobs/sha256/aa/young", "/else/old"]);
  });

  test("has more of them than a page: all are looked through, each page once, and one that fails holds up no others", async () => {
    const bucket = server.bucket(prefix);
    const names = ["old1", "old2", "old3", "young1", "young2", "young3", "old4", "old4", "old5"];
    // By their keys the young ones stand between the old ones, more than a page of them.
    const keys = names.map((name, i) => `${prefix}/blobs/sha256/aa/${Math.min(i, 7)}-${name}`);
    for (const key of [...keys.slice(0, 7), keys[6]!, keys[8]!]) await bucket.multipart.begin(key);
    faults.fault = aged;
    const log = createLog(clock, "info", {
      write: (line) => void lines.push(line),
      async flush() {},
    });
    const asked = bucketOf(server.settings(prefix, faults.endpoint));
    const around = { bucket: asked, prefix: `${prefix}/blobs/`, clock, log, pageUploads: 2 };
    const orphans = new Orphans(around);
    faults.fault = (request, pass) =>
      request.method === "DELETE" && request.path.includes("old3") ? deny() : aged(request, pass);
    const pages = faults.count("GET", /[?&]uploads=/);
    await orphans.run();
    expect(await uploads()).toHaveLength(4);
    expect(lines.at(-2)).toContain('"code":"AccessDenied","uploads":1');
    expect(lines.at(-1)).toContain('"uploads":5');
    // Nine by two, no page twice, and the one that fails makes it no more.
    expect(faults.count("GET", /[?&]uploads=/) - pages).toBe(5);
    faults.fault = aged;
    await orphans.run();
    expect(lines.at(-1)).toContain('"uploads":1');
    expect((await uploads()).map(({ key }) => key.slice(-6)).sort()).toEqual([
      "young1",
      "young2",
      "young3",
    ]);
  });

  test("encrypts: new objects say with what", async () => {
    const encryption = { algorithm: "aws:kms", kmsKey: "a-key" } as const;
    const encrypting = await open({ encryption, checksums: false });
    faults.fault = () => Promise.resolve(new Response(null, { headers: { etag: '"x"' } }));
    const spool = await encrypting.blobs.spool(smallDigest, small.length);
    await spool.append(small);
    await spool.commit(smallDigest, true);
    await spool.discard();
    await spool.close();
    await encrypting.close();
    const { headers } = faults.seen.at(-1)!;
    expect(headers.get("x-amz-server-side-encryption")).toBe("aws:kms");
    expect(headers.get("x-amz-server-side-encryption-aws-kms-key-id")).toBe("a-key");
    expect(headers.get("x-amz-checksum-sha256")).toBeNull();
  });

  test("encrypts: an upload says it where it begins, and so does a copy that is put aside", async () => {
    const encryption = { algorithm: "AES256", kmsKey: undefined } as const;
    const encrypting = await open({ encryption });
    const spool = await encrypting.blobs.spool(digest, bytes.length);
    await spool.append(bytes);
    await spool.commit(digest, true);
    await spool.discard();
    await spool.close();
    const stored = await encrypting.blobs.stat(digest);
    if (!stored) throw new Error("it is not stored");
    expect(await encrypting.blobs.quarantine(stored)).toBe(true);
    await encrypting.close();
    const told = faults.seen
      .filter(({ headers }) => headers.get("x-amz-server-side-encryption") === "AES256")
      .map(({ method, path, headers }) => [
        method,
        path.split("?")[1]?.replace(/=$/, ""),
        headers.has("x-amz-copy-source"),
      ]);
    expect(told).toEqual([
      ["POST", "uploads", false],
      ["PUT", undefined, true],
    ]);
  });
});
