import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import fc from "fast-check";
import { entryHash, entryHashSql } from "../../src/metadata/sqlite/entry-hash.ts";

test("the hash of a name is the same in SQL, whatever text it is of", () => {
  using database = new Database(":memory:", { strict: true });
  const inSql = database.prepare<{ hash: number }, [string, string]>(
    `select ${entryHashSql} as hash from (select ?1 as repository, ?2 as reference)`,
  );
  const some = ["a", "library/", "-", "0.9", "\u00ff", "漢", "\u{1F6A2}", "\ud800", "\udc00", "\0"];
  const parts = fc.array(fc.constantFrom(...some));
  const text = fc.oneof(
    parts.map((all) => all.join("")),
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.stringMatching(/^[a-z0-9._/-]{0,255}$/),
  );
  fc.assert(
    fc.property(text, text, (repository, reference) => {
      const hash = entryHash(repository, reference);
      expect(inSql.get(repository, reference)?.hash).toBe(hash);
      expect(Number.isSafeInteger(hash)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test("names as they are have few hashes in common", () => {
  const hashes = new Set<number>();
  for (let image = 0; image < 300; image++) {
    for (let build = 0; build < 100; build++) {
      hashes.add(entryHash(`platform/team-${image}/backend`, `2026.11.${build}-linux-amd64`));
    }
  }
  expect(hashes.size).toBeGreaterThan(29_950);
});
