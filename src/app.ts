import ipaddr from "ipaddr.js";
import path from "node:path";
import { createApiAccess } from "./access/api.ts";
import { AccessTokens } from "./access/access-tokens.ts";
import { createAccess } from "./access/access.ts";
import { IdTokens } from "./access/id-tokens.ts";
import { createPeople } from "./access/people/people.ts";
import type { TrustedIssuer } from "./access/trusted-issuer.ts";
import { GatheredIncidents } from "./access/incidents.ts";
import { createLogins } from "./access/logins.ts";
import { FsBlobStore } from "./blobs/fs/store.ts";
import type { Config } from "./config.ts";
import { Listeners } from "./http/api/event-stream.ts";
import { createHttpApp } from "./http/app.ts";
import { PullRate } from "./http/pull-rate.ts";
import { idleSeconds, type RunningServer, startServer } from "./http/server.ts";
import { addressTest, clientsBy } from "./lib/address-ranges.ts";
import type { Clock } from "./lib/clock.ts";
import { deriveKey } from "./lib/keys.ts";
import type { Log } from "./lib/log.ts";
import { createSealer } from "./lib/seal.ts";
import type { Directory } from "./metadata/contract.ts";
import { openSqliteMetadata } from "./metadata/sqlite/index.ts";
import { createPuller } from "./pull/puller.ts";
import { createUpstreamClient } from "./upstream/client.ts";
import { createDocumentClient } from "./upstream/documents.ts";
import { createGuard, type Guard, GuardError } from "./upstream/guard.ts";
import { ringMarker } from "./upstream/contract.ts";
import type { Prepared } from "./work/contract.ts";
import { openDataDir } from "./work/data-dir.ts";
import { createWebClient } from "./upstream/web/client.ts";
import { backgroundWork } from "./work/background.ts";
import { prepare } from "./work/first-start.ts";
import { PrefetchWork } from "./work/prefetch/work.ts";
import { createRunner } from "./work/runner/runner.ts";
import { GatheredHappenings } from "./work/webhooks/gathered.ts";
import { deliveryWorkName, DeliveryWatch, DeliveryWork } from "./work/webhooks/work.ts";

export interface RunningWeir {
  port: number;
  /** Where clients come that show a certificate; undefined where they do not. */
  mirrorPort: number | undefined;
  prepared: Prepared;
  /** Stops accepting, lets answers under way end within the drain time, then closes everything. */
  stop(): Promise<void>;
}

export interface Surroundings {
  clock: Clock;
  log: Log;
  version: string;
  /** From 0 to 1, for waits that are not to be the same for all. */
  random: () => number;
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
  { clock, log, version, random }: Surroundings,
  closers: (() => Promise<void>)[],
  closeAll: () => Promise<void>,
): Promise<RunningWeir> {
  const { dataDir, externalUrl, tokenSeconds, mirror, maxBlobBytes, minFreeBytes } = config;
  const { secret } = openDataDir(dataDir, config.secretKey);

  const previous = config.previousSecretKey === undefined ? [] : [config.previousSecretKey];
  const derive = (purpose: string) => ({
    key: deriveKey(secret, purpose),
    former: previous.map((one) => deriveKey(one, purpose)),
  });

  const sealing = derive("upstream passwords");
  const sealer = createSealer(sealing.key, ...sealing.former);
  const file = path.join(dataDir, "weir.db");
  const limits = {
    registriesPerGroup: config.maxRegistriesPerGroup,
    upstreamsPerRegistry: config.maxUpstreamsPerRegistry,
  };
  const proxyUpstream = config.dependencyProxy;
  const metadata = await openSqliteMetadata({ file, clock, sealer, log, limits, proxyUpstream });
  closers.push(() => metadata.close());
  const blobs = await FsBlobStore.open({ root: dataDir, minFreeBytes, log });

  const { deliveries } = metadata;
  const happenings = new GatheredHappenings({ deliveries, clock, log });
  closers.push(() => happenings.flush());
  const told = happenings.note.bind(happenings);
  const instanceId = crypto.randomUUID();
  const allowedAddresses = config.allowedUpstreamAddresses;
  const states = metadata.upstreamStates;
  const reaching = { version, instanceId, allowedAddresses, states, random };
  const client = createUpstreamClient({ clock, log, ...reaching, told });
  closers.push(() => client.close());
  const { cache, credentials, directory, lists } = metadata;
  const times = {
    checkTimeoutMs: config.checkTimeoutSeconds * 1000,
    recheckMs: config.recheckSeconds * 1000,
    absentMs: config.absentSeconds * 1000,
  };
  const puller = createPuller({
    client,
    blobs,
    cache,
    lists,
    clock,
    log,
    maxBlobBytes,
    told,
    ...times,
  });
  closers.push(() => puller.close());

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
  });
  const documents = createDocumentClient({ clock, log, ...reaching });
  closers.push(async () => documents.close());
  const issuers = trustedIssuers(config);
  const provers = [
    new IdTokens({ issuers, directory, documents, clock, log }),
    new AccessTokens(credentials),
    passwords,
  ];
  const access = createAccess({ provers, clock, ...tokens });
  const listeners = new Listeners({ clock, log });
  let isServing = false;
  let server: RunningServer | undefined;
  // Of its own: ids of webhooks are not those of identity providers.
  const poster = createWebClient({ clock, log, version, instanceId, allowedAddresses });
  closers.push(async () => poster.close());
  const { prefetches: runs } = metadata;
  const runner = createRunner(
    [
      ...backgroundWork({ metadata, clock, log, auditDays: config.abuse.auditDays }),
      new PrefetchWork({ runs, directory, bringing: puller, clock, log }),
      new DeliveryWork({ deliveries, poster, clock, log }),
    ],
    {
      states: metadata.work,
      clock,
      log,
      owner: instanceId,
      // Who only listens waits for nothing that work could hold up.
      underWay: () => Math.max(0, (server?.underWay() ?? 0) - listeners.count),
    },
  );
  const isInner = innerTest(createGuard({ clock, allowed: allowedAddresses }));
  const app = createHttpApp({
    access,
    api: {
      access: createApiAccess({ credentials }),
      people,
      logins,
      incidents,
      audit,
      management: metadata.management,
      identity: metadata.identity,
      client,
      runner,
      listeners,
      externalUrl,
      version,
      isInner,
    },
    directory,
    puller,
    clock,
    log,
    idleSeconds,
    isTrustedProxy,
    pullRate: new PullRate({ clock, limit: pullRateLimit, clientAt, isTrustedProxy }),
    mirrorRegistry: mirror.registryId,
    hasDependencyProxies: config.hasDependencyProxies,
    ownMark: ringMarker(instanceId),
    ready: async () => isServing && (await metadata.ready()) && (await blobs.ready()),
  });
  const listening = startServer({ ...config.listen, tls: config.tls }, { app, clock, log });
  server = listening;
  closers.push(() => listening.stop(0));
  const certified = startCertified(config, { app, clock, log });
  if (certified) closers.push(() => certified.stop(0));
  // Not before the port is ours: a token that is made now is shown once, and a start that fails would lose it.
  const prepared = await prepare(metadata, config);
  await runner.start();
  closers.push(() => runner.stop());
  const wake = () => runner.wake(deliveryWorkName);
  const watch = new DeliveryWatch({ deliveries, clock, log, wake });
  watch.start();
  closers.push(async () => watch.stop());
  await warnOfWhatCannotWork(config, { directory, isInner, log });
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
    async stop() {
      isServing = false;
      listeners.close();
      const drainMs = config.drainSeconds * 1000;
      await Promise.all([listening.stop(drainMs), certified?.stop(drainMs)]);
      await closeAll();
    },
  };
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

/** The issuers of the configuration. A token that is for this server says so by its URL, or as clients name it. */
function trustedIssuers({ declared, externalUrl }: Config): TrustedIssuer[] {
  const own = [externalUrl, new URL(externalUrl).host];
  return declared.oidcIssuers.map((issuer) => ({ ...issuer, audiences: issuer.audiences ?? own }));
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
