import { expect, test } from "bun:test";
import { assert, constantFrom, property, webUrl } from "fast-check";
import { normalUrl } from "../../src/metadata/upstream-url.ts";

test("a normal URL is its own normal form, and is a base for /v2 paths", () => {
  const urls = webUrl({ withQueryParameters: false, withFragments: false });
  const tails = constantFrom("", "/", "/v2", "/v2/", "/v2/v2", "//v2//");
  assert(
    property(urls, tails, (url, tail) => {
      const normal = normalUrl(url + tail);
      expect(normalUrl(normal)).toBe(normal);
      expect(normalUrl(`${normal}/v2/`)).toBe(normal);
      expect(new URL(`${normal}/v2/`).pathname).toEndWith("/v2/");
      expect(normal).not.toMatch(/(?:\/|\/v2)$/);
    }),
  );
});
