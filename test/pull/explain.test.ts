import { describe, expect, test } from "bun:test";
import type { RegistrySettings } from "../../src/metadata/contract.ts";
import { buildImage, FakeUpstream } from "../fakes/upstream.ts";
import { adminToken, TestWeir } from "../fakes/weir.ts";

interface Plan {
  decision: {
    status: string;
    upstream: string | null;
    digest: string | null;
    reason: string | null;
    next: string | null;
  };
  upstreams: { upstream: string; position: number; says: string | null; denied_by: unknown }[];
}

async function explain(weir: TestWeir, image: string): Promise<Plan> {
  const path = "/api/v4/virtual_registries/container/registries/1/explain";
  const answer = await fetch(`${weir.url}${path}?image=${encodeURIComponent(image)}`, {
    headers: { "PRIVATE-TOKEN": adminToken },
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Plan;
}

/** How a pull was answered: status and upstream, as the plan has them. */
async function pulled(weir: TestWeir, name: string, reference: string): Promise<string> {
  const answer = await weir.manifest(name, reference);
  const [, status, upstream] =
    /^(\w+); upstream="([^"]+)"/.exec(answer.headers.get("x-weir-cache") ?? "") ?? [];
  return answer.status === 200 ? `${status} ${upstream}` : "refused null";
}

/** What to do about the last pull of this repository, as the live log has it. */
async function nextOfPull(weir: TestWeir, name: string): Promise<string | null> {
  const path = "/api/v4/groups/default/-/virtual_registries/container/pulls";
  const answer = await fetch(`${weir.url}${path}?repository=${name}&limit=1`, {
    headers: { "PRIVATE-TOKEN": adminToken },
  });
  const [pull] = (await answer.json()) as { error: { next: string } | null }[];
  return pull?.error?.next ?? null;
}

const planned = ({ decision: { status, upstream } }: Plan) => `${status} ${upstream}`;

const states = ["has", "absent", "unsure", "denied"] as const;
const combinations = states.flatMap((a) =>
  states.flatMap((b) => states.map((c) => [a, b, c] as const)),
);
const nameOf = (combination: readonly string[]) => `library/${combination.join("-")}`;

describe("explain decides as the pull that follows", () => {
  for (const ask of ["in_order", "parallel"] as const) {
    for (const onUnsure of ["stop", "continue"] as const) {
      test(`${ask}, ${onUnsure}: every combination of three upstreams`, async () => {
        const fakes = await Promise.all([1, 2, 3].map(() => FakeUpstream.start()));
        const rule = (i: number) => {
          const pattern =
            ["library/denied-**", "library/*-denied-*", "library/*-*-denied"][i] ?? "";
          return { target: "repository", effect: "deny", pattern } as const;
        };
        const upstreams = fakes.map((fake, i) => ({ fake, settings: { rules: [rule(i)] } }));
        const registry: Partial<RegistrySettings> = { ask, onUnsure };
        const weir = await TestWeir.start({ upstreams, registry });
        for (const combination of combinations) {
          const name = nameOf(combination);
          for (const [i, state] of combination.entries()) {
            if (state === "has" || state === "denied") fakes[i]?.image(name, "latest");
            if (state === "unsure") fakes[i]?.fault(`* /v2/${name}/*`, { status: 418 });
          }
          const gets = () => fakes.map((fake) => fake.count("GET *"));
          const before = gets();
          const plan = await explain(weir, `${name}:latest`);
          // Nothing was downloaded for it, and nobody was asked whom a rule keeps out.
          expect(gets()).toEqual(before);
          expect([name, planned(plan)]).toEqual([name, await pulled(weir, name, "latest")]);
          for (const [i, state] of combination.entries()) {
            if (state === "denied") expect(fakes[i]?.count(`* /v2/${name}/*`)).toBe(0);
            if (state === "denied") expect(plan.upstreams[i]).toMatchObject({ says: null });
          }
          const again = await explain(weir, `${name}:latest`);
          expect([name, again.decision.next]).toEqual([name, await nextOfPull(weir, name)]);
          expect([name, planned(again)]).toEqual([name, await pulled(weir, name, "latest")]);
        }
        await weir.stop();
        await Promise.all(fakes.map((fake) => fake.stop()));
      });
    }
  }

  test("a cached tag: fresh, stale and unchanged, changed, gone, its upstream down", async () => {
    const fake = await FakeUpstream.start();
    const weir = await TestWeir.start({ upstreams: [{ fake }] });
    const day = 24 * 3_600_000;
    const agree = async (wanted: string) => {
      const before = fake.count("GET *");
      const plan = planned(await explain(weir, "library/app:latest"));
      expect(fake.count("GET *")).toBe(before);
      expect([plan, await pulled(weir, "library/app", "latest")]).toEqual([wanted, wanted]);
    };
    fake.image("library/app", "latest");
    await agree("miss up1");
    await agree("hit up1");
    weir.clock.step(day);
    await agree("revalidated up1");
    weir.clock.step(day);
    fake.image("library/app", "latest", buildImage({ label: "new" }));
    await agree("miss up1");
    weir.clock.step(day);
    fake.remove("/v2/library/app/manifests/latest");
    await agree("stale up1");
    await agree("stale up1");
    weir.clock.step(7 * day);
    await agree("refused null");
    await weir.stop();
    await fake.stop();
  });
});

test("other credentials: the tag is chosen anew, as the plan says", async () => {
  const fakes = await Promise.all([1, 2].map(() => FakeUpstream.start()));
  const [first, second] = fakes;
  if (!first || !second) throw new Error("there are two");
  for (const fake of fakes) fake.image("library/app", "latest", buildImage({ label: fake.url }));
  const registry = { onUnsure: "continue" } as const;
  const weir = await TestWeir.start({ upstreams: fakes.map((fake) => ({ fake })), registry });
  await weir.manifest("library/app", "latest");
  await weir.halt();
  const settings = { username: "other", password: "other" };
  const again = await TestWeir.start({
    dataDir: weir.dataDir,
    upstreams: [{ fake: first, settings }, { fake: second }],
    registry,
  });
  first.fault("*", { status: 501 });
  const plan = planned(await explain(again, "library/app:latest"));
  expect([plan, await pulled(again, "library/app", "latest")]).toEqual(["miss up2", "miss up2"]);
  await again.stop();
  await Promise.all(fakes.map((fake) => fake.stop()));
});

test("refresh reads a tag anew, however fresh it is", async () => {
  const fake = await FakeUpstream.start();
  const weir = await TestWeir.start({ upstreams: [{ fake }] });
  fake.image("library/app", "latest");
  await weir.manifest("library/app", "latest");
  const { digest } = fake.image("library/app", "latest", buildImage({ label: "new" }));
  expect(
    (await weir.manifest("library/app", "latest")).headers.get("docker-content-digest"),
  ).not.toBe(digest);
  const path = "/api/v4/virtual_registries/container/registries/1/refresh?image=library/app:latest";
  const answer = await fetch(weir.url + path, {
    method: "POST",
    headers: { "PRIVATE-TOKEN": adminToken },
  });
  expect([answer.status, await answer.json()]).toMatchObject([200, { digest }]);
  expect((await weir.manifest("library/app", "latest")).headers.get("docker-content-digest")).toBe(
    digest,
  );
  await weir.stop();
  await fake.stop();
});
