import { expect, test } from "bun:test";
import type { Caller } from "../../../../src/access/contract.ts";
import { PullFilter } from "../../../../src/http/live/filter.ts";
import { RecentPulls } from "../../../../src/http/live/pulls.ts";
import type { Registry } from "../../../../src/metadata/contract.ts";
import { SteppedClock } from "../../../fakes/clock.ts";

const registry = { id: 1, groupId: 1, name: "r", upstreams: [], verified: new Map() };

test("a glob is compared with many names in steps, between which others have their turn", async () => {
  const recent = new RecentPulls({ clock: new SteppedClock() });
  const names = Array.from({ length: 1000 }, (_, i) => `library/a${i}`);
  for (const name of names) {
    const asked = { kind: "manifests", name: `virtual_registries/container/1/${name}`, tail: "1" };
    const told = { status: "hit", upstream: "" };
    const exchange = { id: "", started: 0, registry: registry as unknown as Registry, asked, told };
    recent.answered(exchange as Parameters<RecentPulls["answered"]>[0], "GET", 200);
  }
  const caller = { judge: () => "allowed" } as unknown as Caller;
  const wanted = { registryId: undefined, upstreamId: undefined, failed: false };
  const sight = { caller, hidden: new Set<number>() };
  const filter = new PullFilter(1, { ...wanted, repository: "**a**" }, sight);
  let [turns, isOver] = [0, false];
  const turn = () => {
    turns++;
    if (!isOver) setImmediate(turn);
  };
  turn();
  const found: string[] = [];
  for await (const { path } of filter.of([...recent.newest()])) found.push(path.name);
  isOver = true;
  expect(found).toHaveLength(1000);
  expect(turns).toBeGreaterThan(30);
});
