import { describe } from "bun:test";
import { SteppedClock } from "../fakes/clock.ts";
import { postgresDatabase } from "../fakes/metadata-postgres.ts";
import { lackOfPostgres } from "../fakes/postgres.ts";
import { metadataSuite } from "../suites/metadata.ts";

const lack = lackOfPostgres();

describe.skipIf(lack !== undefined)(`PostgreSQL${lack ? ` (${lack})` : ""}`, () => {
  metadataSuite("PostgreSQL", async () => {
    const clock = new SteppedClock();
    const database = await postgresDatabase(clock);
    const bed = {
      clock,
      metadata: await database.open(),
      async reopen() {
        await bed.metadata.close();
        bed.metadata = await database.open();
        return bed.metadata;
      },
      async close() {
        await bed.metadata.close();
        await database.remove();
      },
    };
    return bed;
  });
});
