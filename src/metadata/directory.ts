import type { Clock } from "../lib/clock.ts";
import { type Changes, Remembered } from "./changes.ts";
import type {
  Directory,
  Group,
  Registry,
  RegistrySettings,
  Upstream,
  UpstreamSettings,
} from "./contract.ts";
import type { Passwords } from "./passwords.ts";
import type { Limits } from "./positions.ts";
import { readRegistries, saveRegistry } from "./registries.ts";
import type { Db } from "./schema.ts";
import { saveUpstream } from "./upstreams.ts";

const maxRemembered = 1024;

/** Groups, registries and upstreams on any engine. What it returns is frozen. */
export class SqlDirectory implements Directory {
  readonly #registries: Remembered<number, Registry>;

  constructor(
    readonly db: Db,
    readonly changes: Changes,
    readonly passwords: Passwords,
    readonly clock: Clock,
    readonly limits: Limits,
  ) {
    this.#registries = new Remembered(changes, maxRemembered, async (id) => {
      const [registry] = await readRegistries(db, passwords, { id });
      return registry;
    });
  }

  registry(id: number): Promise<Registry | undefined> {
    return this.#registries.get(id);
  }

  registries(): Promise<Registry[]> {
    return readRegistries(this.db, this.passwords, {});
  }

  groups(): Promise<Group[]> {
    return this.db.selectFrom("groups").selectAll().orderBy("id").execute();
  }

  saveGroup({ path, name }: { path: string; name: string }): Promise<Group> {
    return this.changes.run(async (tx, changed) => {
      const present = await tx
        .selectFrom("groups")
        .selectAll()
        .where("path", "=", path)
        .executeTakeFirst();
      if (present?.name === name) return present;
      changed();
      return tx
        .insertInto("groups")
        .values({ path, name })
        .onConflict((conflict) => conflict.column("path").doUpdateSet({ name }))
        .returningAll()
        .executeTakeFirstOrThrow();
    });
  }

  saveUpstream(groupId: number, settings: UpstreamSettings): Promise<Upstream> {
    const { passwords, clock, limits } = this;
    return this.changes.run((tx, changed) =>
      saveUpstream({ tx, passwords, now: clock.now(), limits, changed }, groupId, settings),
    );
  }

  saveRegistry(groupId: number, settings: RegistrySettings): Promise<Registry> {
    return this.changes.run(async (tx, changed) => {
      const now = this.clock.now();
      const { limits } = this;
      const id = await saveRegistry({ tx, now, limits, changed }, groupId, settings);
      const [registry] = await readRegistries(tx, this.passwords, { id });
      if (!registry) throw new Error("a registry is gone in the transaction that saved it");
      return registry;
    });
  }
}
