import { LruMap } from "../lib/lru.ts";
import { isDatabaseFailure } from "../metadata/contract.ts";
import { RegistryError } from "../oci/error.ts";
import type { Explanation, PulledManifest } from "../pull/contract.ts";
import type { Exchange } from "./exchange.ts";

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

/** The one place where a refusal becomes an answer. Whatever is not ours to explain is a 500 without details. */
export function errorResponse(exchange: Exchange, error: unknown): Response {
  const refusal = refusalOf(exchange, error);
  exchange.refusal = refusal;
  return jsonResponse(exchange, refusal.status, refusal, refusal.headers);
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

function headersOf(digest: string, contentType: string): Headers {
  const key = `${digest} ${contentType}`;
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
  exchange.explanation = explanation;
  const headers = new Headers(headersOf(digest, contentType));
  headers.set("X-Weir-Cache", explain(explanation));
  headers.set("X-Request-Id", exchange.id);
  return headers;
}

function explain({ status, upstream, age, reason }: Explanation): string {
  const name = upstream.replace(/[^ !#-[\]-~]/g, "_");
  const base = `${status}; upstream="${name}"; age=${age}`;
  return reason ? `${base}; reason="${reason}"` : base;
}
