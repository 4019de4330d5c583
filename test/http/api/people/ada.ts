import { afterEach, beforeEach } from "bun:test";
import { goodPassword, idOf, Visitor } from "../../../fakes/people.ts";
import { strangerToken, TestWeir } from "../../../fakes/weir.ts";

export const adaToken = "a-token-of-ada-that-is-long-enough-to-be-one";
export const readingToken = "a-token-of-ada-that-may-only-read-and-no-more";
export const endingToken = "a-token-of-ada-that-ends-one-hour-after-noon";
export const hour = 3_600_000;

export let weir: TestWeir;
export let visitor: Visitor;
export let strangerId: number;
/** Each test of the file that calls it has a server that knows ada, and a visitor who is nobody yet. */
export function forEachTest(): void {
  beforeEach(async () => {
    const token = (name: string, secret: string, scope: string, expiresAt?: number) => {
      return { name, secret, scopes: [scope], expiresAt };
    };
    const inAnHour = Date.UTC(2026, 0, 1, 1);
    weir = await TestWeir.start({
      upstreams: [],
      users: [
        {
          username: "ada",
          admin: false,
          memberships: [{ group: "default", role: "maintainer" }],
          tokens: [
            token("api", adaToken, "api"),
            token("reading", readingToken, "read_api"),
            token("ending", endingToken, "api", inAnHour),
          ],
        },
      ],
    });
    visitor = new Visitor(weir);
    strangerId = await idOf(weir, strangerToken);
  });
  afterEach(() => weir.stop());
}

/** The server ends, and another one with these settings begins on its folder. */
export async function startAnew(env: Record<string, string>): Promise<void> {
  await weir.halt();
  weir = await TestWeir.start({ upstreams: [], dataDir: weir.dataDir, env });
}

export const setPassword = (userId: number, password = goodPassword) =>
  weir.api("PUT", `/users/${userId}/password`, { password }, 204);
export const message = (text: string) => ({ message: text });
export const unauthorized = { status: 401, body: message("401 Unauthorized") };
