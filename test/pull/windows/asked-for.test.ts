import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { connect } from "node:net";
import { digestOf } from "../../../src/oci/digest.ts";
import { type Fault, sampleBytes } from "../../fakes/upstream.ts";
import {
  blobGets,
  bytesOf,
  digest,
  forEachTest,
  holdFill,
  MiB,
  name,
  ranged,
  restart,
  size,
  status,
  upstream,
  weir,
  wholeGets,
} from "./rig.ts";

forEachTest();

describe("what is asked for", () => {
  const cold = async (Range: string, more: Record<string, string> = {}) =>
    weir.blob(name, digest, { headers: { Range, ...more } });

  test("beyond the end: 416 with the size, and nothing is begun", async () => {
    for (const Range of [
      `bytes=${size}-`,
      `bytes=${size}-${size + 9}`,
      "bytes=-0",
      "bytes=9999999999999999-",
    ]) {
      const answer = await cold(Range);
      expect([answer.status, answer.headers.get("content-range")]).toEqual([
        416,
        `bytes */${size}`,
      ]);
      expect(await answer.json()).toMatchObject({
        errors: [{ code: "UNSUPPORTED", message: `the blob has ${size} bytes` }],
      });
    }
    expect(upstream.count("GET *blobs*")).toBe(0);
    expect(readdirSync(weir.folder("spool"))).toEqual([]);
    // While a fill runs nobody is asked, and none of its readers is left behind.
    const heads = upstream.count("HEAD *");
    const tap = holdFill();
    tap.release(MiB);
    const whole = await weir.blob(name, digest);
    expect((await cold(`bytes=${size}-`)).status).toBe(416);
    expect([upstream.count("HEAD *"), wholeGets()]).toEqual([heads, 1]);
    tap.open();
    expect(digestOf(await whole.bytes())).toBe(digest);
  });

  test("beyond the end of what is not there: 404", async () => {
    upstream.remove(`/v2/${name}/blobs/${digest}`);
    expect((await cold(`bytes=${size}-`)).status).toBe(404);
  });

  test("of a blob that no manifest names: the upstream says its size first", async () => {
    const unnamed = sampleBytes(3 * MiB, 8);
    const unnamedDigest = upstream.blob(name, unnamed);
    const part = (Range: string) => weir.blob(name, unnamedDigest, { headers: { Range } });
    const beyond = await part(`bytes=${3 * MiB}-`);
    expect([beyond.status, beyond.headers.get("content-range")]).toEqual([
      416,
      `bytes */${3 * MiB}`,
    ]);
    expect(upstream.seen("* *blobs*").map(({ method }) => method)).toEqual(["HEAD"]);
    const tap = holdFill();
    const window = await part(`bytes=${2 * MiB}-${2 * MiB + 99}`);
    expect([window.status, status(window)]).toEqual([206, "window"]);
    expect(await window.bytes()).toEqual(unnamed.slice(2 * MiB, 2 * MiB + 100));
    tap.open();
    expect(await bytesOf(part("bytes=-7"))).toEqual(unnamed.slice(-7));
  });

  test.each<[what: string, fault: Fault]>([
    ["refuses HEAD", { status: 403 }],
    ["says no size", { framing: "chunked", headers: { "content-length": null } }],
  ])("the same where the upstream %s: the fill tells", async (_, fault) => {
    const unnamed = sampleBytes(3 * MiB, 8);
    const unnamedDigest = upstream.blob(name, unnamed);
    upstream.fault("HEAD *blobs*", fault);
    const Range = `bytes=${2 * MiB}-${2 * MiB + 99}`;
    const answer = await weir.blob(name, unnamedDigest, { headers: { Range } });
    expect([answer.status, await answer.bytes()]).toEqual([
      206,
      unnamed.slice(2 * MiB, 2 * MiB + 100),
    ]);
    expect(wholeGets()).toBe(1);
  });

  test("of a blob whose size nobody says: the whole", async () => {
    const unnamed = upstream.blob(name, sampleBytes(3 * MiB, 8));
    upstream.fault("* *blobs*", { framing: "chunked" });
    const answer = await weir.blob(name, unnamed, { headers: { Range: "bytes=0-9" } });
    expect([answer.status, digestOf(await answer.bytes())]).toEqual([200, unnamed]);
  });

  test.each([
    "bytes=0-9,20-29",
    "bytes=0-99,50-149",
    "bytes=9-1",
    "bytes=a-b",
    "bytes=",
    "bytes=-",
    "items=0-9",
  ])("as %p is answered with the whole", async (Range) => {
    const answer = await cold(Range);
    expect([answer.status, answer.headers.get("content-range")]).toEqual([200, null]);
    expect(digestOf(await answer.bytes())).toBe(digest);
    expect([wholeGets(), ranged().length]).toEqual([1, 0]);
  });

  test("with If-Range: the part only where it names what is served", async () => {
    const tap = holdFill();
    const Range = `bytes=${4 * MiB}-${4 * MiB + 9}`;
    const same = await cold(Range, { "If-Range": `"${digest}"` });
    expect([same.status, status(same), (await same.bytes()).length]).toEqual([206, "window", 10]);
    tap.open();
    for (const other of ['"other"', `W/"${digest}"`, "Thu, 01 Jan 2026 00:00:00 GMT", digest]) {
      const whole = await cold(Range, { "If-Range": other });
      expect([whole.status, digestOf(await whole.bytes())]).toEqual([200, digest]);
    }
  });

  test("by HEAD: the whole is described", async () => {
    const headers = { Range: "bytes=0-9" };
    const head = await weir.blob(name, digest, { method: "HEAD", headers });
    expect([head.status, head.headers.get("content-length")]).toEqual([200, String(size)]);
    expect(upstream.count(blobGets)).toBe(0);
  });

  test("over HTTP/1.0 by a trusted proxy: from the finished file, verified", async () => {
    await restart({ env: { WEIR_TRUSTED_PROXIES: "127.0.0.0/8" } });
    const socket = connect(Number(new URL(weir.url).port), "127.0.0.1");
    const path = weir.path(name, "blobs", digest);
    const token = await weir.token(name);
    socket.write(
      `GET ${path} HTTP/1.0\r\nHost: weir.test\r\nConnection: close\r\nRange: bytes=${4 * MiB}-${4 * MiB + 9}\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    );
    const parts: Uint8Array[] = [];
    for await (const part of socket) parts.push(part as Uint8Array);
    const text = Buffer.concat(parts).toString("latin1");
    expect(text).toMatch(/^HTTP\/1\.[01] 206 /);
    expect(text.toLowerCase()).toContain("content-length: 10");
    expect(text).not.toContain("window");
    expect([wholeGets(), ranged().length]).toEqual([1, 0]);
  });
});
