import type { Access, Grant, Visitor } from "../../access/contract.ts";
import type { Clock } from "../../lib/clock.ts";
import { failureCode, type Log } from "../../lib/log.ts";
import type { Directory, Registry } from "../../metadata/contract.ts";
import { bearerChallenge } from "../../oci/challenge.ts";
import type { Digest } from "../../oci/digest.ts";
import { RegistryError } from "../../oci/error.ts";
import { isRepositoryName, type Reference } from "../../oci/reference.ts";
import { pullScope } from "../../oci/scope.ts";
import type { ByteSource, Puller } from "../../pull/contract.ts";
import type { BunServer, Exchange, PullKind } from "../exchange.ts";
import { marksIn } from "../../upstream/contract.ts";
import { Flow } from "../flow.ts";
import { contentHeaders, jsonResponse } from "../respond.ts";
import type { PullRate } from "../pull-rate.ts";
import { pathOf } from "../url.ts";
import { visitorOf } from "../visitor.ts";
import { plainPath } from "./alias.ts";
import { blobResponse, wantedPart } from "./blob.ts";
import { followBody } from "./body.ts";
import { hasAlready, notModified } from "./conditions.ts";
import { referrersResponse, tagsResponse } from "./lists.ts";
import { mirrorView } from "./mirror.ts";
import { hasNamespace, namespaceIn } from "./namespace.ts";
import { notProtocol, readPath, splitPath, type V2Path } from "./path.ts";
import { type Place, placeOfName } from "./roads.ts";
import { verifiedView } from "./verified.ts";

export interface V2Options {
  access: Access;
  directory: Directory;
  puller: Puller;
  clock: Clock;
  log: Log;
  /** How often an address may ask. */
  pullRate: PullRate;
  /** Whether the connection comes from a proxy that this server trusts. */
  isTrustedProxy: (address: string) => boolean;
  /** The registry that stands behind names that are none of ours. */
  mirrorRegistry: number;
  hasDependencyProxies: boolean;
  /** What clients know this server by. */
  externalUrl: string;
  /** Is told of the bytes of content that a client has taken, where their number was not known before. */
  sent: (bytes: number) => void;
  /** Seconds that a connection may be idle, as the server is set up. */
  idleSeconds: number;
}

/** The registry protocol: everything under `/v2`. Authentication comes before any other look at a request. */
export function answerV2(
  request: Request,
  server: BunServer,
  exchange: Exchange,
  options: V2Options,
): Promise<Response> {
  return new V2Request(request, server, exchange, options).answer();
}

class V2Request {
  readonly #request: Request;
  readonly #server: BunServer;
  readonly #exchange: Exchange;
  readonly #options: V2Options;

  constructor(request: Request, server: BunServer, exchange: Exchange, options: V2Options) {
    this.#request = request;
    this.#server = server;
    this.#exchange = exchange;
    this.#options = options;
  }

  async answer(): Promise<Response> {
    const path = plainPath(pathOf(this.#request.url));
    const isPing = path === "/v2/" || path === "/v2";
    const target = isPing ? undefined : splitPath(path);
    this.#exchange.isPull = !isPing;
    this.#options.pullRate.take(this.#request, this.#server);
    const grant = await this.#authenticate(isPing, target);
    this.#requireReading();
    if (isPing) return jsonResponse(this.#exchange, 200, {});
    if (!target) throw notProtocol();
    return this.#serve(target, grant);
  }

  /**
   * Throws a challenge unless there is a grant. The ping always asks: clients learn from it how to log in, but where a
   * certificate has said all.
   */
  async #authenticate(isPing: boolean, target: V2Path | undefined): Promise<Grant> {
    const authorization = this.#request.headers.get("authorization") ?? undefined;
    const visitor = () => this.#visitor(isPing, target);
    const grant = await this.#options.access.verify(authorization, visitor);
    const isAsked = isPing && !this.#exchange.certified;
    if (!grant || (isAsked && grant.repositories === undefined)) {
      throw this.#challenge(target?.name);
    }
    this.#exchange.actor = grant.actor.name;
    return grant;
  }

  #visitor(isPing: boolean, target: V2Path | undefined): Visitor {
    const as = isPing ? "either" : this.#soughtAs(target);
    const { isTrustedProxy } = this.#options;
    const arrival = { request: this.#request, server: this.#server, exchange: this.#exchange };
    return visitorOf(as, { ...arrival, isTrustedProxy });
  }

  /** With `ns`, a name of the mirror registry asks for what a mirror gives. */
  #soughtAs(target: V2Path | undefined): Visitor["as"] {
    const place = target && placeOfName(target.name);
    if (place?.road === "mirror") return "mirror";
    const isMirrored =
      place?.road === "registry" && place.registryId === this.#options.mirrorRegistry;
    return isMirrored && hasNamespace(this.#request.url) ? "either" : "registry";
  }

  #challenge(name: string | undefined): RegistryError {
    const { realm, service } = this.#options.access;
    const scope = name !== undefined && isRepositoryName(name) ? pullScope(name) : undefined;
    return new RegistryError("unauthorized", "a pull token is needed; log in and try again", {
      headers: { "WWW-Authenticate": bearerChallenge(realm, service, scope) },
    });
  }

  #requireReading(): void {
    const { method } = this.#request;
    if (method === "GET" || method === "HEAD") return;
    throw new RegistryError("unsupported", "pull only", { headers: { Allow: "GET, HEAD" } });
  }

  async #serve(path: V2Path, grant: Grant): Promise<Response> {
    const { place, wanted } = readPath(path);
    const { name } = path;
    this.#exchange.kind = kindOf(wanted.kind);
    if (grant.repositories && !grant.repositories.has(name)) throw this.#challenge(name);
    const registry = await this.#registry(place, grant);
    const { repository } = place;
    this.#exchange.registry = registry;
    this.#exchange.asked = path;
    switch (wanted.kind) {
      case "tag":
      case "digest":
        return this.#manifest(registry, repository, wanted);
      case "blob":
        return this.#blob(registry, repository, wanted.digest);
      case "tags":
      case "referrers":
        return this.#list(registry, repository, name, wanted);
    }
  }

  /** Unknown, unreadable and empty registries are one and the same to a caller. */
  async #registry(place: Place, grant: Grant): Promise<Registry> {
    const namespace = namespaceIn(this.#request.url);
    const registry = await this.#find(place, grant);
    const right = registry && grant.mayPull(registry);
    const readable = right && verifiedView(registry, grant);
    if (readable && readable.upstreams.length > 0) {
      if (right === "by_project") this.#exchange.right = right;
      const isWhole = place.road !== "mirror" && !namespace;
      return isWhole ? readable : mirrorView(readable, namespace, this.#options.externalUrl);
    }
    throw new RegistryError(
      "name_unknown",
      "there is no such registry, or it is not yours to read",
    );
  }

  async #find(place: Place, grant: Grant): Promise<Registry | undefined> {
    switch (place.road) {
      case "registry":
        return this.#options.directory.registry(place.registryId);
      case "dependency_proxy":
        return this.#dependencyProxy(place.groupPath, grant);
      case "mirror":
        return this.#options.directory.registry(this.#options.mirrorRegistry);
    }
  }

  /** Its upstream is made for the first who may pull: whoever may not leaves nothing behind. */
  async #dependencyProxy(groupPath: string, grant: Grant): Promise<Registry | undefined> {
    const { directory, hasDependencyProxies } = this.#options;
    if (!hasDependencyProxies) return undefined;
    const proxy = await directory.dependencyProxy(groupPath);
    if (!proxy || proxy.upstreams.length > 0 || !grant.mayPull(proxy)) return proxy;
    return directory.openDependencyProxy(groupPath);
  }

  async #manifest(registry: Registry, repository: string, reference: Reference): Promise<Response> {
    const head = this.#request.method === "HEAD";
    const marks = marksIn(this.#exchange.via);
    const pulled = await this.#patiently((waits) =>
      this.#options.puller.manifest(registry, repository, reference, { head, marks, waits }),
    );
    const headers = contentHeaders(this.#exchange, pulled);
    if (hasAlready(this.#request, pulled.digest)) return notModified(headers);
    if (!head) {
      this.#exchange.bytes = pulled.payload.length;
      return new Response(pulled.payload as Uint8Array<ArrayBuffer>, { headers });
    }
    headers.set("Content-Length", String(pulled.payload.length));
    return new Response(null, { headers });
  }

  #list(
    registry: Registry,
    repository: string,
    name: string,
    wanted: { kind: "tags" } | { kind: "referrers"; digest: Digest },
  ): Promise<Response> {
    const { puller } = this.#options;
    const [request, exchange] = [this.#request, this.#exchange];
    const asked = { request, exchange, puller, registry, repository, name };
    const marks = marksIn(exchange.via);
    return this.#patiently((waits) =>
      wanted.kind === "tags"
        ? tagsResponse(asked, { marks, waits })
        : referrersResponse(asked, wanted.digest, { marks, waits }),
    );
  }

  async #blob(registry: Registry, repository: string, digest: Digest): Promise<Response> {
    const server = this.#server;
    const isKnown = hasAlready(this.#request, digest);
    // Who has it already needs to know no more than that it is there.
    const head = isKnown || this.#request.method === "HEAD";
    const marks = marksIn(this.#exchange.via);
    const complete = this.#cannotSeeCuts();
    const part = wantedPart(this.#request, digest);
    const pulled = await this.#patiently((waits) =>
      this.#options.puller.blob(registry, repository, digest, {
        head,
        complete,
        part,
        marks,
        waits,
      }),
    );
    const headers = contentHeaders(this.#exchange, pulled);
    if (isKnown) return notModified(headers);
    const { clock, idleSeconds, log, sent } = this.#options;
    const request = this.#request;
    const { id } = this.#exchange;
    const { upstream } = pulled.explanation;
    const follow = (source: ByteSource) => {
      const flow = new Flow();
      this.#exchange.flow = flow;
      return followBody(source, {
        clock,
        server,
        request,
        idleSeconds,
        sent(bytes) {
          sent(bytes);
          flow.took(bytes);
        },
        cut(reason) {
          log.warn("transfer cut", { id, upstream, reason: wordFor(reason) });
          flow.over({ outcome: "cut", reason });
        },
        over: (outcome) => flow.over({ outcome }),
      });
    };
    const known = (bytes: number) => {
      this.#exchange.bytes = bytes;
    };
    return blobResponse(pulled, { headers, head, part, follow, known });
  }

  /** Waiting for an upstream is not idleness of the client; a hit, which does not wait, need not say so. */
  async #patiently<T>(work: (waits: () => void) => Promise<T>): Promise<T> {
    const server = this.#server;
    let isWaiting = false;
    const waits = () => {
      isWaiting = true;
      server.timeout(this.#request, 0);
    };
    try {
      return await work(waits);
    } finally {
      if (isWaiting) server.timeout(this.#request, this.#options.idleSeconds);
    }
  }

  /**
   * A proxy that speaks HTTP/1.0 to us, as nginx does by default, takes any end of a body for a good one. The version is
   * not told, but such a proxy asks to close; clients that ask for it speak HTTP/1.1 and see cuts.
   */
  #cannotSeeCuts(): boolean {
    if (this.#request.headers.get("connection")?.toLowerCase() !== "close") return false;
    const address = this.#server.requestIP(this.#request)?.address;
    return address !== undefined && this.#options.isTrustedProxy(address);
  }
}

function kindOf(kind: ReturnType<typeof readPath>["wanted"]["kind"]): PullKind {
  return kind === "tag" || kind === "digest" ? "manifest" : kind;
}

/** What a log line may say of a failure: our own words, or a code. */
function wordFor(error: unknown): string {
  return error instanceof RegistryError ? error.message : failureCode(error);
}
