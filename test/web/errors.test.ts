import { expect, test } from "bun:test";
import { errorOf } from "../../web/api/errors.ts";

const table: [body: unknown, status: number, message: string, fields: object][] = [
  [{ error: "page is not a number" }, 400, "page is not a number", {}],
  [
    { error: "name is missing, rules[0].pattern is empty" },
    400,
    "name is missing, rules[0].pattern is empty",
    { name: ["is missing"], "rules[0].pattern": ["is empty"] },
  ],
  [{ message: "403 Forbidden - signing in needs https" }, 403, "signing in needs https", {}],
  [{ message: "404 Upstream Not Found" }, 404, "404 Upstream Not Found", {}],
  [
    { message: { url: ["is invalid", "is taken"] } },
    400,
    "url is invalid, is taken",
    { url: ["is invalid", "is taken"] },
  ],
  [{ message: { error: "Try again later." } }, 429, "Try again later.", {}],
  [
    { error: "insufficient_scope", error_description: "Needs more.", scope: "api" },
    403,
    "Needs more.",
    {},
  ],
  ["a proxy's page", 502, "The server answered 502.", {}],
];
for (const [body, status, message, fields] of table) {
  test(`a refusal: ${JSON.stringify(body)}`, async () => {
    const headers = { "X-Request-Id": "abc-1", "Retry-After": "7" };
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const error = await errorOf(new Response(text, { status, headers }));
    expect(error).toMatchObject({ status, message, fields, requestId: "abc-1" });
    expect(error.retryAfterSeconds).toBe(7);
  });
}
