import { afterEach, expect, test } from "bun:test";
import { samples } from "./endpoints.ts";
import { populate, type Population } from "./population.ts";

let population: Population | undefined;
afterEach(() => population?.world.close());

/** Of the developer's own: to others they are not there. */
const isOwn = (name: string) => / \/api\/v4\/personal_access_tokens/.test(name);
const changing = Object.entries(samples).filter(([name]) => !name.startsWith("GET "));

test.each(changing)(
  "%s leaves one record, without the secret that it may have made",
  async (name, sample) => {
    population = await populate();
    const { world } = population;
    const [method = ""] = name.split(" ");
    const who = isOwn(name) ? "developer" : "admin";
    world.address = "192.0.2.7";
    const recorded = async () => {
      const { items } = await world.metadata.audit.list({ actor: who }, { page: 1, perPage: 100 });
      return items;
    };
    await sample.before?.(population);
    const before = (await recorded()).length;
    const path = typeof sample.path === "string" ? sample.path : sample.path(population);
    const body = typeof sample.body === "function" ? sample.body(population) : sample.body;
    const reply = await population.call(who, method, path, body);
    expect(reply.status).toBe(sample.ok);

    const after = await recorded();
    const record = expect.objectContaining({
      address: "192.0.2.7",
      requestId: reply.headers.get("x-request-id"),
      result: "success",
    }) as unknown;
    // What was refused has changed nothing.
    const wanted = sample.ok < 400 ? [record] : [];
    expect(after.slice(0, after.length - before) as unknown[]).toEqual(wanted);
    const { token = "no secret was made" } = (reply.body ?? {}) as { token?: string };
    expect(JSON.stringify(after)).not.toContain(token);
  },
);
