import { afterEach, beforeEach } from "bun:test";
import { populate, type Population } from "./population.ts";

const dayMs = 86_400_000;
type Fields = Record<string, unknown>;

export let given: Population;

/** Each test of the file that calls it has a world and people of its own. */
export function forEachTest(): void {
  beforeEach(async () => {
    given = await populate();
  });
  afterEach(() => given.world.close());
}

export async function call(who: string, method: string, path: string, body?: object) {
  const { status, body: answer } = await given.call(who, method, path, body);
  return { status, body: answer as Fields };
}

/** The day that comes after so many. */
export function day(days: number): string {
  return new Date(given.world.clock.now() + days * dayMs).toISOString().slice(0, 10);
}
