import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { Sealer } from "../lib/seal.ts";
import { SqlAuditLog } from "./audit/log.ts";
import { blobCount } from "./blob-count.ts";
import type { Changes } from "./changes.ts";
import { SqlCleanupRuns } from "./cleanup/runs.ts";
import type { Cache, Lists, Metadata, UpstreamSettings } from "./contract.ts";
import { SqlCredentials } from "./credentials/credentials.ts";
import { Uses } from "./credentials/uses.ts";
import { alignProxyUpstreams } from "./dependency-proxies.ts";
import { SqlDirectory } from "./directory.ts";
import { SqlHoldings } from "./holdings/holdings.ts";
import { SqlIdentity } from "./identity/identity.ts";
import { ClosedPasswords } from "./impaired.ts";
import { SqlManagement } from "./management/management.ts";
import { Writer } from "./management/writer.ts";
import { SqlOidcIssuers } from "./oidc-issuers/trusted.ts";
import { Passwords, sealAnew } from "./passwords.ts";
import { SqlPeople } from "./people/people.ts";
import type { Limits } from "./positions.ts";
import { SqlPrefetchRuns } from "./prefetches/runs.ts";
import { SqlPurges } from "./purges/purges.ts";
import type { Db } from "./schema.ts";
import { EntryIndex } from "./search/entry-index.ts";
import { SqlSpace } from "./space/space.ts";
import { SqlSweep } from "./space/sweep.ts";
import { SqlUpstreamStates } from "./states.ts";
import { SqlStatistics } from "./statistics/statistics.ts";
import type { SharedTime } from "./time.ts";
import { SqlDeliveries } from "./webhooks/deliveries.ts";
import { SqlWorkStates } from "./work/states.ts";

/** What is the same for every engine. */
export interface MetadataOptions {
  clock: Clock;
  /** For upstreams' passwords. */
  sealer: Sealer;
  log: Log;
  limits: Limits;
  /** What the upstreams of all Dependency Proxies are like, without a login; those that are there are brought to it. */
  proxyUpstream: UpstreamSettings;
}

/** What an engine has made its own of. */
export interface Engine {
  db: Db;
  /** Another way to the same database, which nobody else keeps busy, where there is one. */
  probe: Db;
  changes: Changes;
  /** By what all servers on this database judge each other. */
  time: SharedTime;
  cache: Cache;
  lists: Lists;
  unready: Metadata["unready"];
  /** What keeps it from being changed. */
  readOnly: Metadata["impaired"];
  isWritingBack: Metadata["isWritingBack"];
  alone: Metadata["alone"];
  /** The same, but where somebody runs one of this name, nothing is done. */
  unlessOthers: (name: string, work: () => Promise<void>) => Promise<void>;
  /** How long a step of a purge should take: others wait for it, or for what it has locked. */
  stepMs: number;
  /** After everything else has been written. */
  close: () => Promise<void>;
}

/** Brings what is stored to these settings, and joins all parts of the contract over one database. */
export async function assemble(
  engine: Engine,
  { clock, sealer, log, limits, proxyUpstream }: MetadataOptions,
): Promise<Metadata> {
  const { db, probe, changes, time, cache, lists } = engine;
  const { unready, readOnly, isWritingBack, alone, unlessOthers } = engine;
  const passwords = new Passwords(sealer, log);
  const writer = new Writer(changes, passwords, clock, limits);
  const upstreams = await writer.run(sealAnew);
  if (upstreams > 0) log.info("passwords were sealed anew with this secret key", { upstreams });
  const bereft = await writer.run((saving) => alignProxyUpstreams(saving, proxyUpstream));
  for (const group of bereft) log.warn("the login of a Dependency Proxy is gone", { group });
  const closed = new ClosedPasswords(probe, changes, passwords);
  const uses = new Uses(db, clock, log);
  const purges = new SqlPurges(db, changes, clock, engine.stepMs);
  const turn = (work: () => Promise<void>) => unlessOthers("entry index", work);
  return {
    directory: new SqlDirectory(db, changes, passwords, clock, limits, proxyUpstream),
    management: new SqlManagement(db, passwords, writer, purges, proxyUpstream),
    audit: new SqlAuditLog(db, changes),
    statistics: new SqlStatistics(db, clock),
    upstreamStates: new SqlUpstreamStates(db),
    credentials: new SqlCredentials(db, changes, clock, uses),
    identity: new SqlIdentity(db, writer),
    people: new SqlPeople(db, changes, clock),
    oidcIssuers: new SqlOidcIssuers(db, changes, clock),
    cache,
    lists,
    holdings: new SqlHoldings(db, changes),
    purges,
    searchIndex: new EntryIndex(db, turn, clock),
    cleanup: new SqlCleanupRuns(db, changes, clock),
    work: new SqlWorkStates(db, time),
    space: new SqlSpace(db, changes),
    sweep: new SqlSweep(db, time),
    prefetches: new SqlPrefetchRuns(db, changes, clock),
    deliveries: new SqlDeliveries(db, changes, passwords, clock),
    generation: () => changes.generation(),
    blobCount: () => blobCount(db, clock),
    unready,
    impaired: async () => (await readOnly()) ?? (await closed.told()),
    isWritingBack,
    alone,
    async close() {
      await uses.flush();
      await engine.close();
    },
  };
}
