import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Breaker, type Outcome, type Pass } from "../../src/upstream/breaker.ts";

type Step =
  | { do: "begin" }
  | { do: "end"; which: number; outcome: Outcome; random: number }
  | { do: "close" }
  | { do: "wait"; ms: number };

const seconds = fc.option(fc.integer({ min: 1, max: 3600 }), { nil: undefined });
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.constant<Outcome>({ kind: "answered" }),
  fc.constant<Outcome>({ kind: "nothing" }),
  seconds.map((retryAfterSeconds): Outcome => ({ kind: "limited", retryAfterSeconds })),
  {
    arbitrary: seconds.map((s): Outcome => ({
      kind: "failed",
      reason: "timeout",
      retryAfterSeconds: s,
    })),
    weight: 6,
  },
);
const random = fc.double({ min: 0, max: 1, noNaN: true });
const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: fc.constant<Step>({ do: "begin" }), weight: 3 },
  { arbitrary: fc.constant<Step>({ do: "close" }), weight: 1 },
  {
    arbitrary: fc
      .record({ which: fc.nat(20), outcome, random })
      .map((end): Step => ({ do: "end", ...end })),
    weight: 3,
  },
  fc
    .oneof(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 0, max: 4_000_000 }))
    .map((ms): Step => ({ do: "wait", ms })),
);

/** What the breaker is to do, said once more and simply: one state, changed by outcomes that it itself began. */
class Model {
  now = 0;
  state: { failures: number } | { until: number; trial: boolean } = { failures: 0 };
  openings = 0;
  readonly #begun = new Map<Pass, { state: object; trial: boolean }>();

  mayBegin(): boolean {
    return "failures" in this.state || (this.now >= this.state.until && !this.state.trial);
  }

  begin(pass: Pass): void {
    const trial = "until" in this.state;
    if ("until" in this.state) this.state.trial = true;
    this.#begun.set(pass, { state: this.state, trial });
  }

  end(pass: Pass, ended: Outcome, chance: number): void {
    const begun = this.#begun.get(pass);
    if (begun?.state !== this.state) return;
    if ("until" in this.state) this.state.trial = false;
    if (ended.kind === "nothing") return;
    if (ended.kind === "answered") {
      this.openings = 0;
      if ("until" in this.state) this.state = { failures: 0 };
      else this.state.failures = 0;
    } else if (ended.kind === "limited") {
      this.#open(ended.retryAfterSeconds ?? 30);
    } else {
      if ("failures" in this.state && ++this.state.failures < 5) return;
      const usual = [10, 20, 40, 80, 160][this.openings++] ?? 300;
      this.#open(Math.max(ended.retryAfterSeconds ?? 0, usual * (1 - chance / 5)));
    }
  }

  /** Somebody else has seen it answer. */
  close(): boolean {
    const isOpen = "until" in this.state;
    this.openings = 0;
    if (isOpen) this.state = { failures: 0 };
    else this.state = Object.assign(this.state, { failures: 0 });
    return isOpen;
  }

  #open(rest: number): void {
    this.state = { until: this.now + Math.ceil(rest * 1000), trial: false };
  }
}

describe("a breaker", () => {
  test("does what its rules say, whatever happens in whatever order", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: "max" }), (steps) => {
        const breaker = new Breaker();
        const model = new Model();
        const running: Pass[] = [];
        for (const next of steps) {
          if (next.do === "wait") model.now += next.ms;
          if (next.do === "close") expect(breaker.close()).toBe(model.close());
          if (next.do === "begin") {
            const pass = breaker.enter(model.now);
            expect(pass !== undefined).toBe(model.mayBegin());
            if (pass) running.push(pass);
            if (pass) model.begin(pass);
          }
          if (next.do === "end") {
            const [pass] = running.splice(next.which % Math.max(1, running.length), 1);
            if (!pass) continue;
            const before = model.state;
            model.end(pass, next.outcome, next.random);
            const changed = breaker.leave(pass, next.outcome, model.now, next.random);
            expect(changed).toBe(model.state !== before);
          }
          const { retryAt, breaker: shown } = breaker.health(model.now);
          const until = "until" in model.state ? model.state.until : undefined;
          expect(retryAt).toBe(until);
          const open = until !== undefined && model.now < until ? "open" : "half_open";
          expect(shown).toBe(until === undefined ? "closed" : open);
        }
      }),
      { numRuns: 500 },
    );
  });

  const failed: Outcome = { kind: "failed", reason: "broken", retryAfterSeconds: undefined };
  const fail = (breaker: Breaker, now: number, chance = 0) => {
    const pass = breaker.enter(now);
    if (!pass) throw new Error("it does not let us in");
    breaker.leave(pass, failed, now, chance);
  };

  test("rests for 10 s, and twice as long after each failed trial, 5 minutes at most", () => {
    const breaker = new Breaker();
    for (let i = 0; i < 4; i++) fail(breaker, 0);
    const rests: number[] = [];
    for (let i = 0, now = 0; i < 8; i++) {
      fail(breaker, now);
      const { retryAt = 0 } = breaker.health(now);
      rests.push((retryAt - now) / 1000);
      now = retryAt;
    }
    expect(rests).toEqual([10, 20, 40, 80, 160, 300, 300, 300]);
  });

  test("rests for 10 s again after an answer, however long it rested before", () => {
    const breaker = new Breaker();
    for (let i = 0; i < 5; i++) fail(breaker, 0);
    fail(breaker, 10_000);
    const trial = breaker.enter(30_000);
    if (!trial) throw new Error("it does not let us in");
    breaker.leave(trial, { kind: "answered" }, 30_000, 0);
    for (let i = 0; i < 5; i++) fail(breaker, 30_000);
    expect(breaker.health(30_000).retryAt).toBe(40_000);
  });

  test("comes back up to a fifth earlier, by chance", () => {
    const rests = [0, 0.5, 1].map((chance) => {
      const breaker = new Breaker();
      for (let i = 0; i < 5; i++) fail(breaker, 0, chance);
      return breaker.health(0).retryAt;
    });
    expect(rests).toEqual([10_000, 9000, 8000]);
  });

  test("goes on from what it remembered, but not for ever where the clock was set back", () => {
    const breaker = new Breaker();
    for (let i = 0; i < 5; i++) fail(breaker, 1e12);
    const memory = breaker.memory();
    if (!memory) throw new Error("it remembers nothing");
    const later = new Breaker();
    later.restore(memory);
    expect(later.health(1e12)).toEqual(breaker.health(1e12));
    expect(later.enter(0)).toBeUndefined();
    expect(later.enter(3_599_999)).toBeUndefined();
    expect(later.enter(3_600_000)?.isTrial).toBe(true);
  });
});
