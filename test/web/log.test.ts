import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Pull } from "../../web/api/live.ts";
import { explainPath, imageText, livePath } from "../../web/api/paths.ts";
import { imageTyped } from "../../web/screens/explain/typed.ts";
import { decisionText, saidOf } from "../../web/screens/explain/words.ts";
import {
  heard,
  type Log,
  mostLines,
  newIn,
  newText,
  read,
  skipped,
} from "../../web/screens/live/log.ts";
import { wantedOf } from "../../web/screens/live/wanted.ts";

const error = { code: "denied", message: "no", next: "yes" };
const pull = (sequence: number, process = "aaaa", isFailed = false): Pull =>
  ({ id: `${process}-${sequence.toString(36)}`, error: isFailed ? error : null }) as Pull;
/** The list that the server gives of these. */
const listed = (sequences: number[], process?: string) =>
  [...sequences].sort((a, b) => b - a).map((sequence) => pull(sequence, process));
const shown = (log: Log) =>
  log.map((line) => {
    if (line.kind === "pull") return line.pull.id;
    return line.kind === "gap" ? line.pulls : "restart";
  });

describe("the live log", () => {
  test("has each pull once, the newest first, however list and stream come together", () => {
    const all = Array.from({ length: 40 }, (_, i) => i + 1);
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
        fc.integer({ min: 0, max: 40 }),
        (isMissed, readAt) => {
          let log: Log = [];
          all.forEach((sequence, i) => {
            if (i === readAt) log = read(log, listed(all.slice(0, i)));
            if (!isMissed[i]) log = heard(log, pull(sequence));
          });
          log = read(log, listed(all));
          expect(shown(log)).toEqual(listed(all).map(({ id }) => id));
        },
      ),
    );
  });

  test("tells how many it was not told, until the list has them", () => {
    let log = heard([], pull(1));
    log = skipped(skipped(log, 3), 4);
    log = heard(log, pull(9));
    expect(shown(log)).toEqual(["aaaa-9", 7, "aaaa-1"]);
    expect(shown(read(log, listed([8, 9])))).toEqual(["aaaa-9", "aaaa-8", 7, "aaaa-1"]);
    const whole = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    expect(shown(read(log, listed(whole)))).toEqual(listed(whole).map(({ id }) => id));
  });

  test("keeps what was before a restart, below it", () => {
    const log = heard([], pull(7));
    const wanted = ["bbbb-1", "restart", "aaaa-7"];
    expect(shown(heard(log, pull(1, "bbbb")))).toEqual(wanted);
    expect(shown(read(log, listed([1], "bbbb")))).toEqual(wanted);
    expect(shown(read(heard(log, pull(2, "bbbb")), listed([1, 2], "bbbb")))).toEqual([
      "bbbb-2",
      ...wanted,
    ]);
    expect(shown(read(log, []))).toEqual(["aaaa-7"]);
  });

  test("has an end, and says how much is new", () => {
    let log: Log = [];
    for (let i = 1; i <= mostLines + 50; i++) log = heard(log, pull(i));
    expect(log).toHaveLength(mostLines);
    const more = skipped(heard(heard(log, pull(900)), pull(901, "aaaa", true)), 5);
    expect(newIn(more, log)).toEqual({ pulls: 7, failed: 1 });
    expect(newText(newIn(more, log))).toBe("7 more pulls, 1 of them failed");
    expect(newText({ pulls: 1, failed: 0 })).toBe("1 more pull");
    expect(newIn(log, log).pulls).toBe(0);
  });
});

test("filters of an address are those that can be; the address has them", () => {
  const wanted = { registry_id: 3, upstream_id: 7, repository: "library/**", failed: "true" };
  const path = livePath(wanted as never);
  expect(wantedOf(new URL(path, "http://x").searchParams)).toEqual(wanted as never);
  expect(wantedOf(new URLSearchParams("registry_id=a&upstream_id=-1&failed=1"))).toEqual({});
  expect(livePath({})).toBe("/live");
});

test("an image is typed as one has it: a name, a whole name, an address", () => {
  const digest = `sha256:${"a".repeat(64)}`;
  const name = "localhost:5000/virtual_registries/container/12/library/alpine:3.20";
  expect(imageTyped(" alpine ")).toEqual({ image: "alpine", registry: undefined });
  expect(imageTyped(name)).toEqual({ image: "library/alpine:3.20", registry: 12 });
  expect(imageTyped(`docker://${name}@${digest}`)).toEqual({
    image: `library/alpine:3.20@${digest}`,
    registry: 12,
  });
  expect([imageText("a/b", "1"), imageText("a/b", digest)]).toEqual(["a/b:1", `a/b@${digest}`]);
  expect(explainPath(1, "a/b:1")).toBe("/explain?registry=1&image=a%2Fb%3A1");
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(imageTyped(text).image.length).toBeLessThanOrEqual(text.length);
    }),
  );
});

test("every decision and every answer of an upstream has words", () => {
  const decision = { status: "refused", upstream: null, digest: null, reason: null, next: null };
  const planned = {
    upstream_id: 1,
    upstream: "hub",
    position: 1,
    repository: "a",
    denied_by: null,
    cached: null,
    says: null,
    next: null,
  };
  const reasons = ["absent everywhere", "denied by rule", "no upstreams", "hub: timeout"];
  const texts = reasons.map((reason) => decisionText({ ...decision, reason }));
  expect(new Set(texts).size).toBe(reasons.length);
  expect(decisionText({ ...decision, status: "hit" })).toContain("from the cache");
  const says = [null, "found", "absent", "timeout", "unreachable", "blocked", "something new"];
  const words = says.map((each) => saidOf({ ...planned, says: each }, decision).sentence);
  expect(new Set(words).size).toBe(says.length);
  const rule = { target: "tag", effect: "deny", pattern: "latest" } as const;
  expect(saidOf({ ...planned, denied_by: rule }, decision).sentence).toContain("tag latest");
});
