import { copyFileSync } from "node:fs";
import { createApiAccess } from "../../../src/access/api.ts";
import type { Access, Logins } from "../../../src/access/contract.ts";
import { Hashing } from "../../../src/access/people/hashing.ts";
import { createPeople } from "../../../src/access/people/people.ts";
import { GatheredIncidents } from "../../../src/access/incidents.ts";
import { createLogins } from "../../../src/access/logins.ts";
import { Console } from "../../../src/http/console/serving.ts";
import { createHttpApp } from "../../../src/http/app.ts";
import { Metrics } from "../../../src/http/metrics/metrics.ts";
import { RequestMetrics } from "../../../src/http/metrics/upstreams.ts";
import { PullRate } from "../../../src/http/pull-rate.ts";
import { createLog, type Log } from "../../../src/lib/log.ts";
import { clientsBy } from "../../../src/lib/address-ranges.ts";
import { hashSecret } from "../../../src/lib/secret.ts";
import type { Metadata, Registry, Role } from "../../../src/metadata/contract.ts";
import { type Digest, digestOf } from "../../../src/oci/digest.ts";
import { type Reference, referenceText } from "../../../src/oci/reference.ts";
import type { Images } from "../../../src/pull/images/contract.ts";
import { createInspector } from "../../../src/pull/inspection/inspector.ts";
import type { Verifier } from "../../../src/work/contract.ts";
import { GatheredStatistics } from "../../../src/pull/statistics.ts";
import type { Puller, PullPlan } from "../../../src/pull/contract.ts";
import {
  type Absent,
  absent,
  type Described,
  type Upstream,
  type UpstreamClient,
  type UpstreamError,
} from "../../../src/upstream/contract.ts";
import { Listeners } from "../../../src/http/api/event-stream.ts";
import { RecentPulls } from "../../../src/http/live/pulls.ts";
import { RecentRequests } from "../../../src/http/live/requests.ts";
import { backgroundWork } from "../../../src/work/background.ts";
import { PrefetchWork } from "../../../src/work/prefetch/work.ts";
import { DeliveryWork } from "../../../src/work/webhooks/work.ts";
import type { Runner } from "../../../src/work/runner/contract.ts";
import { Holds } from "../../../src/lib/holds.ts";
import { noSpaceCounts } from "../../../src/work/space/contract.ts";
import { Eviction } from "../../../src/work/space/eviction.ts";
import { createRunner } from "../../../src/work/runner/runner.ts";
import { quickCost } from "../../fakes/hashing.ts";
import { SteppedClock } from "../../fakes/clock.ts";
import { noon, registrySettings, upstreamSettings } from "../../fakes/metadata-samples.ts";
import { sqliteFolder, testSealer } from "../../fakes/metadata-sqlite.ts";

import { putMigrated } from "../../fakes/migrated.ts";
import { undocumented } from "./conformance.ts";

export const base = "/api/v4/virtual_registries/container";
export const secrets = {
  admin: "secret-of-an-administrator",
  owner: "secret-of-an-owner",
  maintainer: "secret-of-a-maintainer",
  developer: "secret-of-a-developer",
  guest: "secret-of-a-guest",
  stranger: "secret-of-a-stranger",
  /** An administrator's, to read. */
  reading: "secret-that-may-only-read",
  /** An administrator's, to pull. */
  pulling: "secret-that-may-only-pull",
  expired: "secret-that-has-expired",
} as const;
export type Who = keyof typeof secrets;

const someDigest: Digest = digestOf(new TextEncoder().encode("manifest"));
const refuse = () => Promise.reject(new Error("nobody should have asked for this"));

export interface Reply {
  status: number;
  body: unknown;
  headers: Headers;
}

let filled: Promise<string> | undefined;

/** The HTTP interface over a real database, with an upstream client and a puller that note what they are asked. */
export class ApiWorld {
  readonly clock = new SteppedClock();
  readonly folder = sqliteFolder(this.clock);
  readonly tested: { upstream: Upstream; path: string; deadline: number }[] = [];
  readonly pulls: string[] = [];
  /** Ids of upstreams whose breakers were closed. */
  readonly revived: number[] = [];
  /** Where calls come from. */
  address = "127.0.0.1";
  /** What an upstream says to a test. */
  answer: Described | Absent | UpstreamError = absent;
  #metadata: Metadata | undefined;
  #app: ReturnType<typeof createHttpApp> | undefined;

  static async open(): Promise<ApiWorld> {
    filled ??= ApiWorld.#filled();
    const world = new ApiWorld();
    copyFileSync(await filled, world.folder.file);
    await world.#open();
    return world;
  }

  /** The database of a world at its beginning: filling it takes longer than most tests do. */
  static async #filled(): Promise<string> {
    const world = new ApiWorld();
    await putMigrated(world.folder.file);
    await world.#open();
    await world.#fill();
    await world.metadata.close();
    process.on("exit", () => world.folder.remove());
    return world.folder.file;
  }

  async #open(): Promise<void> {
    const { clock } = this;
    const metadata = await this.folder.open();
    this.#metadata = metadata;
    const { directory, management, credentials } = metadata;
    const log = createLog(clock, "debug", { write() {}, async flush() {} });
    const incidents = new GatheredIncidents({ audit: metadata.audit, clock, log });
    const isTrustedProxy = () => false;
    const clientAt = clientsBy(() => false);
    const logins = createLogins({ clock, log, banSeconds: 3600, clientAt, incidents });
    this.#app = createHttpApp({
      screens: new Console({ load: async () => new Map(), log }),
      access: { service: "weir.test", realm: "", issue: refuse, verify: refuse } satisfies Access,
      api: {
        access: createApiAccess({ credentials }),
        people: this.#people(metadata, log, logins),
        logins,
        incidents,
        audit: metadata.audit,
        management,
        statistics: metadata.statistics,
        identity: metadata.identity,
        verifier: this.#verifier,
        images: this.#images,
        inspector: createInspector({ entries: management.entries, lists: metadata.lists }),
        client: this.#client(),
        runner: this.#runner(metadata, log),
        space: metadata.space,
        eviction: this.#eviction(metadata, log),
        listeners: new Listeners({ clock, log, most: 50, mostOfUser: 10 }),
        watchers: new Listeners({ clock, log, most: 200, mostOfUser: 10 }),
        recentPulls: new RecentPulls({ clock }),
        recentRequests: new RecentRequests({ clock }),
        externalUrl: "https://weir.test",
        version: "test",
        isInner: async (url) => new URL(url).hostname === "10.0.0.1",
      },
      directory,
      puller: this.#puller(),
      pullStatistics: new GatheredStatistics({ statistics: metadata.statistics, clock, log }),
      clock,
      log,
      isTrustedProxy,
      pullRate: new PullRate({ clock, limit: 0, clientAt, isTrustedProxy }),
      mirrorRegistry: 1,
      hasDependencyProxies: true,
      idleSeconds: 120,
      ownMark: "weir-test",
      readiness: async () => ({ isReady: true, parts: {}, ready: {} }),
      metrics: this.#metrics(metadata),
      metricsToken: undefined,
      tracer: undefined,
    });
  }

  #eviction({ space }: Metadata, log: Log): Eviction {
    const blobs = { room: async () => undefined };
    const bounds = { cacheMaxBytes: 1000, minFreeBytes: 0 };
    return new Eviction({
      space,
      blobs,
      ...bounds,
      clock: this.clock,
      log,
      counts: noSpaceCounts(),
    });
  }

  #runner(metadata: Metadata, log: Log): Runner {
    const { clock } = this;
    const options = {
      states: metadata.work,
      clock,
      log,
      owner: "test",
      underWay: () => 0,
      isWritingBack: () => false,
    };
    const { sweep } = metadata;
    const counts = noSpaceCounts();
    const none = async () => [];
    const nothing = async () => {};
    const blobs = { delete: nothing, list: none, quarantined: none, discardQuarantined: nothing };
    const eviction = this.#eviction(metadata, log);
    const step = async () => {
      const checked = { manifests: 0, blobs: 0, bytes: 0, entries: 0 };
      return { next: undefined, checked, findings: [] };
    };
    const scrubbing = { verifier: { step }, management: metadata.management, log, counts };
    const sweeping = { sweep, blobs, holds: new Holds(), clock, log, counts };
    const keeping = { sweeping, scrubbing, quarantine: sweeping, eviction };
    const { prefetches: runs, directory } = metadata;
    const prefetches = new PrefetchWork({ runs, directory, bringing: this.#puller(), clock, log });
    const { deliveries } = metadata;
    const webhooks = new DeliveryWork({ deliveries, poster: { ask: refuse }, clock, log });
    const works = [
      ...backgroundWork({ metadata, clock, log, auditDays: 0, ...keeping }),
      prefetches,
      webhooks,
    ];
    return createRunner(works, options);
  }

  /** Registry 1 of group 1 has upstreams 1 and 2; registry 2 of group 2 has upstream 3. */
  async #fill(): Promise<void> {
    const { directory } = this.metadata;
    for (const path of ["default", "other"]) {
      const { id } = await directory.saveGroup({ path, name: path });
      const names = path === "default" ? ["Docker Hub", "Second"] : ["Theirs"];
      for (const name of names) {
        const url = `https://${name.replace(" ", "-").toLowerCase()}.example.com`;
        await directory.saveUpstream(id, upstreamSettings({ name, url, tokenRealm: undefined }));
      }
      await directory.saveRegistry(id, registrySettings({ name: "main", upstreams: names }));
    }
    const roles: [Who, Role][] = [
      ["owner", "owner"],
      ["maintainer", "maintainer"],
      ["developer", "developer"],
      ["guest", "guest"],
    ];
    for (const [who, role] of roles) await this.#user(who, [1, role]);
    await this.#user("stranger", undefined);
    for (const who of ["admin", "reading", "pulling", "expired"] as const) {
      await this.#user(who, undefined);
    }
  }

  async #user(who: Who, membership: [number, Role] | undefined): Promise<void> {
    const { credentials } = this.metadata;
    const admin = !membership && who !== "stranger";
    const memberships = new Map(membership ? [membership] : []);
    const { id } = await credentials.saveUser({ username: who, admin }, memberships);
    const scope = { reading: "read_api", pulling: "read_virtual_registry" }[who as string] ?? "api";
    const expiresAt = who === "expired" ? this.clock.now() : undefined;
    const hash = hashSecret(secrets[who]);
    await credentials.saveToken(id, { name: "t", hash, scopes: [scope], expiresAt });
  }

  get metadata(): Metadata {
    if (!this.#metadata) throw new Error("the world is not open");
    return this.#metadata;
  }

  #people(metadata: Metadata, log: Log, attempts: Logins) {
    return createPeople({
      metadata,
      web: { ask: refuse, close() {} },
      clock: this.clock,
      log,
      sealer: testSealer,
      externalUrl: "https://weir.test",
      settings: {
        passwords: true,
        sessionIdleSeconds: 3600,
        sessionSeconds: 86_400,
        providers: [company],
      },
      attempts,
      hashing: new Hashing(undefined, quickCost),
    });
  }

  #client(): UpstreamClient {
    return {
      manifest: refuse,
      checkBlob: refuse,
      blob: refuse,
      tags: refuse,
      referrers: refuse,
      checkManifest: async (upstream, repository, reference, deadline) => {
        this.tested.push({ upstream, path: `${repository}:${referenceText(reference)}`, deadline });
        if (this.answer instanceof Error) throw this.answer;
        return this.answer;
      },
      revive: ({ id }) => void this.revived.push(id),
      health: () => ({
        breaker: "open",
        retryAt: noon,
        lastFailure: "timeout",
        lastError: {
          at: noon,
          reason: "timeout",
          message: 'upstream "Docker Hub" did not answer in time',
        },
        budget: { limit: 100, remaining: 7, windowSeconds: 21600, at: noon },
      }),
      close: async () => {},
    };
  }

  readonly #images: Images = {
    async import(_upstream, _archive, { vouched }) {
      const imported = { images: [], blobs: 0, bytes: 0, absent: 0 };
      await vouched(imported);
      return imported;
    },
    export: async () => ({ next: async () => undefined, cancel: async () => {}, waiting: false }),
  };

  readonly #verifier: Verifier = {
    step: async () => ({
      next: undefined,
      checked: { manifests: 0, blobs: 0, bytes: 0, entries: 0 },
      findings: [],
    }),
  };
  #metrics(metadata: Metadata): Metrics {
    const metrics = new Metrics({
      clock: this.clock,
      version: "test",
      requests: new RequestMetrics(),
      directory: metadata.directory,
      generation: () => metadata.generation(),
      health: (upstream) => this.#client().health(upstream),
      activity: refuse,
      readiness: refuse,
      space: noSpaceCounts(),
      workFailures: refuse,
      storedBytes: async () => (await metadata.space.usage()).stored,
      blobCount: () => metadata.blobCount(),
      dataDir: ".",
      minFreeBytes: 0,
      spans: undefined,
    });
    metrics.stop(); // nobody reads them here
    return metrics;
  }

  #puller(): Puller {
    const note = (verb: string, { id }: Registry, image: string) =>
      this.pulls.push(`${verb} ${id} ${image}`);
    return {
      manifest: refuse,
      blob: refuse,
      tags: refuse,
      referrers: refuse,
      prefetchManifest: refuse,
      prefetchBlob: refuse,
      activity: refuse,
      fills: async () => [],
      unstored: () => undefined,
      close: async () => {},
      refresh: async (registry, repository, tag) => {
        note("refresh", registry, `${repository}:${tag}`);
        const explanation = { status: "revalidated", upstream: "Docker Hub", age: 0 } as const;
        const payload = new Uint8Array();
        return { digest: someDigest, contentType: "text/plain", payload, explanation };
      },
      explain: async (registry, repository, reference: Reference) => {
        note("explain", registry, `${repository} ${referenceText(reference)}`);
        return samplePlan;
      },
    };
  }

  /** A call as this user; the body goes as JSON. Throws where the document does not have such an answer. */
  async call(
    who: Who | undefined,
    method: string,
    path: string,
    { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Reply> {
    const isText = typeof body === "string";
    const response = await this.fetch(method, path, {
      headers: {
        ...(who && { "PRIVATE-TOKEN": secrets[who] }),
        ...(body !== undefined && !isText && { "Content-Type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: isText ? body : JSON.stringify(body) }),
    });
    const { status, headers: told } = response;
    const contentType = told.get("content-type") ?? undefined;
    const isStream = contentType === "text/event-stream";
    const text = isStream ? await firstPart(response) : await response.text();
    const isJson = contentType?.startsWith("application/json") === true;
    const answer = isJson ? (JSON.parse(text) as unknown) : text || undefined;
    const wrong = undocumented(method, path, {
      status,
      contentType,
      etag: told.get("etag"),
      body: answer,
    });
    if (wrong.length > 0) throw new Error(wrong.join("\n"));
    return { status, body: answer, headers: told };
  }

  async fetch(method: string, path: string, init: RequestInit = {}): Promise<Response> {
    const request = new Request(`http://weir.test${path}`, { method, ...init });
    const socket = { address: this.address, family: "IPv4" as const, port: 4711 };
    const server = { timeout() {}, requestIP: () => socket };
    return (await this.#app?.answer(request, server, false)) ?? new Response(null, { status: 599 });
  }

  async close(): Promise<void> {
    await this.metadata.close();
    this.folder.remove();
  }
}

/** Of a body that may have no end. */
async function firstPart({ body }: Response): Promise<string> {
  const reader = body?.getReader();
  const { value } = (await reader?.read()) ?? {};
  await reader?.cancel();
  return new TextDecoder().decode(value);
}

const company = {
  name: "company",
  title: "The Company",
  issuer: "https://id.example.com",
  clientId: "weir",
  clientSecret: undefined,
  scopes: ["openid"],
  usernameClaim: "preferred_username",
  groupsClaim: "groups",
  createUsers: false,
  roles: [],
  ca: undefined,
};

const samplePlan: PullPlan = {
  upstreams: [
    {
      upstreamId: 1,
      upstream: "Docker Hub",
      position: 1,
      repository: "library/alpine",
      deniedBy: { target: "tag", effect: "deny", pattern: "latest" },
      cached: { digest: someDigest, proof: "shown", checkedAt: noon, freshUntil: undefined },
      says: undefined,
    },
  ],
  decision: { status: "refused", upstream: undefined, digest: undefined, reason: "denied" },
};
