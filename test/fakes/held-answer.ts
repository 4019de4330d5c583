import { SqlLists } from "../../src/metadata/lists/lists.ts";
import { RecentCache } from "../../src/metadata/postgres/recent.ts";
import { SharedLists } from "../../src/metadata/postgres/shared-lists.ts";
import { RememberedCache } from "../../src/metadata/remembered.ts";

type Question = "manifests" | "entries" | "hasSeen" | "blob" | "find";
type Answer = (...asked: unknown[]) => Promise<unknown>;

/** An answer of the database that is on its way for as long as the test says. */
export interface HeldAnswer {
  /** Resolves when the database has answered, and nobody has heard of it. */
  given: Promise<void>;
  release: () => void;
}

/** Holds the next answer to this question, whatever server of this process asks it. The database is asked as always. */
export function holdAnswer(engine: "SQLite" | "PostgreSQL", question: Question): HeldAnswer {
  const caches = engine === "SQLite" ? RememberedCache : RecentCache;
  const lists = engine === "SQLite" ? SqlLists : SharedLists;
  const owner: object = (question === "find" ? lists : caches).prototype;
  const given = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const answer = Reflect.get(owner, question) as Answer;
  Reflect.set(owner, question, async function (this: unknown, ...asked: unknown[]) {
    Reflect.set(owner, question, answer);
    const found = await answer.apply(this, asked);
    given.resolve();
    await released.promise;
    return found;
  });
  return { given: given.promise, release: () => released.resolve() };
}
