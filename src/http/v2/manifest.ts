import type { Registry } from "../../metadata/contract.ts";
import type { Reference } from "../../oci/reference.ts";
import { marksIn } from "../../upstream/contract.ts";
import { contentHeaders } from "../respond.ts";
import { patiently, type V2Asked } from "./asked.ts";
import { hasAlready, notModified } from "./conditions.ts";

/** OCI distribution-spec, "Pulling manifests". */
export async function manifestResponse(
  asked: V2Asked,
  registry: Registry,
  repository: string,
  reference: Reference,
): Promise<Response> {
  const { request, exchange, options } = asked;
  const head = request.method === "HEAD";
  const marks = marksIn(exchange.via);
  const pulled = await patiently(asked, (waits) =>
    options.puller.manifest(registry, repository, reference, { head, marks, waits }),
  );
  const headers = contentHeaders(exchange, pulled);
  if (hasAlready(request, pulled.digest)) return notModified(headers);
  if (!head) {
    exchange.bytes = pulled.payload.length;
    return new Response(pulled.payload as Uint8Array<ArrayBuffer>, { headers });
  }
  headers.set("Content-Length", String(pulled.payload.length));
  return new Response(null, { headers });
}
