import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { systemClock } from "../../src/lib/clock.ts";
import { deriveKey, keyId } from "../../src/lib/keys.ts";
import { createLog, failureCode } from "../../src/lib/log.ts";
import { LruMap } from "../../src/lib/lru.ts";
import { createSealer } from "../../src/lib/seal.ts";
import { hashSecret, isWellFormedSecret, newSecret } from "../../src/lib/secret.ts";
import { SingleFile } from "../../src/lib/single-file.ts";
import { SingleFlight } from "../../src/lib/single-flight.ts";
import { SteppedClock } from "../fakes/clock.ts";

describe("SingleFile", () => {
  test("one after another where the key is the same, whatever became of the one before", async () => {
    const file = new SingleFile();
    const order: string[] = [];
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
    const work = (name: string, gate: Promise<void>) => async () => {
      order.push(`${name} begins`);
      await gate;
      order.push(`${name} ends`);
      return name;
    };
    const first = file.do("a", work("first", gates[0].promise));
    const second = file.do("a", work("second", gates[1].promise));
    const other = file.do("b", work("other", Promise.resolve()));
    expect(await other).toBe("other");
    gates[1].resolve();
    expect(order).toEqual(["first begins", "other begins", "other ends"]);
    gates[0].reject(new Error("broken"));
    expect(first).rejects.toThrow("broken");
    expect(await second).toBe("second");
    expect(order.slice(3)).toEqual(["second begins", "second ends"]);
    expect(await file.do("a", work("later", Promise.resolve()))).toBe("later");
  });
});

describe("SingleFlight", () => {
  test("callers of one key share a run and its result, and the key is free afterwards", async () => {
    const flights = new SingleFlight<number>();
    const gate = Promise.withResolvers<void>();
    let runs = 0;
    const work = async () => {
      await gate.promise;
      return ++runs;
    };
    const all = [flights.do("a", work), flights.do("a", work), flights.do("b", work)];
    gate.resolve();
    expect(await Promise.all(all)).toEqual([1, 1, 2]);
    expect(await flights.do("a", work)).toBe(3);
  });

  test("a failure reaches everyone, and is not remembered", async () => {
    const flights = new SingleFlight<string>();
    const fail = () => Promise.reject(new Error("no"));
    const results = await Promise.allSettled([flights.do("a", fail), flights.do("a", fail)]);
    expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await flights.do("a", async () => "yes")).toBe("yes");
  });
});

describe("LruMap", () => {
  test("never holds more than its capacity, and keeps what was used lately", () => {
    const uses = fc.array(fc.tuple(fc.boolean(), fc.nat(20)), { maxLength: 200 });
    fc.assert(
      fc.property(uses, fc.integer({ min: 2, max: 12 }), (all, capacity) => {
        const map = new LruMap<number, number>(capacity);
        const recent: number[] = []; // keys in order of use, the latest last
        for (const [isWrite, key] of all) {
          if (isWrite) map.set(key, key);
          const found = map.get(key);
          const kept = recent.slice(-Math.floor(capacity / 2)).includes(key);
          if (isWrite || kept) expect(found).toBe(key);
          if (found === undefined) continue;
          if (recent.includes(key)) recent.splice(recent.indexOf(key), 1);
          recent.push(key);
          expect(map.size).toBeLessThanOrEqual(capacity);
        }
      }),
    );
  });

  test("forgets at a word", () => {
    const map = new LruMap<string, number>(4);
    map.set("a", 1);
    map.set("b", 2);
    map.delete("a");
    expect([map.get("a"), map.get("b")]).toEqual([undefined, 2]);
    map.clear();
    expect([map.get("b"), map.size]).toEqual([undefined, 0]);
  });
});

describe("Sealer", () => {
  const sealer = createSealer(deriveKey("a secret", "test"));

  test("opens what it sealed, in the same context only", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.string(), async (text, context) => {
        const sealed = await sealer.seal(text, context);
        expect(await sealer.open(sealed, context)).toBe(text);
        expect(await sealer.open(sealed, `${context}!`)).toBeUndefined();
      }),
      { numRuns: 30 },
    );
  });

  test("a former key opens what it sealed, and seals nothing more", async () => {
    const [old, key] = [deriveKey("former", "test"), deriveKey("present", "test")];
    const sealed = await createSealer(old).seal("text", "here");
    const both = createSealer(key, old);
    expect([await both.open(sealed, "here"), both.isCurrent(sealed)]).toEqual(["text", false]);
    const anew = await both.seal("text", "here");
    expect([await createSealer(key).open(anew, "here"), both.isCurrent(anew)]).toEqual([
      "text",
      true,
    ]);
    expect(await createSealer(old).open(anew, "here")).toBeUndefined();
    expect(both.isCurrent("nonsense")).toBe(false);
  });

  test("another key, an altered text or nonsense opens nothing", async () => {
    const sealed = await sealer.seal("text", "here");
    expect(await createSealer(deriveKey("other", "test")).open(sealed, "here")).toBeUndefined();
    const last = sealed.endsWith("A=") ? "E=" : "A=";
    for (const wrong of ["", "v1", "v2.a.b.c", sealed.slice(0, -2) + last, `${sealed}~`]) {
      expect(await sealer.open(wrong, "here")).toBeUndefined();
    }
  });
});

test("keys of different purposes and secrets differ, and so do their ids", () => {
  const keys = [deriveKey("a", "x"), deriveKey("a", "y"), deriveKey("b", "x")];
  expect(new Set(keys.map((key) => key.toHex())).size).toBe(3);
  expect(new Set(keys.map(keyId)).size).toBe(3);
});

describe("secrets", () => {
  test("are random, well formed, and not so when a character changes", () => {
    const secret = newSecret("weir_pat_");
    expect(newSecret("weir_pat_")).not.toBe(secret);
    expect(isWellFormedSecret(secret, "weir_pat_")).toBe(true);
    expect(isWellFormedSecret(secret, "weir_gat_")).toBe(false);
    for (let i = 9; i < secret.length; i++) {
      const changed = secret.slice(0, i) + (secret[i] === "x" ? "y" : "x") + secret.slice(i + 1);
      expect(isWellFormedSecret(changed, "weir_pat_")).toBe(false);
    }
    expect(hashSecret("abc")).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  });
});

describe("Log", () => {
  test("writes one JSON object a line, whatever the text, with the clock's time", () => {
    const lines: string[] = [];
    const clock = new SteppedClock(0);
    const log = createLog(clock, "info", {
      write: (line) => void lines.push(line),
      async flush() {},
    });
    log.debug("not shown");
    log.warn("strange", { text: 'a\n"b"\u0000\u2028', none: undefined });
    expect(lines).toHaveLength(1);
    expect(lines[0]?.trimEnd()).not.toContain("\n");
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      level: "warn",
      time: "1970-01-01T00:00:00.000Z",
      text: 'a\n"b"\u0000\u2028',
      message: "strange",
    });
  });

  test("a failure is told by its code, never by its text", () => {
    expect(failureCode(Object.assign(new Error("https://secret/"), { code: "ENOSPC" }))).toBe(
      "ENOSPC",
    );
    expect(failureCode(new TypeError("https://secret/"))).toBe("TypeError");
    expect(failureCode("https://secret/")).toBe("string");
  });
});

test("the system's clock calls back, unless cancelled", async () => {
  let cancelled = false;
  systemClock.after(1, () => (cancelled = true)).cancel();
  const { promise, resolve } = Promise.withResolvers<void>();
  systemClock.after(2, resolve);
  const keepAlive = setInterval(() => undefined, 50);
  await promise;
  clearInterval(keepAlive);
  expect(cancelled).toBe(false);
});
