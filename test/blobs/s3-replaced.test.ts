import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { StoreFullError } from "../../src/blobs/contract.ts";
import { digestOf, hexOf } from "../../src/oci/digest.ts";
import { sampleBytes } from "../fakes/image.ts";
import { errorDocument, type Fault, S3Faults } from "../fakes/s3-faults.ts";
import { hasS3, openBucketStore, S3Server, s3Test } from "../fakes/s3-server.ts";
import { contentOf } from "../suites/blobs.ts";

const MiB = 1 << 20;
const all = { range: undefined, as: "bytes" } as const;

if (!hasS3) s3Test("what others do in a bucket meanwhile", () => {});

describe.skipIf(!hasS3)("a bucket in which others", () => {
  let server: S3Server;
  let faults: S3Faults;
  let opened: Awaited<ReturnType<typeof openBucketStore>>;
  let blobs: typeof opened.blobs;
  let prefix: string;
  // A part and a rest.
  const bytes = sampleBytes(5 * MiB + 1, 3);
  const wrong = sampleBytes(bytes.length, 4);
  const small = sampleBytes(1000, 5);
  const digest = digestOf(bytes);

  beforeEach(async () => {
    server ??= await S3Server.start();
    faults = await S3Faults.start(server.endpoint);
    prefix = crypto.randomUUID();
    opened = await openBucketStore(server.settings(prefix, faults.endpoint), {
      partBytes: 5 * MiB,
    });
    blobs = opened.blobs;
  });
  afterEach(async () => {
    await opened.close();
    await faults.stop();
  });
  afterAll(() => server?.stop());

  /** Past what stands before the server: what others do. */
  async function put(content: Uint8Array): Promise<void> {
    const hex = hexOf(digest);
    const sha256 = new Bun.CryptoHasher("sha256").update(content).digest();
    const key = `${prefix}/blobs/sha256/${hex.slice(0, 2)}/${hex}`;
    await server.bucket(prefix).put(key, { bytes: content, sha256 }, { isNew: false });
  }

  /** Stores the blob, of which nothing is on record. */
  async function store(): Promise<void> {
    const spool = await blobs.spool(digest, bytes.length);
    await spool.append(bytes);
    try {
      await spool.commit(digest, false);
    } finally {
      await spool.discard();
      await spool.close();
    }
  }

  const read = async () => contentOf(await blobs.open(digest, bytes.length, all));

  /** Each time the upload is to be completed, one of these comes first. */
  function completing(...answers: ((pass: () => Promise<Response>) => Promise<Response>)[]): Fault {
    return ({ method, path }, pass) =>
      method === "POST" && /\?uploadId=/.test(path) ? answers.shift()?.(pass) : undefined;
  }
  const over = async () => errorDocument(404, "NoSuchUpload");
  const lost = (pass: () => Promise<Response>) =>
    pass().then(() => errorDocument(500, "InternalError"));

  test("have ended an upload: another object in its place is not taken for it, though it has its size", async () => {
    await put(wrong);
    faults.fault = completing(over);
    expect(await store().catch((error: unknown) => error)).toBeInstanceOf(StoreFullError);
    expect(faults.count("POST", /\?uploadId=/)).toBe(1);
    faults.fault = undefined;
    await store();
    expect(await read()).toEqual(bytes);
  });

  test("do nothing: an upload whose end was not heard of is known by what it left", async () => {
    faults.fault = completing(lost, over);
    await store();
    expect(await read()).toEqual(bytes);
    expect(faults.count("POST", /\?uploadId=/)).toBe(2);
  });

  test("do nothing, and it is told of its own object that it was there before: that is known too", async () => {
    faults.fault = completing(lost, async () => errorDocument(412, "PreconditionFailed"), over);
    await store();
    expect(await read()).toEqual(bytes);
    expect(faults.count("POST", /\?uploadId=/)).toBe(3);
  });

  /** In the moment of a deletion others store `content`. */
  const replacing =
    (content: Uint8Array): Fault =>
    ({ method }, pass) =>
      method === "DELETE" ? put(content).then(pass) : undefined;

  test("store the right one in the moment in which a wrong one that was put aside goes: it stays", async () => {
    await put(wrong);
    const found = (await blobs.stat(digest))!;
    faults.fault = replacing(bytes);
    expect(await blobs.quarantine(found)).toBe(false);
    expect(faults.count("DELETE")).toBe(1);
    expect(await read()).toEqual(bytes);
  });

  test("store the right one in the moment in which one of another size goes: it stays", async () => {
    const asks = [
      () => blobs.find(digest, bytes.length),
      () => blobs.open(digest, bytes.length, all),
    ];
    for (const ask of asks) {
      await put(small);
      faults.fault = replacing(bytes);
      expect(await ask()).toBeFalsy();
      expect(await read()).toEqual(bytes);
    }
    expect(faults.count("DELETE")).toBe(2);
  });

  test("do nothing, and it does not know conditions of deletions: it is asked without, once for all", async () => {
    faults.fault = ({ method, headers }) =>
      method === "DELETE" && headers.get("if-match")
        ? Promise.resolve(errorDocument(501, "NotImplemented"))
        : undefined;
    for (let i = 0; i < 2; i++) {
      await put(small);
      expect(await blobs.find(digest, bytes.length)).toBeUndefined();
      expect(await blobs.stat(digest)).toBeUndefined();
    }
    expect(faults.count("DELETE")).toBe(3);
  });
});
