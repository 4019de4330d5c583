import { expect } from "bun:test";
import type { Upstream } from "../../src/upstream/contract.ts";
import { sampleBytes } from "../fakes/upstream.ts";
import { digestFrom, failureOf, latest, type World } from "./world.ts";

export const login = { username: "user", password: "secret" };
export const bytes = sampleBytes(1000);

/** An upstream with an image and a blob, and what can be done to it. */
export async function withImage(world: World, settings: Partial<Upstream> = {}) {
  const fake = await world.fake();
  fake.image("x", "latest");
  const digest = fake.blob("x", bytes);
  const upstream = world.upstream(fake, settings);
  const get = () => world.client.manifest(upstream, "x", latest);
  const health = () => world.client.health(upstream);
  /** Opens the breaker by failures. */
  const breakDown = async () => {
    fake.fault("*", { status: 500 });
    for (let i = 0; i < 5; i++) expect((await failureOf(get())).reason).toBe("broken");
    fake.heal();
  };
  return { fake, digest, upstream, get, health, breakDown };
}

/** One call of each kind. */
export function calls(
  world: World,
  upstream: Upstream,
  digest: string,
): (() => Promise<unknown>)[] {
  const parsed = digestFrom(digest);
  return [
    () => world.client.manifest(upstream, "x", latest),
    () => world.client.checkManifest(upstream, "x", latest, 5000),
    () => world.client.checkBlob(upstream, "x", parsed),
    () => world.open(upstream, digest).then(({ body }) => body.cancel()),
  ];
}

/** What an upstream says of its budget. */
export function limits(limit: string | null, remaining: string | null) {
  return { "ratelimit-limit": limit, "ratelimit-remaining": remaining };
}
