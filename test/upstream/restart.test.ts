import { expect, test } from "bun:test";
import { FakeUpstream } from "../fakes/upstream.ts";
import { TestWeir } from "../fakes/weir.ts";

test("the whole server remembers over a restart whom not to ask", async () => {
  const fake = await FakeUpstream.start();
  fake.image("x", "latest");
  const weir = await TestWeir.start({ upstreams: [{ fake }] });
  try {
    fake.fault("*", { status: 501 });
    for (let i = 0; i < 6; i++) expect((await weir.manifest("x", "latest")).status).toBe(503);
    expect(fake.count()).toBe(5);
    fake.heal();
    await weir.halt();
    await weir.run();
    const refused = await weir.manifest("x", "latest");
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toMatch(/^([1-9]|10)$/);
    expect(await refused.text()).toContain("is tried again in");
    expect(fake.count()).toBe(5);
    weir.clock.step(10_000);
    expect((await weir.manifest("x", "latest")).status).toBe(200);
  } finally {
    await weir.stop();
    await fake.stop();
  }
});
