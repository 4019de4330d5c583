import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ApiWorld } from "./world.ts";

const golden = path.join(import.meta.dir, "openapi.json");

test("the document is the one in openapi.json (WEIR_UPDATE_OPENAPI=1 writes it anew, for the formatter)", async () => {
  const world = await ApiWorld.open();
  const { status, body } = await world.call(undefined, "GET", "/api/openapi.json");
  await world.close();
  expect(status).toBe(200);
  if (process.env["WEIR_UPDATE_OPENAPI"] === "1") writeFileSync(golden, JSON.stringify(body));
  // A strict object that extends another allows nothing: neither has the other's fields.
  expect(JSON.stringify(body)).not.toContain('"allOf"');
  expect(body).toEqual(JSON.parse(readFileSync(golden, "utf8")));
});
