import ipaddr from "ipaddr.js";
import { createApiAccess } from "./access/api.ts";
import { AccessTokens } from "./access/access-tokens.ts";
import { createAccess } from "./access/access.ts";
import { IdTokens } from "./access/id-tokens.ts";
import { Hashing } from "./access/people/hashing.ts";
import { createPeople } from "./access/people/people.ts";
import { GatheredIncidents } from "./access/incidents.ts";
import { createLogins } from "./access/logins.ts";
import { type BlobStore, withReasons } from "./blobs/contract.ts";
import type { Config } from "./config.ts";
import { Listeners } from "./http/api/event-stream.ts";
import { createHttpApp } from "./http/app.ts";
import { RecentPulls } from "./http/live/pulls.ts";
import { Console } from "./http/console/serving.ts";
import { loadConsole } from "./http/console/files.ts";
import { Metrics } from "./http/metrics/metrics.ts";
import { PullRate } from "./http/pull-rate.ts";
import { besideOf, readinessOf } from "./http/readiness.ts";
import { idleSeconds, type RunningServer, startServer } from "./http/server.ts";
import { addressTest, clientsBy } from "./lib/address-ranges.ts";
import type { Holds } from "./lib/holds.ts";
import { failureCode, type Log } from "./lib/log.ts";
import { createSealer } from "./lib/seal.ts";
import type { Directory, Metadata } from "./metadata/contract.ts";
import { createImages } from "./pull/images/images.ts";
import { createInspector } from "./pull/inspection/inspector.ts";
import { createDocumentClient } from "./upstream/documents.ts";
import { createGuard, type Guard, GuardError } from "./upstream/guard.ts";
import { ringMarker } from "./upstream/contract.ts";
import type { Prepared, Runner, Verifier } from "./work/contract.ts";
import { createWebClient } from "./upstream/web/client.ts";
import { backgroundWork } from "./work/background.ts";
import { prepare } from "./work/first-start.ts";
import { PrefetchWork } from "./work/prefetch/work.ts";
import { createRunner } from "./work/runner/runner.ts";
import type { SpaceCounts } from "./work/space/contract.ts";
import { Eviction } from "./work/space/eviction.ts";
import { deliveryWorkName, DeliveryWatch, DeliveryWork } from "./work/webhooks/work.ts";
import { openStores, type Surroundings } from "./stores.ts";

export interface RunningWeir {
  port: number;
  /** Where clients come that show a certificate; undefined where they do not. */
  mirrorPort: number | undefined;
  prepared: Prepared;
  /** Begins to load the console, beside everything else; else the first who asks for it waits for that. */
  prepareConsole(): void;
  /** Stops accepting, lets answers under way end within the drain time, then closes everything. */
  stop(): Promise<void>;
}

/**
 * Constructs and joins everything, and starts to listen. Dials nothing. Throws what stands in the way, with everything
 * closed again that had been opened.
 */
export async function startWeir(config: Config, around: Surroundings): Promise<RunningWeir> {
  const closers: (() => Promise<void>)[] = [];
  const closeAll = async () => {
    for (const close of closers.toReversed()) await close();
  };
  try {
    return await start(config, around, closers, closeAll);
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function start(
  config: Config,
  around: Surroundings,
  closers: (() => Promise<void>)[],
  closeAll: () => Promise<void>,
): Promise<RunningWeir> {
  const { clock, log, version } = around;
  const { dataDir, externalUrl, tokenSeconds, mirror, minFreeBytes } = config;
  const opened = await openStores(config, around, closers);
  const {
    derive,
    metadata,
    blobs,
    maxBlobBytes,
    holds,
    stored,
    told,
    reaching,
    client,
    puller,
    verifier,
    counts,
    requests,
    recentRequests,
    statistics,
    tracing,
  } = opened;
  const { instanceId, allowedAddresses } = reaching;
  const { cache, credentials, directory } = metadata;
  const images = createImages({ puller, blobs, cache, clock, holds, maxBlobBytes, told });

  const { key: signingKey, former: formerSigningKeys } = derive("pull tokens");
  const open = {
    anonymousPull: config.anonymousPull,
    mirrorAnonymousPull: mirror.anonymousPull,
    isMirrorClient: addressTest(mirror.clientAddresses),
  };
  const { audit } = metadata;
  const incidents = new GatheredIncidents({ audit, clock, log });
  closers.push(() => incidents.flush());
  const { loginBanSeconds: banSeconds, pullRateLimit } = config.abuse;
  const clientAt = clientsBy(addressTest(config.abuse.unlimitedAddresses));
  const isTrustedProxy = addressTest(config.trustedProxies);
  const logins = createLogins({ clock, log, banSeconds, clientAt, incidents });
  const tokens = { logins, signingKey, formerSigningKeys, externalUrl, tokenSeconds, open };
  const web = createWebClient({ clock, log, version, instanceId, allowedAddresses });
  closers.push(async () => web.close());
  const signingIn = derive("sign-in");
  const { logins: passwords, ...people } = createPeople({
    metadata,
    web,
    clock,
    log,
    sealer: createSealer(signingIn.key, ...signingIn.former),
    externalUrl,
    settings: config.signIn,
    attempts: logins,
    hashing: new Hashing(undefined, around.hashingCost),
  });
  const documents = createDocumentClient({ clock, log, ...reaching });
  closers.push(async () => documents.close());
  const { oidcIssuers: issuers } = metadata;
  // A token that is for this server says so by its URL, or as clients name it.
  const ownAudiences = [externalUrl, new URL(externalUrl).host];
  const provers = [
    new IdTokens({ issuers, ownAudiences, directory, documents, clock, log }),
    new AccessTokens(credentials),
    passwords,
  ];
  const access = createAccess({ provers, clock, ...tokens });
  // Of its own: ids of webhooks are not those of identity providers.
  const poster = createWebClient({ clock, log, version, instanceId, allowedAddresses });
  closers.push(async () => poster.close());
  const listeners = new Listeners({ clock, log, most: 50, mostOfUser: 10 });
  const watchers = new Listeners({ clock, log, most: 200, mostOfUser: 10 });
  let isServing = false;
  let server: RunningServer | undefined;
  const keeping = spaceKeeping(config, around, { metadata, blobs, holds, verifier, counts });
  const { auditDays } = config.abuse;
  const { deliveries, prefetches: runs } = metadata;
  const runner = createRunner(
    [
      ...backgroundWork({ metadata, clock, log, auditDays, ...keeping }),
      new PrefetchWork({ runs, directory, bringing: puller, clock, log }),
      new DeliveryWork({ deliveries, poster, clock, log }),
    ],
    {
      states: metadata.work,
      clock,
      log,
      owner: instanceId,
      // Who only listens waits for nothing that work could hold up.
      underWay: () => Math.max(0, (server?.underWay() ?? 0) - listeners.count - watchers.count),
      isWritingBack: () => metadata.isWritingBack(),
    },
  );
  stored.wake = () => void wakeEviction(keeping.eviction, runner, log);
  const impaired = besideOf({ clock, log, part: "database" }, () => metadata.impaired());
  const readiness = readinessOf(clock, {
    server: async () =>
      isServing ? { ready: true } : { ready: false, reason: "is starting or stopping" },
    database: async () => {
      const reason = await metadata.unready();
      return reason === undefined ? { ready: true, beside: impaired } : { ready: false, reason };
    },
    blob_store: async () =>
      withReasons(await blobs.ready(), puller.unstored(), keeping.eviction.unkept()),
  });
  const metrics = new Metrics({
    clock,
    version,
    requests,
    directory,
    generation: () => metadata.generation(),
    health: (upstream) => client.health(upstream),
    activity: () => puller.activity(),
    readiness,
    storedBytes: async () => (await metadata.space.usage()).stored,
    blobCount: () => metadata.blobCount(),
    space: keeping.counts,
    workFailures: () => runner.failures(),
    dataDir,
    minFreeBytes,
    spans: tracing?.spans,
  });
  closers.push(async () => metrics.stop());
  const isInner = innerTest(createGuard({ clock, allowed: allowedAddresses }));
  const screens = new Console({ load: loadConsole, log });
  const app = createHttpApp({
    access,
    screens,
    api: {
      access: createApiAccess({ credentials }),
      people,
      logins,
      incidents,
      audit,
      management: metadata.management,
      statistics: metadata.statistics,
      identity: metadata.identity,
      images,
      inspector: createInspector({ entries: metadata.management.entries, lists: metadata.lists }),
      verifier,
      client,
      runner,
      space: metadata.space,
      eviction: keeping.eviction,
      listeners,
      watchers,
      recentPulls: new RecentPulls({ clock }),
      recentRequests,
      externalUrl,
      version,
      isInner,
    },
    directory,
    puller,
    pullStatistics: statistics,
    clock,
    log,
    idleSeconds,
    isTrustedProxy,
    pullRate: new PullRate({ clock, limit: pullRateLimit, clientAt, isTrustedProxy }),
    mirrorRegistry: mirror.registryId,
    hasDependencyProxies: config.hasDependencyProxies,
    ownMark: ringMarker(instanceId),
    readiness,
    metrics,
    metricsToken: config.observing.metricsToken,
    tracer: tracing?.tracer,
  });
  const listening = startServer({ ...config.listen, tls: config.tls }, { app, clock, log });
  server = listening;
  closers.push(() => listening.stop(0));
  const certified = startCertified(config, { app, clock, log });
  if (certified) closers.push(() => certified.stop(0));
  // Not before the port is ours: a token that is made now is shown once, and a start that fails would lose it.
  const prepared = await metadata.alone("first start", () => prepare(metadata, config));
  await runner.start();
  closers.push(() => runner.stop());
  const wake = () => runner.wake(deliveryWorkName);
  const watch = new DeliveryWatch({ deliveries, clock, log, wake });
  watch.start();
  closers.push(async () => watch.stop());
  await warnOfWhatCannotWork(config, { directory, isInner, log });
  await warnOfTrust(config, metadata, log);
  isServing = true;
  log.info("listening", {
    address: config.listen.hostname,
    port: listening.port,
    url: externalUrl,
  });
  return {
    port: listening.port,
    mirrorPort: certified?.port,
    prepared,
    prepareConsole: () => void screens.prepare(),
    async stop() {
      isServing = false;
      listeners.close();
      watchers.close();
      const drainMs = config.drainSeconds * 1000;
      await Promise.all([listening.stop(drainMs), certified?.stop(drainMs)]);
      await closeAll();
    },
  };
}

interface SpaceParts {
  metadata: Metadata;
  blobs: BlobStore;
  holds: Holds;
  verifier: Verifier;
  counts: SpaceCounts;
}

/** What keeps the store within its limits, and looks whether it is whole. */
function spaceKeeping(
  { cacheMaxBytes, minFreeBytes }: Config,
  { clock, log }: Surroundings,
  { metadata, blobs, holds, verifier, counts }: SpaceParts,
) {
  const { space, sweep, management } = metadata;
  const around = { blobs, clock, log, counts };
  return {
    eviction: new Eviction({ ...around, space, cacheMaxBytes, minFreeBytes }),
    sweeping: { ...around, sweep, holds },
    scrubbing: { verifier, management, log, counts },
    quarantine: around,
    counts,
  };
}

async function wakeEviction(eviction: Eviction, runner: Runner, log: Log): Promise<void> {
  try {
    if (await eviction.isBounded()) await runner.wake(eviction.name);
  } catch (error) {
    log.warn("eviction was not woken: it runs each minute", { code: failureCode(error) });
  }
}

/** Says at the start what would otherwise be found out by a pull that fails. */
async function warnOfWhatCannotWork(
  { mirror }: Config,
  {
    directory,
    isInner,
    log,
  }: { directory: Directory; isInner: (url: string) => Promise<boolean>; log: Log },
): Promise<void> {
  const { registryId: registry } = mirror;
  if (!(await directory.registry(registry))) {
    log.warn("pulls as from a mirror are refused: WEIR_MIRROR_REGISTRY is not there", { registry });
  }
  for (const { name: upstream, url } of await directory.upstreams()) {
    if (!(await isInner(url))) continue;
    log.warn("upstream has an inner address: WEIR_ALLOWED_UPSTREAM_ADDRESSES must have it", {
      upstream,
    });
  }
}

/** Who takes an issuer out of the configuration may think that he trusts it no longer. */
async function warnOfTrust(
  { declared }: Config,
  { oidcIssuers }: Metadata,
  log: Log,
): Promise<void> {
  const names = declared.oidcIssuers.map(({ name }) => name);
  for (const issuer of await oidcIssuers.declared()) {
    if (names.includes(issuer)) continue;
    log.warn("an issuer is trusted that the configuration does not have any more", { issuer });
  }
}

/** The second server, whose clients have shown a certificate; undefined where none is wanted. */
function startCertified(
  { mirror: { certified }, tls }: Config,
  around: Parameters<typeof startServer>[1],
): RunningServer | undefined {
  if (!certified) return undefined;
  const { listen, clientCa } = certified;
  try {
    const server = startServer({ ...listen, tls, clientCa }, around);
    around.log.info("listening for mirrors", { address: listen.hostname, port: server.port });
    return server;
  } catch (error) {
    // Which of the two could not be had is nowhere in the system's error.
    throw Object.assign(error as Error, { setting: "WEIR_MIRROR_LISTEN" });
  }
}

/** Whether a URL plainly names an address that must not be dialled; what other names mean is seen when they are. */
function innerTest(guard: Guard): (url: string) => Promise<boolean> {
  return async (text) => {
    const url = new URL(text);
    const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
    if (!ipaddr.isValid(host) && !/(?:^|\.)localhost$/.test(host)) return false;
    try {
      await guard.admit(url);
      return false;
    } catch (error) {
      if (error instanceof GuardError) return error.reason === "blocked";
      throw error;
    }
  };
}
