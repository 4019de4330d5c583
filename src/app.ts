import ipaddr from "ipaddr.js";
import path from "node:path";
import { createApiAccess } from "./access/api.ts";
import { createAccess } from "./access/access.ts";
import { FsBlobStore } from "./blobs/fs/store.ts";
import type { Config } from "./config.ts";
import { createHttpApp } from "./http/app.ts";
import { idleSeconds, startServer } from "./http/server.ts";
import type { Clock } from "./lib/clock.ts";
import { deriveKey } from "./lib/keys.ts";
import type { Log } from "./lib/log.ts";
import { createSealer } from "./lib/seal.ts";
import { openSqliteMetadata } from "./metadata/sqlite/index.ts";
import { createPuller } from "./pull/puller.ts";
import { createUpstreamClient } from "./upstream/client.ts";
import { createGuard, type Guard, GuardError } from "./upstream/guard.ts";
import { ringMarker } from "./upstream/contract.ts";
import type { Prepared } from "./work/contract.ts";
import { openDataDir } from "./work/data-dir.ts";
import { startExpiry } from "./work/expiry.ts";
import { prepare } from "./work/first-start.ts";

export interface RunningWeir {
  port: number;
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
  const { dataDir, externalUrl, tokenSeconds, anonymousPull, maxBlobBytes, minFreeBytes } = config;
  const { secret } = openDataDir(dataDir, config.secretKey);

  const sealer = createSealer(deriveKey(secret, "upstream passwords"));
  const file = path.join(dataDir, "weir.db");
  const limits = {
    registriesPerGroup: config.maxRegistriesPerGroup,
    upstreamsPerRegistry: config.maxUpstreamsPerRegistry,
  };
  const proxyUpstream = config.dependencyProxy;
  const metadata = await openSqliteMetadata({ file, clock, sealer, log, limits, proxyUpstream });
  closers.push(() => metadata.close());
  const blobs = await FsBlobStore.open({ root: dataDir, minFreeBytes, log });

  const instanceId = crypto.randomUUID();
  const allowedAddresses = config.allowedUpstreamAddresses;
  const states = metadata.upstreamStates;
  const reaching = { version, instanceId, allowedAddresses, states, random };
  const client = createUpstreamClient({ clock, log, ...reaching });
  closers.push(() => client.close());
  const { cache, credentials, directory } = metadata;
  const times = {
    checkTimeoutMs: config.checkTimeoutSeconds * 1000,
    recheckMs: config.recheckSeconds * 1000,
    absentMs: config.absentSeconds * 1000,
  };
  const puller = createPuller({ client, blobs, cache, clock, log, maxBlobBytes, ...times });
  closers.push(() => puller.close());

  const signingKey = deriveKey(secret, "pull tokens");
  const tokens = { signingKey, externalUrl, tokenSeconds, anonymousPull };
  const access = createAccess({ credentials, clock, ...tokens });
  let isServing = false;
  const app = createHttpApp({
    access,
    api: {
      access: createApiAccess({ credentials, clock }),
      management: metadata.management,
      client,
      externalUrl,
      version,
      isInner: innerTest(createGuard({ clock, allowed: allowedAddresses })),
    },
    directory,
    puller,
    clock,
    log,
    idleSeconds,
    isTrustedProxy: addressTest(config.trustedProxies),
    ownMark: ringMarker(instanceId),
    ready: async () => isServing && (await metadata.ready()) && (await blobs.ready()),
  });
  const server = startServer({ ...config.listen, tls: config.tls }, { app, clock, log });
  closers.push(() => server.stop(0));
  // Not before the port is ours: a token that is made now is shown once, and a start that fails would lose it.
  const prepared = await prepare(metadata, config);
  const expiry = startExpiry({
    expire: () => metadata.management.dependencyProxies.expire(),
    clock,
    log,
  });
  closers.push(() => expiry.stop());
  isServing = true;
  log.info("listening", { address: config.listen.hostname, port: server.port, url: externalUrl });
  return {
    port: server.port,
    prepared,
    async stop() {
      isServing = false;
      await server.stop(config.drainSeconds * 1000);
      await closeAll();
    },
  };
}

/** Whether an address lies in one of the ranges; an IPv4 address can come as a mapped one. */
function addressTest(ranges: readonly string[]): (address: string) => boolean {
  const parsed = ranges.map((range) => ipaddr.parseCIDR(range));
  return (text) => {
    if (!ipaddr.isValid(text)) return false;
    const address = ipaddr.process(text);
    return parsed.some(
      ([base, bits]) => address.kind() === base.kind() && address.match(base, bits),
    );
  };
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
