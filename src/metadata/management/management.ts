import type { AuditFact, Author, Group, UpstreamSettings } from "../contract.ts";
import { SqlCleanupPolicies } from "../cleanup/policies.ts";
import { groupAt, groupOfId } from "../groups.ts";
import { SqlManagedOidcIssuers } from "../oidc-issuers/managed.ts";
import type { Passwords } from "../passwords.ts";
import { SqlPrefetches } from "../prefetches/managed.ts";
import type { SqlPurges } from "../purges/purges.ts";
import { SqlRules } from "../rules/rules.ts";
import type { Db } from "../schema.ts";
import { SqlWebhooks } from "../webhooks/managed.ts";
import { SqlAssociations } from "./associations.ts";
import type { Management } from "./contract.ts";
import { SqlDependencyProxies } from "./dependency-proxies.ts";
import { SqlEntries } from "./entries.ts";
import { SqlGroups } from "./groups.ts";
import { sweepLeftovers } from "./leftovers.ts";
import { SqlRegistries } from "./registries.ts";
import { SqlUpstreams } from "./upstreams.ts";
import { SqlVirtualRegistries } from "./virtual-registries.ts";
import type { Writer } from "./writer.ts";

/** `Management` on any engine. */
export class SqlManagement implements Management {
  readonly groups: SqlGroups;
  readonly dependencyProxies: SqlDependencyProxies;
  readonly virtualRegistries: SqlVirtualRegistries;
  readonly registries: SqlRegistries;
  readonly upstreams: SqlUpstreams;
  readonly rules: SqlRules;
  readonly associations: SqlAssociations;
  readonly entries: SqlEntries;
  readonly cleanupPolicies: SqlCleanupPolicies;
  readonly prefetches: SqlPrefetches;
  readonly webhooks: SqlWebhooks;
  readonly oidcIssuers: SqlManagedOidcIssuers;

  constructor(
    readonly db: Db,
    readonly passwords: Passwords,
    readonly writer: Writer,
    readonly purges: SqlPurges,
    readonly proxyUpstream: UpstreamSettings,
  ) {
    this.groups = new SqlGroups(writer);
    this.dependencyProxies = new SqlDependencyProxies(db, passwords, writer, purges, proxyUpstream);
    this.virtualRegistries = new SqlVirtualRegistries(db, writer);
    this.registries = new SqlRegistries(db, writer, purges);
    this.upstreams = new SqlUpstreams(db, passwords, writer, purges);
    this.rules = new SqlRules(db, writer);
    this.associations = new SqlAssociations(db, writer);
    this.entries = new SqlEntries(db, writer);
    this.cleanupPolicies = new SqlCleanupPolicies(db, writer);
    this.prefetches = new SqlPrefetches(db, writer);
    this.webhooks = new SqlWebhooks(db, writer);
    this.oidcIssuers = new SqlManagedOidcIssuers(db, writer);
  }

  by(author: Author): Management {
    const { db, passwords, purges, proxyUpstream } = this;
    return new SqlManagement(db, passwords, this.writer.by(author), purges, proxyUpstream);
  }

  note(fact: AuditFact): Promise<void> {
    return this.writer.run((saving) => saving.note(fact));
  }

  sweep(): Promise<number> {
    return sweepLeftovers(this.db, this.writer);
  }

  group(by: { id: number } | { path: string }): Promise<Group | undefined> {
    return "id" in by ? groupOfId(this.db, by.id) : groupAt(this.db, by.path);
  }
}
