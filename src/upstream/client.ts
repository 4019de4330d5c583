import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { Digest } from "../oci/digest.ts";
import type { Reference } from "../oci/reference.ts";
import { Answer } from "./answer.ts";
import { Authorizer } from "./authorizer.ts";
import { type Ask, check, firstByte, type Said } from "./check.ts";
import {
  type Absent,
  absent,
  type BlobOptions,
  type Described,
  type Fetched,
  type Health,
  type HealthEvent,
  type ListedReferrers,
  type ListedTags,
  type OpenBlob,
  type RequestWatch,
  ringMarker,
  type StateStore,
  type Upstream,
  type UpstreamClient,
} from "./contract.ts";
import { within } from "../lib/exchange.ts";
import { failure } from "./failure.ts";
import { type AllowedRange, createGuard, type Resolve } from "./guard.ts";
import { readReferrers, readTags } from "./lists.ts";
import { openBlob, readManifest } from "./receive.ts";
import { Retrying } from "./retry.ts";
import { type Standing, Standings } from "./standings.ts";
import { statusFailure } from "./status.ts";
import { denied, TokenSource } from "./tokens.ts";
import { Transport } from "./transport.ts";
import { watchOf, Watched } from "./watched.ts";
import { type Wanted, wantedBlob, wantedManifest, wantedReferrers, wantedTags } from "./wanted.ts";

export interface UpstreamClientOptions {
  clock: Clock;
  log: Log;
  /** Of this server, for `User-Agent`. */
  version: string;
  /** Of this process: upstreams that turn out to be this server again are recognised by it. Letters, digits, `-`. */
  instanceId: string;
  /** Inner addresses that may be dialled. */
  allowedAddresses: readonly AllowedRange[];
  /** Where it is kept over restarts who is not to be asked for now. */
  states: StateStore;
  /** See `StandingsOptions`. */
  told: (event: HealthEvent) => void;
  /** From 0 to 1, in place of the machine's chance. */
  random?: () => number;
  /** Are told of each request. */
  watches?: readonly RequestWatch[];
  /** Milliseconds, each with its default. */
  limits?: Partial<Limits>;
  /** In place of the machine's resolver. */
  resolve?: Resolve;
}

interface Limits {
  /** Waiting for a place, and connecting. */
  connect: number;
  /** The head of one answer. */
  head: number;
  /** Between two pieces of a blob. */
  idle: number;
  /** Everything about a token or the HEAD of a blob. A manifest has it beside the time for its head. */
  total: number;
  /** A list with all its pages. */
  list: number;
}

/** Upstreams that fetch what they are asked for from somewhere else are known to be silent for a minute. */
const defaults: Limits = {
  connect: 10_000,
  head: 75_000,
  idle: 75_000,
  total: 30_000,
  list: 180_000,
};
/** Servers that a request may have come through: more of them are a ring that nobody notices. */
const maxMarks = 8;

/** Dials nothing before the first call. Throws for an entry of `allowedAddresses` that is not in CIDR notation. */
export function createUpstreamClient(options: UpstreamClientOptions): UpstreamClient {
  const { clock, log, version, instanceId, allowedAddresses, states, resolve } = options;
  const { random = Math.random, watches = [], told } = options;
  const limits = { ...defaults, ...options.limits };
  const guard = createGuard({ clock, allowed: allowedAddresses, ...(resolve && { resolve }) });
  const headers = { "User-Agent": `weir/${version}`, "Accept-Encoding": "identity" };
  const mark = ringMarker(instanceId);
  const watch = watchOf(watches);
  const transport = new Transport({ clock, log, guard, headers, mark, limits, watch });
  const sender = new Retrying(new Watched(transport, clock, watch), clock, random);
  const tokens = new TokenSource(clock, sender, limits.total);
  const changed = (upstreamId: number) => {
    tokens.forget(upstreamId);
    transport.forget(upstreamId);
  };
  const standings = new Standings({ clock, log, states, random, changed, told });
  const authorizer = new Authorizer(sender, tokens, log);
  return new Client({ clock, authorizer, standings, transport, limits });
}

interface Parts {
  clock: Clock;
  authorizer: Authorizer;
  standings: Standings;
  transport: Transport;
  limits: Limits;
}

class Client implements UpstreamClient {
  constructor(readonly parts: Parts) {}

  manifest(
    upstream: Upstream,
    repository: string,
    reference: Reference,
    marks: readonly string[] = [],
  ): Promise<Fetched | Absent> {
    const { head, total } = this.parts.limits;
    const wanted = wantedManifest(upstream, repository, reference, marks);
    return this.#within(upstream, head + total, async (ask) => {
      const answer = await ask({ ...wanted, method: "GET" });
      return answer instanceof Answer ? readManifest(answer) : absent;
    });
  }

  checkManifest(
    upstream: Upstream,
    repository: string,
    reference: Reference,
    deadline: number,
    marks: readonly string[] = [],
  ): Promise<Described | Absent> {
    const wanted = wantedManifest(upstream, repository, reference, marks);
    return this.#within(upstream, deadline, (ask, { heads }) => check(wanted, ask, heads));
  }

  checkBlob(
    upstream: Upstream,
    repository: string,
    digest: Digest,
    marks: readonly string[] = [],
  ): Promise<Described | Absent> {
    const wanted = wantedBlob(upstream, repository, digest, marks);
    return this.#within(upstream, this.parts.limits.total, (ask, { heads }) =>
      check(wanted, ask, heads),
    );
  }

  blob(
    upstream: Upstream,
    repository: string,
    digest: Digest,
    { offset, last, etag, signal, marks = [] }: BlobOptions,
  ): Promise<OpenBlob | Absent> {
    const wanted = wantedBlob(upstream, repository, digest, marks);
    const headers: Record<string, string> = { ...wanted.headers };
    if (offset > 0 || last !== undefined) headers["Range"] = `bytes=${offset}-${last ?? ""}`;
    if (offset > 0 && etag !== undefined) headers["If-Range"] = `"${etag}"`;
    return this.parts.standings.guard(upstream, async (standing) => {
      const sent = { ...wanted, method: "GET", headers, lane: "transfer" } as const;
      const answer = await this.#ask(sent, standing, signal);
      return answer instanceof Answer ? openBlob(answer, offset, last) : absent;
    });
  }

  tags(
    upstream: Upstream,
    repository: string,
    marks: readonly string[] = [],
  ): Promise<ListedTags | Absent> {
    const wanted = wantedTags(upstream, repository, marks);
    return this.#within(upstream, this.parts.limits.list, (ask) => readTags(wanted, ask));
  }

  referrers(
    upstream: Upstream,
    repository: string,
    digest: Digest,
    marks: readonly string[] = [],
  ): Promise<ListedReferrers | Absent> {
    const wanted = wantedReferrers(upstream, repository, digest, marks);
    return this.#within(upstream, this.parts.limits.list, (ask) => readReferrers(wanted, ask));
  }

  revive(upstream: Upstream, why: string): void {
    this.parts.standings.revive(upstream, why);
  }

  health(upstream: Upstream): Health {
    return this.parts.standings.health(upstream);
  }

  close(): Promise<void> {
    this.parts.transport.close();
    return this.parts.standings.close();
  }

  #within<T>(
    upstream: Upstream,
    ms: number,
    work: (ask: Ask, standing: Standing) => Promise<T>,
  ): Promise<T> {
    const late = () => failure("timeout", upstream.name, "did not answer in time");
    return this.parts.standings.guard(upstream, (standing) =>
      within(this.parts.clock, ms, late, (signal) =>
        work((wanted) => this.#ask(wanted, standing, signal), standing),
      ),
    );
  }

  async #ask(wanted: Wanted, standing: Standing, signal: AbortSignal): Promise<Said> {
    const { upstream, repository, kind, reference, query = "", lacking, marks } = wanted;
    const { name } = upstream;
    if (marks.length > maxMarks) throw failure("blocked", name, "is too many servers away");
    const { authorizer, clock } = this.parts;
    const url = new URL(`${upstream.url}/v2/${repository}/${kind}/${reference}${query}`);
    const answer = await authorizer.send({ ...wanted, url, signal, standing });
    if (answer === denied) return meaningOfDenied(upstream);
    const isOwn = answer.url.origin === url.origin;
    if (isOwn) standing.note(answer.headers, clock.now());
    const { status } = answer;
    if (status === 200 || (status === 206 && "Range" in wanted.headers)) return answer;
    await answer.discard();
    if (status === 404 || lacking?.includes(status)) return "not found";
    if ((status === 401 || status === 403) && isOwn) return meaningOfDenied(upstream);
    if (wanted.method === "HEAD" && (status === 405 || status === 501)) return "no head";
    if (status === 416 && wanted.headers["Range"] === firstByte) return "empty";
    throw statusFailure(answer, clock.now());
  }
}

/** Many registries refuse what does not exist, so as not to tell what does; others refuse only what does exist. */
function meaningOfDenied(upstream: Upstream): "refused" {
  if (upstream.deniedMeans === "absent") return "refused";
  throw failure("denied", upstream.name, "does not let us pull this");
}
