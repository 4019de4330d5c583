import { expect, test } from "bun:test";
import path from "node:path";
import { apiTypes } from "./api-types.ts";

test("the console's types are those of the document (`node bin/bun.mjs scripts/api-types.ts` writes them anew)", async () => {
  const file = path.join(import.meta.dir, "../../web/api/schema.ts");
  expect(await Bun.file(file).text()).toBe(await apiTypes());
});
