import { beforeEach, expect, test } from "bun:test";
import type { Incident } from "../../src/access/contract.ts";
import { GatheredIncidents } from "../../src/access/incidents.ts";
import { createLog } from "../../src/lib/log.ts";
import type { AuditLog, NewAuditEvent } from "../../src/metadata/contract.ts";
import { SteppedClock } from "../fakes/clock.ts";
import { until } from "../fakes/until.ts";

let clock: SteppedClock;
let written: NewAuditEvent[][];
let failing: boolean;
let lines: string[];
let incidents: GatheredIncidents;

beforeEach(() => {
  clock = new SteppedClock();
  written = [];
  failing = false;
  lines = [];
  const audit = {
    async append(events: NewAuditEvent[]) {
      if (failing) throw Object.assign(new Error("full"), { code: "SQLITE_FULL" });
      written.push(events);
    },
  } as unknown as AuditLog;
  const log = createLog(clock, "debug", {
    write: (line) => void lines.push(line),
    async flush() {},
  });
  incidents = new GatheredIncidents({ audit, clock, log });
});

const failure = (address: string, changes: Partial<Incident> = {}): Incident => ({
  action: "login",
  result: "failure",
  actor: undefined,
  address,
  requestId: "r-1",
  ...changes,
});

test("the same of one network within a minute is one row, with its number and names", async () => {
  const start = clock.now();
  for (let i = 0; i < 2000; i++) {
    incidents.note(failure(`2001:db8::${i.toString(16)}`, { claimed: `n${i % 20}` }));
    clock.step(10);
  }
  incidents.note(failure("192.0.2.1"));
  expect(written).toEqual([]);
  clock.step(40_000);
  await until(() => written.length === 1);
  expect(written[0]).toMatchObject([
    {
      at: start,
      action: "login",
      result: "failure",
      author: { actor: { kind: "unknown", name: "" }, address: "2001:db8::0", requestId: "r-1" },
      details: { count: 2000, last_at: new Date(start + 19_990).toISOString() },
      claimed: Array.from({ length: 10 }, (_, i) => `n${i}`),
    },
    { author: { address: "192.0.2.1" }, details: {}, claimed: [] },
  ]);
  expect(clock.pending).toBe(0);
});

test("different people, results, groups and details are different rows", async () => {
  const ann = { kind: "user", name: "ann" };
  incidents.note(failure("192.0.2.1"));
  incidents.note(failure("192.0.2.1", { actor: ann, result: "success" }));
  incidents.note(failure("192.0.2.1", { actor: ann, result: "refused" }));
  incidents.note(failure("192.0.2.1", { actor: ann, result: "refused", groupId: 7 }));
  incidents.note(failure("192.0.2.1", { actor: { ...ann, name: "eve" }, result: "success" }));
  incidents.note(failure("192.0.2.1", { actor: ann, result: "success", details: { a: 1 } }));
  await incidents.flush();
  expect(written[0]).toHaveLength(6);
});

test("of very many there are so many rows, and one with the number of the rest", async () => {
  for (let i = 0; i < 3000; i++) incidents.note(failure(`10.0.${i >> 8}.${i & 255}`));
  await incidents.flush();
  expect(written[0]).toHaveLength(501);
  expect(written[0]?.at(-1)).toMatchObject({
    author: { address: undefined },
    details: { count: 2500 },
  });
});

test("what could not be written is kept and written later, once", async () => {
  failing = true;
  incidents.note(failure("192.0.2.1"));
  await incidents.flush();
  expect(lines.join()).toContain("audit events were not written");
  incidents.note(failure("192.0.2.1"));
  incidents.note(failure("192.0.2.2"));
  failing = false;
  clock.step(60_000);
  await until(() => written.length === 1);
  expect(written[0]).toMatchObject([{ details: { count: 2 } }, { details: {} }]);
  await incidents.flush();
  expect(written).toHaveLength(1);
});

test("nothing is written where nothing has happened", async () => {
  await incidents.flush();
  expect([written.length, clock.pending]).toEqual([0, 0]);
});
