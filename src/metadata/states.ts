import type { UpstreamState, UpstreamStates } from "./contract.ts";
import type { Db } from "./schema.ts";

/** What is remembered of upstreams' health, on any engine. */
export class SqlUpstreamStates implements UpstreamStates {
  constructor(readonly db: Db) {}

  all(): Promise<UpstreamState[]> {
    return this.db
      .selectFrom("upstream_states")
      .select(["upstream_id as upstreamId", "version", "state"])
      .orderBy("upstream_id")
      .execute();
  }

  async save({ upstreamId, version, state }: UpstreamState): Promise<void> {
    await this.db
      .insertInto("upstream_states")
      .columns(["upstream_id", "version", "state"])
      .expression((eb) =>
        eb
          .selectFrom("upstreams")
          .select(["id", eb.val(version).as("version"), eb.val(state).as("state")])
          .where("id", "=", upstreamId),
      )
      .onConflict((conflict) => conflict.column("upstream_id").doUpdateSet({ version, state }))
      .execute();
  }
}
