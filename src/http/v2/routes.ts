import type { Grant } from "../../access/contract.ts";
import type { Registry } from "../../metadata/contract.ts";
import type { Digest } from "../../oci/digest.ts";
import { RegistryError } from "../../oci/error.ts";
import { marksIn } from "../../upstream/contract.ts";
import type { BunServer, Exchange, PullKind } from "../exchange.ts";
import { jsonResponse } from "../respond.ts";
import { pathOf } from "../url.ts";
import { plainPath } from "./alias.ts";
import { patiently, type V2Asked, type V2Options } from "./asked.ts";
import { authenticate, challenge } from "./authentication.ts";
import { blobResponse } from "./blob.ts";
import { referrersResponse, tagsResponse } from "./lists.ts";
import { manifestResponse } from "./manifest.ts";
import { notProtocol, readPath, splitPath, type V2Path } from "./path.ts";
import { readableRegistry } from "./registry.ts";

/** The registry protocol: everything under `/v2`. Authentication comes before any other look at a request. */
export async function answerV2(
  request: Request,
  server: BunServer,
  exchange: Exchange,
  options: V2Options,
): Promise<Response> {
  const asked = { request, server, exchange, options };
  const path = plainPath(pathOf(request.url));
  const isPing = path === "/v2/" || path === "/v2";
  const target = isPing ? undefined : splitPath(path);
  exchange.isPull = !isPing;
  options.pullRate.take(request, server);
  const grant = await authenticate(asked, isPing, target);
  requireReading(request);
  if (isPing) return jsonResponse(exchange, 200, {});
  if (!target) throw notProtocol();
  return serve(asked, target, grant);
}

function requireReading({ method }: Request): void {
  if (method === "GET" || method === "HEAD") return;
  throw new RegistryError("unsupported", "pull only", { headers: { Allow: "GET, HEAD" } });
}

async function serve(asked: V2Asked, path: V2Path, grant: Grant): Promise<Response> {
  const { exchange, options } = asked;
  const { place, wanted } = readPath(path);
  const { name } = path;
  exchange.kind = kindOf(wanted.kind);
  if (grant.repositories && !grant.repositories.has(name)) throw challenge(options.access, name);
  const registry = await readableRegistry(asked, place, grant);
  const { repository } = place;
  exchange.registry = registry;
  exchange.asked = path;
  switch (wanted.kind) {
    case "tag":
    case "digest":
      return manifestResponse(asked, registry, repository, wanted);
    case "blob":
      return blobResponse(asked, registry, repository, wanted.digest);
    case "tags":
    case "referrers":
      return list(asked, { registry, repository, name }, wanted);
  }
}

function list(
  asked: V2Asked,
  of: { registry: Registry; repository: string; name: string },
  wanted: { kind: "tags" } | { kind: "referrers"; digest: Digest },
): Promise<Response> {
  const { request, exchange, options } = asked;
  const listed = { request, exchange, puller: options.puller, ...of };
  const marks = marksIn(exchange.via);
  return patiently(asked, (waits) =>
    wanted.kind === "tags"
      ? tagsResponse(listed, { marks, waits })
      : referrersResponse(listed, wanted.digest, { marks, waits }),
  );
}

function kindOf(kind: ReturnType<typeof readPath>["wanted"]["kind"]): PullKind {
  return kind === "tag" || kind === "digest" ? "manifest" : kind;
}
