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

/** The blob, or its part, that an answer brings, `offset` and `last` being what was asked for. */
export function openBlob(answer: Answer, offset: number, last: number | undefined): OpenBlob {
  const described = { ...describe(answer), etag: strongEtag(answer) };
  if (answer.status === 200 && last === undefined) {
    return { ...described, offset: 0, body: answer.stream() };
  }
  const part = answer.status === 206 ? partOf(answer) : undefined;
  if (part?.first !== offset || !isOfLength(answer, part, last)) {
    answer.abandon();
    throw failure("invalid", answer.upstream, "answered with another part than it was asked for");
  }
  return { ...described, size: part.size, offset, body: answer.stream() };
}

/** Whether a part ends where it was to end, as far as its head says. */
function isOfLength(
  answer: Answer,
  part: { first: number; last: number },
  last: number | undefined,
): boolean {
  if (last === undefined) return true;
  const length = last - part.first + 1;
  return part.last === last && (announcedSize(answer) ?? length) === length;
}
