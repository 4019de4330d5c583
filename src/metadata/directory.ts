import type { Clock } from "../lib/clock.ts";
import { FixedSet } from "../lib/fixed-set.ts";
import { type Changes, Remembered } from "./changes.ts";
import type {
  DependencyProxy,
  Directory,
  Group,
  Registry,
  RegistrySettings,
  Upstream,
  UpstreamSettings,
} from "./contract.ts";
import type { AuditFact } from "./audit/contract.ts";
import { declaring } from "./audit/declaring.ts";
import { obtainProxyUpstream, readDependencyProxy } from "./dependency-proxies.ts";
import { allGroups, formerlyAt, groupAt, saveGroup } from "./groups.ts";
import { factOf } from "./management/facts.ts";
import { switchedOff } from "./management/virtual-registries.ts";
import type { Passwords } from "./passwords.ts";
import type { Limits } from "./positions.ts";
import { readRegistries, saveRegistry } from "./registries.ts";
import type { Db } from "./schema.ts";
import { type Saving, saveUpstream, upstreamOf } from "./upstreams.ts";

const maxRemembered = 1024;

/** Groups, registries and upstreams on any engine. What it returns is frozen. */
export class SqlDirectory implements Directory {
  readonly #registries: Remembered<number, Registry>;
  readonly #proxies: Remembered<string, DependencyProxy>;
  readonly #groups: Remembered<string, Group>;
  readonly #off: Remembered<"all", ReadonlySet<number>>;

  constructor(
    readonly db: Db,
    readonly changes: Changes,
    readonly passwords: Passwords,
    readonly clock: Clock,
    readonly limits: Limits,
    /** What the upstream of a Dependency Proxy is like, without a login. */
    readonly proxyUpstream: UpstreamSettings,
  ) {
    this.#registries = new Remembered(changes, maxRemembered, async (id) => {
      const [registry] = await readRegistries(db, passwords, { id });
      const off = await this.switchedOff();
      return registry && !off.has(registry.groupId) ? registry : undefined;
    });
    this.#off = new Remembered<"all", ReadonlySet<number>>(
      changes,
      1,
      async () => new FixedSet(await switchedOff(db)),
    );
    this.#groups = new Remembered(changes, maxRemembered, async (path) => {
      const group = (await groupAt(db, path)) ?? (await formerlyAt(db, path));
      return group && Object.freeze({ ...group, lineage: Object.freeze(group.lineage) });
    });
    this.#proxies = new Remembered(changes, maxRemembered, (path) =>
      readDependencyProxy(db, passwords, path),
    );
  }

  registry(id: number): Promise<Registry | undefined> {
    return this.#registries.get(id);
  }

  registries(): Promise<Registry[]> {
    return readRegistries(this.db, this.passwords, {});
  }

  async switchedOff(): Promise<ReadonlySet<number>> {
    return (await this.#off.get("all")) ?? new Set();
  }

  async upstreams(): Promise<Upstream[]> {
    const rows = await this.db.selectFrom("upstreams").selectAll().orderBy("id").execute();
    return Promise.all(rows.map((row) => upstreamOf(this.db, row, this.passwords)));
  }

  dependencyProxy(groupPath: string): Promise<DependencyProxy | undefined> {
    return this.#proxies.get(groupPath);
  }

  async openDependencyProxy(groupPath: string): Promise<DependencyProxy | undefined> {
    const proxy = await this.dependencyProxy(groupPath);
    if (!proxy || proxy.upstreams.length > 0) return proxy;
    await this.#save((saving) => obtainProxyUpstream(saving, proxy.groupId, this.proxyUpstream));
    return this.dependencyProxy(groupPath);
  }

  groups(): Promise<Group[]> {
    return allGroups(this.db);
  }

  group(path: string): Promise<Group | undefined> {
    return this.#groups.get(path);
  }

  formerGroup(path: string): Promise<Group | undefined> {
    return formerlyAt(this.db, path);
  }

  saveGroup(group: { path: string; name: string }): Promise<Group> {
    const fact = (saved: Group) => factOf("group", "declare", { ...saved, groupId: saved.id });
    return this.#save((saving) => saveGroup(saving, group), fact);
  }

  saveUpstream(groupId: number, settings: UpstreamSettings): Promise<Upstream> {
    const fact = (saved: Upstream) => factOf("upstream", "declare", saved, { url: saved.url });
    return this.#save((saving) => saveUpstream(saving, groupId, settings), fact);
  }

  saveRegistry(groupId: number, settings: RegistrySettings): Promise<Registry> {
    const fact = (saved: Registry) => factOf("registry", "declare", saved);
    return this.#save(async (saving) => {
      const id = await saveRegistry(saving, groupId, settings);
      const [registry] = await readRegistries(saving.tx, this.passwords, { id });
      if (!registry) throw new Error("a registry is gone in the transaction that saved it");
      return registry;
    }, fact);
  }

  /** With `fact`, what did change is on record as the configuration's work. */
  #save<T>(work: (saving: Saving) => Promise<T>, fact?: (saved: T) => AuditFact): Promise<T> {
    const { changes, passwords, clock, limits } = this;
    const now = clock.now();
    const save = (tx: Saving["tx"], changed: () => void) =>
      work({ tx, passwords, now, limits, changed });
    return fact ? declaring(changes, now, save, fact) : changes.run(save);
  }
}
