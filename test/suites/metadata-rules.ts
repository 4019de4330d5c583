import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { maxRules, type Rule } from "../../src/metadata/contract.ts";
import { sampleRegistry } from "../fakes/metadata-samples.ts";
import type { MetadataBench } from "./metadata.ts";

const always = { unmodifiedSince: undefined };
const deny = (pattern: string): Rule => ({ target: "repository", effect: "deny", pattern });
const invalid = (field: string, text: string) =>
  expect.objectContaining({ problem: "refused", invalid: { field, text } });

/** The rules of upstreams one by one. */
export function ruleSuite(bench: MetadataBench): void {
  const open = async () => {
    const { upstream } = await sampleRegistry(bench.metadata);
    const { management } = bench.metadata;
    const { rules, upstreams } = management;
    const listed = async () => (await rules.list(upstream.id)) ?? [];
    const ids = async () => (await listed()).map(({ id }) => id);
    const field = async () => (await upstreams.get(upstream.id))?.rules;
    return { id: upstream.id, rules, upstreams, listed, ids, field };
  };

  describe("rules", () => {
    test("are made, changed in their place and taken away; the list in the upstream says the same", async () => {
      const { id, rules, ids, field } = await open();
      await rules.create(id, deny("a/*"));
      expect(await bench.raised(() => rules.create(id, deny("b/*")))).toBe(1);
      const third = await rules.create(id, { target: "tag", effect: "allow", pattern: "v*" });
      expect(third).toEqual({
        id: 3,
        upstreamId: id,
        target: "tag",
        effect: "allow",
        pattern: "v*",
      });
      const change = () => rules.change(id, 2, { pattern: "c/*" });
      expect(await bench.raised(change)).toBe(1);
      expect(await bench.raised(change)).toBe(0);
      expect((await field())?.map(({ pattern }) => pattern)).toEqual(["a/*", "c/*", "v*"]);
      const remove = () => rules.remove(id, 1, always);
      expect(await bench.raised(remove)).toBe(1);
      expect(await remove()).toBe("absent");
      expect(await ids()).toEqual([2, 3]);
      expect(await field()).toEqual([
        deny("c/*"),
        { target: "tag", effect: "allow", pattern: "v*" },
      ]);
    });

    test("an id stays that of its rule, whatever the list says, and is none's later", async () => {
      const { id, rules, upstreams, ids, listed } = await open();
      await upstreams.change(id, { rules: [deny("a"), deny("b"), deny("c")] });
      expect(await ids()).toEqual([1, 2, 3]);
      await upstreams.change(id, { rules: [deny("c"), deny("a")] });
      expect(await ids()).toEqual([3, 1]);
      await rules.remove(id, 3);
      await upstreams.change(id, { rules: [deny("a"), deny("c")] });
      expect(await ids()).toEqual([1, 4]);
      await upstreams.change(id, { description: "else" });
      expect(await listed()).toMatchObject([
        { id: 1, pattern: "a" },
        { id: 4, pattern: "c" },
      ]);
      await upstreams.change(id, { rules: [] });
      expect((await rules.create(id, deny("a")))?.id).toBe(5);
    });

    test("one that is there, and one too many, are refused", async () => {
      const { id, rules, listed } = await open();
      const all = Array.from({ length: maxRules }, (_, i) => deny(`r${i}`));
      // More at once than there may be, and two of one kind.
      const made = await Promise.allSettled(
        [...all, deny("more"), deny("even-more")].map((rule) => rules.create(id, rule)),
      );
      expect(made.filter(({ status }) => status === "rejected")).toHaveLength(2);
      expect(await listed()).toHaveLength(maxRules);
      const text = `${maxRules} rules is the maximum allowed per upstream.`;
      expect(rules.create(id, deny("x"))).rejects.toEqual(invalid("base", text));
      await rules.remove(id, 2);
      const taken = invalid("pattern", "has already been taken");
      const { pattern = "" } = (await listed())?.at(-1) ?? {};
      expect(rules.create(id, deny(pattern))).rejects.toEqual(taken);
      expect(rules.change(id, 1, { pattern })).rejects.toEqual(taken);
    });

    test("of another upstream, or of none, are not there", async () => {
      const { id, rules } = await open();
      await rules.create(id, deny("a"));
      expect(await rules.list(999)).toBeUndefined();
      expect(await rules.create(999, deny("a"))).toBeUndefined();
      expect(await rules.change(999, 1, { effect: "allow" })).toBeUndefined();
      expect(await rules.change(id, 99, { effect: "allow" })).toBeUndefined();
      expect(await rules.get(id, 99)).toBeUndefined();
      expect(await rules.remove(999, 1)).toBe("absent");
    });

    test("whatever is done to them, ids are each rule's own, and the list is the same", async () => {
      const patterns = fc.constantFrom("a", "b", "c", "d");
      const steps = fc.array(
        fc.oneof(
          fc.record({ verb: fc.constant("add"), pattern: patterns }),
          fc.record({ verb: fc.constant("remove"), at: fc.nat(3) }),
          fc.record({ verb: fc.constant("change"), at: fc.nat(3), pattern: patterns }),
          fc.record({ verb: fc.constant("list"), patterns: fc.uniqueArray(patterns) }),
        ),
        { maxLength: 12 },
      );
      const { id, rules, upstreams, listed, field } = await open();
      const check = fc.asyncProperty(steps, async (all) => {
        const seen = new Map<number, number>();
        for (const [index, step] of all.entries()) {
          const before = await listed();
          const at = "at" in step ? (before[step.at]?.id ?? 0) : 0;
          if ("patterns" in step) {
            await upstreams.change(id, { rules: step.patterns.map(deny) });
          } else if (step.verb === "remove") {
            await rules.remove(id, at);
          } else if ("pattern" in step) {
            const twin = before.some(({ pattern }) => pattern === step.pattern);
            const work =
              step.verb === "add"
                ? rules.create(id, deny(step.pattern))
                : rules.change(id, at, { pattern: step.pattern });
            await work.catch((error: unknown) => {
              if (!twin) throw error;
            });
          }
          const after = await listed();
          expect(new Set(after.map((rule) => rule.id)).size).toBe(after.length);
          expect(await field()).toEqual(after.map(({ pattern }) => deny(pattern)));
          // One that has gone does not come back.
          for (const rule of after) {
            const last = seen.get(rule.id);
            if (last !== undefined) expect(last).toBe(index - 1);
            seen.set(rule.id, index);
          }
        }
      });
      await fc.assert(check, { numRuns: 30 });
    });
  });
}
