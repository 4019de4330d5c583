import { cachesFor } from "../caches.ts";
import { MetadataError, type UpstreamSettings } from "../contract.ts";
import {
  findProxyUpstream,
  obtainProxyUpstream,
  readWishes,
  saveWishes,
} from "../dependency-proxies.ts";
import type { Passwords } from "../passwords.ts";
import type { SqlPurges } from "../purges/purges.ts";
import { everything, requestPurge } from "../purges/requests.ts";
import type { Db } from "../schema.ts";
import { requireUnchanged } from "../tags.ts";
import { changeUpstream, type Saving, upstreamOf } from "../upstreams.ts";
import type {
  Condition,
  DependencyProxyChanges,
  DependencyProxySettings,
  ManagedDependencyProxies,
  Removal,
} from "./contract.ts";
import { changesOf, factOf } from "./facts.ts";
import { always, type Recorded, type Writer } from "./writer.ts";

const dayMs = 86_400_000;

type Login = Pick<DependencyProxyChanges, "identity" | "secret">;

export class SqlDependencyProxies implements ManagedDependencyProxies {
  constructor(
    readonly db: Db,
    readonly passwords: Passwords,
    readonly writer: Writer,
    readonly purges: SqlPurges,
    /** What their upstreams are like, without a login. */
    readonly upstream: UpstreamSettings,
  ) {}

  settings(groupId: number): Promise<DependencyProxySettings> {
    return readSettings(this.db, groupId);
  }

  change(
    groupId: number,
    changes: DependencyProxyChanges,
    condition = always,
  ): Promise<DependencyProxySettings> {
    return this.writer.inGroup(groupId, async (saving) => {
      const { tx } = saving;
      const { enabled, ttlEnabled, ttlDays } = changes;
      const before = await readSettings(tx, groupId);
      requireUnchanged(condition, before);
      const present = await readWishes(tx, groupId);
      const wanted = {
        enabled: enabled ?? present.enabled,
        ttlEnabled: ttlEnabled ?? present.ttlEnabled,
        ttlDays: ttlDays ?? present.ttlDays,
      };
      if (JSON.stringify(wanted) !== JSON.stringify(present)) {
        await saveWishes(saving, groupId, wanted);
      }
      if ("identity" in changes || "secret" in changes) {
        await this.#saveLogin(saving, groupId, changes);
      }
      const after = await readSettings(tx, groupId);
      const details = {
        ...changesOf<DependencyProxySettings>(before, after, told),
        ...(changes.secret !== undefined && { login: "given" }),
      };
      await saving.note(factOf("dependency_proxy", "update", { id: groupId, groupId }, details));
      return after;
    });
  }

  async #saveLogin(saving: Saving, groupId: number, { identity, secret }: Login): Promise<void> {
    refuseHalfLogin({ identity, secret });
    const isGone = identity === undefined && !(await findProxyUpstream(saving.tx, groupId));
    if (isGone) return;
    const row = await obtainProxyUpstream(saving, groupId, this.upstream);
    const present = await upstreamOf(saving.tx, row, saving.passwords);
    await changeUpstream(saving, row, { ...present, username: identity, password: secret });
  }

  async purge(groupId: number, condition: Condition): Promise<Removal> {
    const fact = factOf("dependency_proxy", "purge", { id: groupId, groupId });
    const upstream = await findProxyUpstream(this.db, groupId);
    const note = async ({ tx, note }: Recorded) => {
      const { tags } = condition;
      requireUnchanged({ unmodifiedSince: undefined, tags }, await readSettings(tx, groupId));
      await note(fact);
    };
    if (!upstream) {
      await this.writer.run(note);
      return "removed";
    }
    const { id } = upstream;
    const begun: number[] = [];
    const checked = await this.writer.remove("upstreams", id, condition, async (saving) => {
      await note(saving);
      begun.push(...(await requestPurge(saving.tx, id, everything, saving.now)));
    });
    await this.purges.begin(begun);
    return checked;
  }

  async expire(): Promise<number> {
    const policies = await this.db
      .selectFrom("upstreams as u")
      .innerJoin("dependency_proxies as d", "d.group_id", "u.group_id")
      .select(["u.id", "d.ttl_days as days"])
      .where("u.kind", "=", "dependency_proxy")
      .where("d.ttl_enabled", "=", 1)
      .execute();
    for (const { id, days } of policies) {
      const lastPull = this.writer.clock.now() - days * dayMs;
      for (const cacheId of await cachesFor(this.db, id)) {
        const count = await this.writer.removeOld(cacheId, lastPull);
        if (count > 0) return count;
      }
    }
    return 0;
  }
}

const told = ["enabled", "identity", "ttlEnabled", "ttlDays"] as const;

async function readSettings(db: Db, groupId: number): Promise<DependencyProxySettings> {
  const upstream = await findProxyUpstream(db, groupId);
  const { username, version = 0 } = upstream ?? {};
  return { ...(await readWishes(db, groupId)), identity: username ?? undefined, version };
}

function refuseHalfLogin({ identity, secret }: Login): void {
  if ((identity === undefined) === (secret === undefined)) return;
  const field = identity === undefined ? "identity" : "secret";
  const message = `a Dependency Proxy has an identity and a secret or neither; there is no ${field}`;
  throw new MetadataError("refused", message, { invalid: { field, text: "can't be blank" } });
}
