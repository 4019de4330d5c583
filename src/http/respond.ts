import { LruMap } from "../lib/lru.ts";
import { isDatabaseFailure } from "../metadata/contract.ts";
import { RegistryError } from "../oci/error.ts";
import type { CacheStatus, Explanation, PulledManifest } from "../pull/contract.ts";
import type { Exchange, Told } from "./exchange.ts";

/** On every answer: nothing here is a page, and nothing may be guessed to be one. */
const always = {
  "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Docker-Distribution-Api-Version": "registry/2.0",
};

type Headers_ = Record<string, string>;

export function jsonResponse(
  exchange: Exchange,
  status: number,
  body: unknown,
  headers?: Headers_,
): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      ...always,
      "Content-Type": "application/json",
      "Cache-Control": "no-store",
      "X-Request-Id": exchange.id,
      ...headers,
    },
  });
}

/** The facts of a list. */
export interface ListBody {
  type: string;
  body: unknown;
  explanation: Explanation;
  /** Where the next page is; undefined on the last one. */
  next?: string;
  /** What the list was narrowed by. */
  filtered?: string;
}

/** A list, for GET and HEAD alike. */
export function listResponse(exchange: Exchange, request: Request, list: ListBody): Response {
  const { type, explanation, next, filtered } = list;
  exchange.told = explanation;
  const bytes = new TextEncoder().encode(JSON.stringify(list.body));
  const headers = {
    ...always,
    "Content-Type": type,
    "Content-Disposition": "attachment",
    "Cache-Control": "private",
    Vary: "Authorization",
    "Content-Length": String(bytes.length),
    "Cache-Status": cacheStatus[explanation.status],
    "X-Weir-Cache": explain(explanation),
    "X-Request-Id": exchange.id,
    ...(next !== undefined && { Link: `<${next}>; rel="next"` }),
    ...(filtered !== undefined && { "OCI-Filters-Applied": filtered }),
  };
  return new Response(request.method === "HEAD" ? null : bytes, { headers });
}

/** The one place where a refusal becomes an answer. Whatever is not ours to explain is a 500 without details. */
export function errorResponse(exchange: Exchange, error: unknown): Response {
  const refusal = refusalOf(exchange, error);
  exchange.refusal = refusal;
  if (!exchange.isPull) return jsonResponse(exchange, refusal.status, refusal, refusal.headers);
  const told = toldOf(refusal);
  exchange.told = told;
  const headers = { ...refusal.headers, "X-Weir-Cache": explain(told) };
  return jsonResponse(exchange, refusal.status, refusal, headers);
}

/** The facts of a refusal, in the form of those of an answer: who stood in the way, or was asked, and why. */
function toldOf({ code, detail = {} }: RegistryError): Told {
  const { asked } = detail;
  const blamed = Array.isArray(detail["upstreams"]) ? detail["upstreams"] : [detail];
  const all = (field: string) =>
    blamed
      .map((one: Record<string, unknown>) => one[field])
      .filter((value) => typeof value === "string")
      .join(", ");
  if (Array.isArray(asked)) {
    const reason = asked.length === 0 ? { reason: "denied by rule" } : {};
    return { status: "absent", upstream: asked.join(", "), ...reason };
  }
  return { status: "refused", upstream: all("upstream"), reason: all("reason") || code };
}

function refusalOf(exchange: Exchange, error: unknown): RegistryError {
  if (error instanceof RegistryError) return error;
  if (isDatabaseFailure(error)) {
    const message = "the database does not answer at the moment; try again";
    return new RegistryError("unavailable", message, { headers: { "Retry-After": "2" } });
  }
  const message = "the server failed; its log has the reason under this request id";
  return new RegistryError("internal", message, { detail: { request_id: exchange.id } });
}
/** The part of those headers that is the same for each answer with an object: copying it costs half of making it. */
const sameHeaders = new LruMap<string, Headers>(4096);

function headersOf(digest: string, contentType: string, status: CacheStatus): Headers {
  const key = `${digest} ${status} ${contentType}`;
  const known = sameHeaders.get(key);
  if (known) return known;
  const made = new Headers({
    ...always,
    "Content-Type": contentType,
    "Docker-Content-Digest": digest,
    ETag: `"${digest}"`,
    "Content-Disposition": "attachment",
    "Cache-Control": "private",
    Vary: "Authorization",
    "Cache-Status": cacheStatus[status],
  });
  sameHeaders.set(key, made);
  return made;
}

/** The closed set of headers of stored content (distribution-spec, "Pulling manifests", "Pulling blobs"). */
export function contentHeaders(
  exchange: Exchange,
  {
    digest,
    contentType,
    explanation,
  }: Pick<PulledManifest, "digest" | "contentType" | "explanation">,
): Headers {
  exchange.told = explanation;
  const headers = new Headers(headersOf(digest, contentType, explanation.status));
  headers.set("X-Weir-Cache", explain(explanation));
  headers.set("X-Request-Id", exchange.id);
  return headers;
}

/** The cache status in the words of RFC 9211, section 2. */
const cacheStatus: Record<CacheStatus, string> = {
  hit: "weir; hit",
  stale: "weir; hit; detail=stale",
  revalidated: "weir; fwd=stale; detail=revalidated",
  miss: "weir; fwd=uri-miss; stored",
  collapsed: "weir; fwd=uri-miss; collapsed",
  window: "weir; fwd=partial",
  bypass: "weir; fwd=uri-miss; stored=?0",
  absent: "weir; fwd=uri-miss; detail=absent",
};

function explain({ status, upstream, age, reason }: Told): string {
  let text: string = status;
  if (upstream) text += `; upstream="${printable(upstream)}"`;
  if (age !== undefined) text += `; age=${age}`;
  return reason ? `${text}; reason="${printable(reason)}"` : text;
}

function printable(text: string): string {
  return text.replace(/[^ !#-[\]-~]/g, "_");
}
