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
/** Headers that were made before: copying them costs half of making them. */
interface Kept {
  /** What they tell, which stays the same for a second. */
  explanation: Explanation;
  all: Headers;
}

/** By the bytes of a manifest in memory, which are the same object for each who gets them. */
const kept = new WeakMap<object, Kept>();

function headersOf({ digest, contentType, explanation, payload }: Content): Headers {
  const known = payload && kept.get(payload);
  if (known && tellsTheSame(known.explanation, explanation)) return known.all;
  const all = sameHeaders(digest, contentType, explanation.status);
  all.set("X-Weir-Cache", explain(explanation));
  if (payload) kept.set(payload, { explanation, all });
  return all;
}

function tellsTheSame(one: Explanation, other: Explanation): boolean {
  return (
    one.age === other.age &&
    one.status === other.status &&
    one.upstream === other.upstream &&
    one.reason === other.reason
  );
}

function sameHeaders(digest: string, contentType: string, status: CacheStatus): Headers {
  return new Headers({
    ...always,
    "Content-Type": contentType,
    "Docker-Content-Digest": digest,
    ETag: `"${digest}"`,
    "Content-Disposition": "attachment",
    "Cache-Control": "private",
    Vary: "Authorization",
    "Cache-Status": cacheStatus[status],
  });
}

type Content = Pick<PulledManifest, "digest" | "contentType" | "explanation"> &
  Partial<Pick<PulledManifest, "payload">>;

/** The closed set of headers of stored content (distribution-spec, "Pulling manifests", "Pulling blobs"). */
export function contentHeaders(exchange: Exchange, content: Content): Headers {
  exchange.told = content.explanation;
  const headers = new Headers(headersOf(content));
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
  if (upstream) text += `; upstream="${printableName(upstream)}"`;
  if (age !== undefined) text += `; age=${age}`;
  return reason ? `${text}; reason="${printable(reason)}"` : text;
}

/** Names of upstreams as they may stand in a header. */
const printableNames = new LruMap<string, string>(1024);

function printableName(name: string): string {
  const known = printableNames.get(name);
  if (known !== undefined) return known;
  const made = printable(name);
  printableNames.set(name, made);
  return made;
}

function printable(text: string): string {
  return text.replace(/[^ !#-[\]-~]/g, "_");
}
