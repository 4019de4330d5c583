import { failureCode } from "../../lib/log.ts";
import type { Registry } from "../../metadata/contract.ts";
import type { Digest } from "../../oci/digest.ts";
import { RegistryError } from "../../oci/error.ts";
import type { ByteSource } from "../../pull/contract.ts";
import { marksIn } from "../../upstream/contract.ts";
import { Flow } from "../flow.ts";
import { contentHeaders } from "../respond.ts";
import { patiently, type V2Asked } from "./asked.ts";
import { contentResponse, wantedPart } from "./blob-content.ts";
import { followBody } from "./body.ts";
import { hasAlready, notModified } from "./conditions.ts";

/** OCI distribution-spec, "Pulling blobs". */
export async function blobResponse(
  asked: V2Asked,
  registry: Registry,
  repository: string,
  digest: Digest,
): Promise<Response> {
  const { request, exchange, options } = asked;
  const isKnown = hasAlready(request, digest);
  // Who has it already needs to know no more than that it is there.
  const head = isKnown || request.method === "HEAD";
  const marks = marksIn(exchange.via);
  const complete = cannotSeeCuts(asked);
  const part = wantedPart(request, digest);
  const pulled = await patiently(asked, (waits) =>
    options.puller.blob(registry, repository, digest, { head, complete, part, marks, waits }),
  );
  const headers = contentHeaders(exchange, pulled);
  if (isKnown) return notModified(headers);
  const { upstream } = pulled.explanation;
  const follow = (source: ByteSource) => followed(asked, source, upstream);
  const known = (bytes: number) => {
    exchange.bytes = bytes;
  };
  return contentResponse(pulled, { headers, head, part, follow, known });
}

/** A body that goes on after the head of the answer: what becomes of it is counted, and told where it is cut. */
function followed(
  { request, server, exchange, options }: V2Asked,
  source: ByteSource,
  upstream: string,
): ReadableStream<Uint8Array> {
  const { clock, idleSeconds, log, sent } = options;
  const { id } = exchange;
  const flow = new Flow();
  exchange.flow = flow;
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
}

/**
 * A proxy that speaks HTTP/1.0 to us, as nginx does by default, takes any end of a body for a good one. The version is
 * not told, but such a proxy asks to close; clients that ask for it speak HTTP/1.1 and see cuts.
 */
function cannotSeeCuts({ request, server, options }: V2Asked): boolean {
  if (request.headers.get("connection")?.toLowerCase() !== "close") return false;
  const address = server.requestIP(request)?.address;
  return address !== undefined && options.isTrustedProxy(address);
}

/** What a log line may say of a failure: our own words, or a code. */
function wordFor(error: unknown): string {
  return error instanceof RegistryError ? error.message : failureCode(error);
}
