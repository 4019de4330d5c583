import { maxManifestBytes } from "../oci/manifest.ts";
import type { Answer } from "./answer.ts";
import type { Fetched, OpenBlob } from "./contract.ts";
import { announcedSize, describe, partOf, strongEtag } from "./describe.ts";
import { failure } from "./failure.ts";

/** The manifest that an answer with status 200 brings. Throws `UpstreamError` where it brings none. */
export async function readManifest(answer: Answer): Promise<Fetched> {
  const { upstream, headers } = answer;
  const size = announcedSize(answer);
  const invalid = (did: string) => {
    answer.abandon();
    return failure("invalid", upstream, did);
  };
  // Without a length, a broken connection cannot be told from the end (security S1; bun.md trap 3).
  if (size === undefined && !headers.has("transfer-encoding")) {
    throw invalid("answered with a manifest of unknown length");
  }
  if ((size ?? 0) > maxManifestBytes) throw invalid("answered with a manifest that is too large");
  const payload = await answer.bytes(maxManifestBytes);
  return { ...describe(answer), size: payload.length, payload };
}

/** The blob, or its part, that an answer brings, `asked` being the offset that was asked for. */
export function openBlob(answer: Answer, asked: number): OpenBlob {
  const described = { ...describe(answer), etag: strongEtag(answer) };
  if (answer.status === 200) return { ...described, offset: 0, body: answer.stream() };
  const part = partOf(answer);
  if (part?.first !== asked) {
    answer.abandon();
    throw failure("invalid", answer.upstream, "answered with another part than it was asked for");
  }
  return { ...described, size: part.size, offset: asked, body: answer.stream() };
}
