import type { BlobContent, ByteSource, CacheStatus, PulledBlob } from "./contract.ts";
import type { Wanted } from "./flight.ts";
import { collect, smallBytes } from "./verifying.ts";

/** An answer, and what it is about. */
export interface Answer extends PulledBlob {
  wanted: Wanted;
}

export function answer(
  wanted: Wanted,
  status: CacheStatus,
  contentType: string,
  content: BlobContent,
  { age = 0, reason }: { age?: number; reason?: string } = {},
): Answer {
  const { upstream, repository } = wanted;
  const source = { upstreamId: upstream.id, repository };
  const explanation = { status, upstream: upstream.name, age, source, ...(reason && { reason }) };
  return { wanted, digest: wanted.digest, contentType, content, explanation };
}

/** Bytes on their way; small ones are verified before anything is said of them. */
export async function arrivingWhole(
  source: ByteSource,
  size: number | undefined,
): Promise<BlobContent> {
  if (size === undefined || size > smallBytes) return { kind: "source", source };
  return { kind: "bytes", bytes: await collect(source) };
}
